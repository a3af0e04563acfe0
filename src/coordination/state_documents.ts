/** Where a document stands: Elasticsearch's `_seq_no` and `_primary_term` of its last write. */
export interface Version {
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** A document as it was read. Who wrote it is not known: its value is anything. */
export interface VersionedDocument {
  readonly value: unknown;
  readonly version: Version;
}

/** A document's next value, for the case that it still is as it was `expected`; `undefined` where it must not be there yet. */
export interface DocumentWrite {
  readonly id: string;
  /** `undefined` takes it away. */
  readonly value: object | undefined;
  readonly expected: Version | undefined;
}

/**
 * Documents that several hosts share. Each is written by compare-and-set, so that of two who have read the same one only one
 * succeeds.
 *
 * Errors: a call rejects with `shared_state_unreachable` or `shared_state_refused` if there was no answer, or none that can be used; of
 * each write it is unknown then whether it was done, or will be.
 */
export interface StateDocuments {
  /** The present values, of writes that are done included; ids without a document are left out. */
  read(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, VersionedDocument>>;
  /** In the order of the writes: the new version, or `undefined` where the document was not as expected. They stand by themselves. */
  write(writes: readonly DocumentWrite[], signal?: AbortSignal): Promise<readonly (Version | undefined)[]>;
}
