import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ElasticsearchUnavailable } from "./unavailable.ts";

/** Milliseconds without an answer, and without a further byte, after which a server is taken for dead. */
export interface Patience {
  readonly answer: number;
  readonly byte: number;
}

const PATIENCE: Patience = { answer: 5_000, byte: 30_000 };
const LONGEST_TEXT_BYTES = 4_096;

/** A file's first bytes as text, for what is known to be short. Throws ElasticsearchUnavailable. */
export async function downloadText(url: string, patience: Patience = PATIENCE): Promise<string> {
  const body = await answer(url, patience);
  let text = "";
  try {
    for await (const chunk of watched(body, url, patience)) {
      text += Buffer.from(chunk).toString("latin1");
      if (text.length > LONGEST_TEXT_BYTES) {
        throw unavailable(`${url} is no short text`);
      }
    }
  } catch (error) {
    throw asUnavailable(url, error);
  }
  return text;
}

/**
 * Brings a file and compares its SHA-512 in hexadecimal digits. Whatever goes wrong, nothing is left at `path`. Throws
 * ElasticsearchUnavailable.
 */
export async function download(
  url: string,
  path: string,
  sha512: string,
  patience: Patience = PATIENCE,
): Promise<void> {
  const hash = createHash("sha512");
  const hashed = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    const body = await answer(url, patience);
    await pipeline(watched(body, url, patience), hashed, createWriteStream(path));
    const found = hash.digest("hex");
    if (found !== sha512) {
      throw unavailable(`${url} has the SHA-512 ${found.slice(0, 12)}…, not ${sha512.slice(0, 12)}…`);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw asUnavailable(url, error);
  }
}

/** The digest of a file in hexadecimal digits. */
export async function digestOf(algorithm: "sha256" | "sha512", path: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}

async function answer(url: string, patience: Patience): Promise<Readable> {
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(new Error("no answer")), patience.answer);
  try {
    const response = await fetch(url, { signal: gone.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw unavailable(`${url} answers ${response.status}`);
    }
    return Readable.fromWeb(response.body as import("node:stream/web").ReadableStream);
  } catch (error) {
    throw asUnavailable(url, error);
  } finally {
    clearTimeout(timer);
  }
}

/** The chunks of a body that must not pause for too long. */
async function* watched(body: Readable, url: string, { byte }: Patience): AsyncGenerator<Buffer> {
  const late = () => body.destroy(unavailable(`${url} stopped in the middle`));
  let timer = setTimeout(late, byte);
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      yield chunk as Buffer;
      timer = setTimeout(late, byte);
    }
  } finally {
    clearTimeout(timer);
  }
}

function asUnavailable(url: string, error: unknown): ElasticsearchUnavailable {
  if (error instanceof ElasticsearchUnavailable) {
    return error;
  }
  const { code, cause, message } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  const reason = code ?? cause?.code ?? cause?.message ?? message;
  if (reason === "ENOSPC") {
    return unavailable("the disk is full", error);
  }
  return unavailable(`${new URL(url).host} can't be reached (${reason})`, error);
}

function unavailable(message: string, cause?: unknown): ElasticsearchUnavailable {
  return new ElasticsearchUnavailable("archive", message, {
    cure: "Name a mirror of Elastic's downloads by ELASTICSEARCH_MIRROR.",
    ...(cause === undefined ? {} : { cause }),
  });
}
