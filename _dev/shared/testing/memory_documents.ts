import type {
  DocumentWrite,
  StateDocuments,
  Version,
  VersionedDocument,
} from "../../../src/coordination/state_documents.ts";
import { RETRY, RunnerError } from "../../../src/core/errors.ts";

/** Documents that hosts share, in memory, for tests. */
export class MemoryDocuments implements StateDocuments {
  readonly #documents = new Map<string, VersionedDocument>();
  #seqNo = 0;
  /** Whether nobody answers. */
  isAway = false;
  /** Documents written so far. */
  written = 0;
  /** Requests so far. */
  requests = 0;

  async read(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, VersionedDocument>> {
    await this.#answer(signal);
    return new Map(
      ids.flatMap((id) => {
        const document = this.#documents.get(id);
        return document === undefined ? [] : [[id, structuredClone(document)] as const];
      }),
    );
  }

  async write(writes: readonly DocumentWrite[], signal?: AbortSignal): Promise<readonly (Version | undefined)[]> {
    await this.#answer(signal);
    return writes.map(({ id, value, expected }) => {
      if (this.#documents.get(id)?.version.seqNo !== expected?.seqNo) {
        return undefined;
      }
      this.written += 1;
      return value === undefined ? this.delete(id) : this.put(id, value);
    });
  }

  value(id: string): unknown {
    return this.#documents.get(id)?.value;
  }

  /** Writes whatever is there, as somebody else would. */
  put(id: string, value: object): Version {
    this.#seqNo += 1;
    const version = { seqNo: this.#seqNo, primaryTerm: 1 };
    // As Elasticsearch keeps it: as JSON.
    this.#documents.set(id, { value: JSON.parse(JSON.stringify(value)), version });
    return version;
  }

  delete(id: string): Version {
    this.#seqNo += 1;
    this.#documents.delete(id);
    return { seqNo: this.#seqNo, primaryTerm: 1 };
  }

  async #answer(signal: AbortSignal | undefined): Promise<void> {
    this.requests += 1;
    await Promise.resolve();
    signal?.throwIfAborted();
    if (this.isAway) {
      throw new RunnerError("shared_state_unreachable", "Nobody answers.", { next: RETRY });
    }
  }
}
