import type { DocumentWrite, StateDocuments } from "../../../src/coordination/state_documents.ts";
import { MemoryDocuments } from "./memory_documents.ts";

/** Documents in memory whose calls a test sees, holds up, refuses, or has fail after they were done. */
export class WatchedDocuments implements StateDocuments {
  readonly stored = new MemoryDocuments();
  /** Each call's writes. */
  readonly requests: (readonly DocumentWrite[])[] = [];
  around: <T>(call: () => Promise<T>, kind: "read" | "write") => Promise<T> = (call) => call();

  read(ids: readonly string[]): ReturnType<StateDocuments["read"]> {
    return this.around(() => this.stored.read(ids), "read");
  }

  write(writes: readonly DocumentWrite[]): ReturnType<StateDocuments["write"]> {
    this.requests.push(writes);
    return this.around(() => this.stored.write(writes), "write");
  }
}
