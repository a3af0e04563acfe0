/** What a machine lacks for a local Elasticsearch. */
export type MissingPart = "java" | "maven" | "unpacker" | "distribution" | "node";

/** A local Elasticsearch can't be had on this machine. The message says what is missing and how to get it. */
export class ElasticsearchUnavailable extends Error {
  override readonly name = "ElasticsearchUnavailable";
  readonly missing: MissingPart;

  constructor(missing: MissingPart, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.missing = missing;
  }
}
