/**
 * Frames of Lumberjack version 2, the protocol of Logstash's inputs `beats` and `elastic_agent`: whole numbers have 32 bits, big
 * endian. Source: PROTOCOL.md of logstash-plugins/logstash-input-beats.
 */
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { queueDocumentLength, type Sender, writeQueueDocument } from "./queue_document.ts";

const VERSION = "2".charCodeAt(0);
const ACKNOWLEDGEMENT = "A".charCodeAt(0);
/** Version, kind, sequence and length of a document's frame. */
const DOCUMENT_HEAD = 10;
const ANSWER_BYTES = 6;

/** `2W`: how many documents follow before an answer is expected. */
export function windowFrame(documents: number): Buffer {
  return headed("2W", documents);
}

/** The head of `2C`: so many bytes of zlib, which hold frames, follow. */
export function compressedHead(bytes: number): Buffer {
  return headed("2C", bytes);
}

function headed(kind: string, number: number): Buffer {
  const frame = Buffer.alloc(ANSWER_BYTES, kind, "latin1");
  frame.writeUInt32BE(number, 2);
  return frame;
}

/** A `2J` frame for each event, with the sequences from 1 on. */
export function writeDocumentFrames(events: readonly SourceEvent[], sender: Sender, to: EventBytes): void {
  events.forEach((event, at) => {
    const start = to.length;
    to.text("2J\0\0\0\0\0\0\0\0");
    writeQueueDocument(event, sender, to);
    to.bytes.writeUInt32BE(at + 1, start + 2);
    to.bytes.writeUInt32BE(to.length - start - DOCUMENT_HEAD, start + 6);
  });
}

/** Bytes that the frames take at most. */
export function documentFramesLength(events: readonly SourceEvent[], sender: Sender): number {
  return events.reduce((sum, event) => sum + DOCUMENT_HEAD + queueDocumentLength(event, sender), 0);
}

/** Reads answers, `2A` and a sequence, out of whatever pieces they come in. */
export class AnswerReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The sequences that have come whole. Throws `answer_unreadable` for what is no answer. */
  read(piece: Uint8Array): number[] {
    const bytes = Buffer.concat([this.#rest, piece]);
    const sequences: number[] = [];
    let at = 0;
    for (; bytes.length - at >= ANSWER_BYTES; at += ANSWER_BYTES) {
      sequences.push(this.#sequence(bytes, at));
    }
    if (bytes.length > at) {
      this.#expectStart(bytes, at);
    }
    this.#rest = bytes.subarray(at);
    return sequences;
  }

  #sequence(bytes: Buffer, at: number): number {
    this.#expectStart(bytes, at);
    return bytes.readUInt32BE(at + 2);
  }

  #expectStart(bytes: Buffer, at: number): void {
    if (bytes[at] !== VERSION || (bytes.length > at + 1 && bytes[at + 1] !== ACKNOWLEDGEMENT)) {
      throw unreadable("its answer is not that of the Lumberjack protocol");
    }
  }
}

export function unreadable(what: string): RunnerError {
  return new RunnerError("answer_unreadable", `No acknowledgement from Logstash: ${what}.`, {
    next: RETRY,
    cure: "Check that the output's hosts lead to Logstash's elastic_agent or beats input.",
  });
}
