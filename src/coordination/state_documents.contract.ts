import { beforeEach, expect, test } from "vitest";
import type { StateDocuments } from "./state_documents.ts";

/** What all shared documents do. `open` gives such without any. */
export function stateDocumentsContract(open: () => StateDocuments): void {
  let documents: StateDocuments;
  beforeEach(() => {
    documents = open();
  });

  test("are read at once, and written only by who knows the present version", async () => {
    expect(await documents.read(["00D|lease", "members"])).toEqual(new Map());
    const [first] = await documents.write([{ id: "00D|lease", value: { term: 1, note: "a" }, expected: undefined }]);
    const read = await documents.read(["members", "00D|lease"]);
    expect(read).toEqual(new Map([["00D|lease", { value: { term: 1, note: "a" }, version: first }]]));

    const next = { id: "00D|lease", value: { term: 2 }, expected: first };
    const [second, created] = await documents.write([next, { id: "members", value: {}, expected: undefined }]);
    expect(second?.seqNo).toBeGreaterThan(first?.seqNo ?? 0);
    expect(created).toBeDefined();
    const late = { id: "00D|lease", value: { term: 9 }, expected: first };
    expect(await documents.write([late, { id: "members", value: {}, expected: undefined }])).toEqual([
      undefined,
      undefined,
    ]);
    expect((await documents.read(["00D|lease"])).get("00D|lease")?.value).toEqual({ term: 2 });
  });

  test("one is taken away by who knows its version, and can be made again", async () => {
    const [first] = await documents.write([{ id: "a", value: { n: 1 }, expected: undefined }]);
    expect(await documents.write([{ id: "a", value: undefined, expected: first }])).toEqual([expect.anything()]);
    expect(await documents.read(["a"])).toEqual(new Map());
    expect(await documents.write([{ id: "a", value: { n: 2 }, expected: first }])).toEqual([undefined]);
    expect(await documents.write([{ id: "a", value: { n: 3 }, expected: undefined }])).toEqual([expect.anything()]);
  });
}
