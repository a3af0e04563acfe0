import { describe, expect, test } from "vitest";
import { EventBytes } from "../core/event_bytes.ts";
import { writeBulkBody } from "./bulk_body.ts";
import { bulkVerdict } from "./bulk_verdict.ts";
import { anEvent } from "./sink.contract.ts";

const item = (status: number, type?: string, reason?: string) => ({
  create: { status, ...(type === undefined ? {} : { error: { type, reason } }) },
});

describe("bulkVerdict of items", () => {
  test.each([
    ["created", item(201), "created"],
    ["there already", item(409, "version_conflict_engine_exception", "document already exists"), "existing"],
    ["does not fit the mapping", item(400, "document_parsing_exception", "failed to parse field [a]"), "refused"],
    ["queue full", item(429, "es_rejected_execution_exception", "rejected"), "retry"],
    ["no shard", item(503, "unavailable_shards_exception", "primary shard is not active"), "retry"],
    ["pipeline missing", item(400, "illegal_argument_exception", "pipeline with id [x-1] does not exist"), "retry"],
    ["template missing", item(404, "index_not_found_exception", "no such index"), "retry"],
    ["key may not write here", item(403, "security_exception", "action is unauthorized"), "retry"],
    ["no shards left", item(400, "validation_exception", "this action would add [2] shards, but …"), "retry"],
    ["index closed", item(400, "index_closed_exception", "closed"), "retry"],
    ["disk full", item(403, "cluster_block_exception", "index blocked by: read-only"), "retry"],
    ["another illegal argument", item(400, "illegal_argument_exception", "field name is blank"), "refused"],
  ])("%s", (_, answered, fate) => {
    const verdict = bulkVerdict({ status: 200, body: { errors: true, items: [answered] } }, 1);
    expect({
      created: verdict.created,
      existing: verdict.existing,
      refused: verdict.refused.length,
      retry: verdict.retry.length,
    }).toEqual({ created: 0, existing: 0, refused: 0, retry: 0, [fate]: 1 });
    expect(verdict.problem !== undefined).toBe(fate === "retry");
  });

  test("each item has its own fate, found by its position", () => {
    const items = [item(201), item(400, "document_parsing_exception", "bad"), item(429, "busy", "busy"), item(409)];
    const verdict = bulkVerdict({ status: 200, body: { errors: true, items } }, 4);
    expect(verdict).toMatchObject({ created: 1, existing: 1, retry: [2] });
    expect(verdict.refused).toEqual([{ at: 1, type: "document_parsing_exception", reason: "bad" }]);
  });
});

describe("bulkVerdict of the request", () => {
  test.each([
    [401, "output_refused", "api_key"],
    [403, "output_refused", "create_doc"],
    [404, "output_refused", "hosts"],
    [413, "output_busy", undefined],
    [429, "output_busy", undefined],
    [500, "output_unreachable", undefined],
    [503, "output_unreachable", undefined],
  ])("status %i keeps every event", (status, code, cure) => {
    const verdict = bulkVerdict({ status, body: { error: { reason: "because" } } }, 3);
    expect(verdict.retry).toEqual([0, 1, 2]);
    expect(verdict.tooLarge).toBe(status === 413);
    expect(verdict.problem?.code).toBe(code);
    expect(verdict.problem?.message).toContain("because");
    if (cure !== undefined) {
      expect(verdict.problem?.cure).toContain(cure);
    }
  });

  test.each([
    ["HTML", "<html>login</html>"],
    ["fewer items", { errors: false, items: [item(201)] }],
    ["items without status", { items: [{ create: {} }, { create: {} }] }],
    ["nothing", null],
  ])("a success that is %s is no success", (_, body) => {
    const verdict = bulkVerdict({ status: 200, body }, 2);
    expect(verdict).toMatchObject({ created: 0, retry: [0, 1], unsure: true });
    expect(verdict.problem?.code).toBe("answer_unreadable");
  });

  test.each([
    [429, false],
    [500, true],
    [502, true],
    [503, false],
    [504, true],
  ])("after status %i, that events may have been stored is %s", (status, unsure) => {
    expect(bulkVerdict({ status, body: {} }, 2)).toMatchObject({ retry: [0, 1], unsure });
  });
});

test.each([
  [200, "answer_unreadable", "Elasticsearch's answer to a bulk request is a web page."],
  [403, "output_refused", "Elasticsearch does not allow this key to write (status 403, a web page)."],
  [502, "output_unreachable", "Elasticsearch failed (status 502, a web page)."],
])("a page in place of an answer, with status %i, points to what lies between", (status, code, message) => {
  const { problem, retry } = bulkVerdict({ status, body: "<!doctype html><title>Sign in</title>" }, 2);
  expect(retry).toEqual([0, 1]);
  expect(problem).toMatchObject({ code, message, cure: expect.stringMatching(/^A page in place.*proxy_url/) });
});

test("writeBulkBody writes an action and a document a line", () => {
  const events = [anEvent("logs-x-default", "a"), anEvent("logs-y-default", "b")];
  const body = new EventBytes();
  body.text("left over");
  writeBulkBody(events, body);
  const lines = body.bytes.toString("utf8").split("\n");
  expect(lines).toHaveLength(5);
  expect(JSON.parse(lines[0] ?? "")).toEqual({ create: { _index: "logs-x-default", _id: "a" } });
  expect(lines[3]).toBe(events[1]?.json);
  expect(lines[4]).toBe("");
});

test("a blocked index is not put down to a full disk alone", () => {
  const error = {
    type: "cluster_block_exception",
    reason: "index [a] blocked by: [FORBIDDEN/5/index read-only (api)];",
  };
  const { problem } = bulkVerdict(
    { status: 200, body: { errors: true, items: [{ create: { status: 403, error } }] } },
    1,
  );
  expect(problem?.cure).toMatch(
    /^If a disk is full, .* otherwise take index\.blocks\.write .* out of the index's settings\.$/,
  );
});
