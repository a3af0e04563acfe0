import { Readable } from "node:stream";

/** What a route answers; the server turns it into HTTP (compression, length, the faults that cut it). */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** A body whose length in bytes is known before it is read. */
export interface Body {
  readonly length: number;
  open(): Readable;
}

/** A refusal in the manner of the REST API: `[{"message": …, "errorCode": …}]`. */
export class Refusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export function textBody(text: string): Body {
  const bytes = Buffer.from(text);
  return { length: bytes.length, open: () => Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }) };
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json;charset=UTF-8", ...headers },
    body: textBody(JSON.stringify(value)),
  };
}

/** The answer to a refused REST call. */
export function refused(refusal: Refusal): Answer {
  return json(refusal.status, [{ message: refusal.message, errorCode: refusal.errorCode }]);
}

export function notFound(): Refusal {
  return new Refusal(404, "NOT_FOUND", "The requested resource does not exist");
}
