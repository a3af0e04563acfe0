import type {
  DocumentWrite,
  StateDocuments,
  Version,
  VersionedDocument,
} from "../../../src/coordination/state_documents.ts";

/** Shared documents that end with the process, which tests look into and make fail. */
export interface MemoryDocuments extends StateDocuments {
  readonly stored: Map<string, VersionedDocument>;
  /** Each call's writes. */
  readonly requests: (readonly DocumentWrite[])[];
  /** Runs around each call, which it may refuse, hold up, or fail after it was done. */
  around: <T>(call: () => Promise<T>, kind: "read" | "write") => Promise<T>;
}

export function createMemoryDocuments(): MemoryDocuments {
  const stored = new Map<string, VersionedDocument>();
  let seqNo = 0;

  function written({ id, value, expected }: DocumentWrite): Version | undefined {
    const present = stored.get(id)?.version;
    if (present?.seqNo !== expected?.seqNo || present?.primaryTerm !== expected?.primaryTerm) {
      return undefined;
    }
    const version = { seqNo, primaryTerm: 1 };
    seqNo += 1;
    if (value === undefined) {
      stored.delete(id);
    } else {
      stored.set(id, { value: JSON.parse(JSON.stringify(value)), version });
    }
    return version;
  }

  const documents: MemoryDocuments = {
    stored,
    requests: [],
    around: (call) => call(),
    read: (ids) =>
      documents.around(
        async () =>
          new Map(
            ids.flatMap((id): [string, VersionedDocument][] => {
              const document = stored.get(id);
              return document === undefined ? [] : [[id, structuredClone(document)]];
            }),
          ),
        "read",
      ),
    write: (writes) => {
      documents.requests.push(writes);
      return documents.around(async () => writes.map(written), "write");
    },
  };
  return documents;
}
