/** Why one way to an Elasticsearch, or the last of them, is not open on this machine. */
export type MissingPart = "docker" | "archive" | "java" | "maven" | "unpacker" | "distribution" | "node";

/**
 * An Elasticsearch can't be had in one way, or in none. The message says what is missing in a few words, to be put together
 * with those of other ways; `cure` says how to get it.
 */
export class ElasticsearchUnavailable extends Error {
  override readonly name = "ElasticsearchUnavailable";
  readonly missing: MissingPart;
  readonly cure: string | undefined;

  constructor(
    missing: MissingPart,
    message: string,
    options: { readonly cure?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.missing = missing;
    this.cure = options.cure;
  }
}
