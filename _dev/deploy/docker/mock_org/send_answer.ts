import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import type { Answer } from "./answer.ts";
import type { Fault } from "./faults.ts";

/** A clean answer is sent under the fault that disturbs nothing. */
export type Disturbance = Pick<Fault, "shortBy" | "withoutContentLength" | "cutAfterBytes" | "stallAfterBytes">;

/**
 * Sends an answer. Compressed bodies go in chunks, as Salesforce sends them; others say their length. Resolves when the last byte has
 * been handed over, when the connection has been cut on purpose, or when the client has gone away.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  gzip: boolean,
  disturbance: Disturbance,
): Promise<void> {
  const { shortBy = 0, withoutContentLength = false, cutAfterBytes, stallAfterBytes } = disturbance;
  const length = Math.max(0, answer.body.length - shortBy);
  for (const [name, value] of Object.entries(answer.headers)) {
    response.setHeader(name, value);
  }
  if (gzip) {
    response.setHeader("content-encoding", "gzip");
    response.setHeader("vary", "Accept-Encoding");
  } else if (!withoutContentLength) {
    response.setHeader("content-length", length);
  }
  response.writeHead(answer.status);
  response.flushHeaders();
  const whole = answer.body.open();
  const source = shortBy > 0 ? Readable.from(firstBytes(whole, length), { objectMode: false }) : whole;
  const stopAt = cutAfterBytes ?? stallAfterBytes;
  try {
    if (stopAt !== undefined) {
      await stopMidway(source, response, gzip, stopAt, cutAfterBytes !== undefined);
    } else if (gzip) {
      await pipeline(source, fastGzip(), response);
    } else {
      await pipeline(source, response);
    }
  } catch (error) {
    if (!response.destroyed) {
      throw error;
    }
  } finally {
    whole.destroy();
  }
}

function fastGzip() {
  return createGzip({ level: constants.Z_BEST_SPEED });
}

/** Sends up to `stopAt` bytes, then cuts the connection or leaves it silent; a shorter body is sent whole. */
async function stopMidway(
  source: Readable,
  response: ServerResponse,
  gzip: boolean,
  stopAt: number,
  cut: boolean,
): Promise<void> {
  const chunks = gzip ? source.pipe(fastGzip()) : source;
  const stopped = await writeUpTo(chunks, response, stopAt);
  if (!stopped) {
    response.end();
  } else if (cut) {
    response.destroy();
  }
}

/** Writes the first bytes and waits until they have left this process. False when there were fewer. */
async function writeUpTo(chunks: AsyncIterable<Buffer>, response: ServerResponse, stopAt: number): Promise<boolean> {
  let written = 0;
  for await (const chunk of chunks) {
    const piece = chunk.subarray(0, stopAt - written);
    await new Promise<void>((resolve, reject) => {
      response.write(piece, (error) => (error === undefined || error === null ? resolve() : reject(error)));
    });
    written += piece.length;
    if (written >= stopAt) {
      return true;
    }
  }
  return false;
}

async function* firstBytes(source: Readable, length: number): AsyncGenerator<Buffer> {
  let left = length;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (left <= 0) {
      return;
    }
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}
