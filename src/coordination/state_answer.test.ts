import { expect, test } from "vitest";
import { readDocuments, readFound, readWrites, requireMade, stateProblem } from "./state_answer.ts";

const INDEX = "aquila-salesforce-state";
const error = (type: string, reason = "because") => ({ error: { type, reason } });

test.each([
  [401, {}, "shared_state_refused", "giveUp"],
  [403, error("security_exception"), "shared_state_refused", "giveUp"],
  [404, "<html>", "shared_state_refused", "giveUp"],
  [400, error("mapper_parsing_exception"), "shared_state_refused", "giveUp"],
  [413, {}, "shared_state_refused", "retry"],
  [429, error("es_rejected_execution_exception"), "shared_state_unreachable", "retry"],
  [503, error("cluster_block_exception"), "shared_state_unreachable", "retry"],
  [502, "<html>", "shared_state_unreachable", "retry"],
  [302, "", "shared_state_refused", "giveUp"],
])("status %i with %o means %s", (status, body, code, next) => {
  const problem = stateProblem(INDEX, { status, body });
  expect(problem).toMatchObject({ code, next: { do: next } });
  expect(problem.message).toContain(`${status}`);
});

const block = (what: string) => error("cluster_block_exception", `index [${INDEX}] blocked by: [${what}];`);

test.each([
  [429, block("TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"), /make room/],
  [403, block("FORBIDDEN/8/index write (api)"), /read-only|blocks/],
  [403, block("FORBIDDEN/5/index read-only (api)"), /read-only|blocks/],
  [400, error("index_closed_exception", "closed"), /[Oo]pen the index/],
])(
  "status %i of an index that takes nothing now is tried again, and its cure is not a right of the key: %o",
  (status, body, cure) => {
    expect(stateProblem(INDEX, { status, body })).toMatchObject({
      code: "shared_state_unreachable",
      next: { do: "retry" },
      cure: expect.stringMatching(cure),
    });
    const one = { status: 200, body: { items: [{ index: { _id: "a", status, ...body } }] } };
    expect(() => readWrites(INDEX, one, ["a"])).toThrow(expect.objectContaining({ cure: expect.stringMatching(cure) }));
  },
);

test("an index that is there already is as good as one that was made", () => {
  requireMade(INDEX, { status: 200, body: { acknowledged: true } });
  requireMade(INDEX, { status: 400, body: error("resource_already_exists_exception") });
  expect(() => requireMade(INDEX, { status: 400, body: error("illegal_argument_exception") })).toThrow(/refused/);
  expect(() => requireMade(INDEX, { status: 403, body: error("security_exception") })).toThrow(/does not allow/);
});

const there = { _id: "a", found: true, _seq_no: 7, _primary_term: 1, _source: { term: 2 } };
const absent = { _id: "b", found: false };
const docs = (...all: object[]) => ({ status: 200, body: { docs: all } });

test("documents are read by their ids, with their versions", () => {
  const version = { seqNo: 7, primaryTerm: 1 };
  expect(readDocuments(INDEX, docs(there, absent), ["a", "b"])).toEqual(
    new Map([["a", { value: { term: 2 }, version }]]),
  );
});

test.each([
  ["an item says so", docs({ _id: "a", ...error("index_not_found_exception") })],
  ["the whole answer says so", { status: 404, body: error("index_not_found_exception") }],
])("there is no index: %s", (_how, answer) => {
  expect(readDocuments(INDEX, answer, ["a"])).toBeUndefined();
});

test.each([
  ["a web page", { status: 200, body: "<html></html>" }],
  ["a 404 of something else", { status: 404, body: "not found" }],
  ["nothing", { status: 200, body: undefined }],
  ["fewer documents than ids", docs()],
  ["another document", docs({ ...there, _id: "c" })],
  ["the same one twice", docs(there, there)],
  ["no version", docs({ _id: "a", found: true, _source: {} })],
  ["a version that is none", docs({ ...there, _seq_no: -2 })],
  ["a version that no number holds", docs({ ...there, _seq_no: 1e300 })],
  ["an error", docs({ _id: "a", ...error("no_shard_available_action_exception") })],
  ["a failure", { status: 503, body: {} }],
])("what may be there never passes for absent: %s", (_what, answer) => {
  expect(() => readDocuments(INDEX, answer, ["a"])).toThrow(/state in aquila-salesforce-state/);
});

const item = (status: number, more: object = {}) => ({ index: { _id: "a", status, ...more } });
const bulk = (...items: object[]) => ({ status: 200, body: { errors: true, items } });
const done = { _seq_no: 8, _primary_term: 1 };

test.each([
  ["written", item(200, done), { seqNo: 8, primaryTerm: 1 }],
  ["made", item(201, done), { seqNo: 8, primaryTerm: 1 }],
  ["another was first", item(409, error("version_conflict_engine_exception")), undefined],
  ["nothing to take away", item(404), undefined],
])("of one write: %s", (_what, one, outcome) => {
  expect(readWrites(INDEX, bulk(one), ["a"])).toEqual([outcome]);
});

test.each([
  ["refused", bulk(item(400, error("document_parsing_exception")))],
  ["not allowed", bulk(item(403, error("security_exception")))],
  ["busy", bulk(item(429, error("es_rejected_execution_exception")))],
  ["no shard", bulk(item(503, error("unavailable_shards_exception")))],
  ["done, without a version", bulk(item(200))],
  ["another document", bulk(item(200, { ...done, _id: "b" }))],
  ["fewer items than writes", bulk()],
  ["a web page", { status: 200, body: "<html></html>" }],
])("what is not known to be written throws: %s", (_what, answer) => {
  expect(() => readWrites(INDEX, answer, ["a"])).toThrow(expect.objectContaining({ name: "RunnerError" }));
});

const found = (...hits: object[]) => ({ status: 200, body: { hits: { hits } } });
const cursors = { _id: "00D|login", _source: { org: "00D", source: "login" } };

test("a search finds documents of cursors, and none where there is no index", () => {
  expect(readFound(INDEX, found(cursors))).toEqual([{ id: "00D|login", org: "00D", source: "login" }]);
  expect(readFound(INDEX, found())).toEqual([]);
  expect(readFound(INDEX, { status: 404, body: error("index_not_found_exception") })).toEqual([]);
});

test.each([
  ["a page of something else", { status: 404, body: "<html></html>" }],
  ["nothing of that path", { status: 404, body: {} }],
  ["not allowed", { status: 403, body: error("security_exception") }],
  ["no shard", { status: 503, body: error("search_phase_execution_exception") }],
  ["a success without hits", { status: 200, body: {} }],
  ["a document of another shape", found(cursors, { _id: "x", _source: { org: 7 } })],
])("what can't be searched is never taken for nothing: %s", (_what, answer) => {
  expect(() => readFound(INDEX, answer)).toThrow(expect.objectContaining({ name: "RunnerError" }));
});
