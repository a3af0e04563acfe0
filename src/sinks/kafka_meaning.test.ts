import { MultipleErrors, NetworkError, ProtocolError, ResponseError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { kafkaProblem } from "./kafka_meaning.ts";

const PARTITION = "/responses/0/partition_responses/0";

/** A Produce answer as the library rejects it: what a broker says of a record comes before what it says of the batch. */
function answer(code: number, records: readonly number[] = [], words: string | null = "no key"): Error {
  const recordErrors = records.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: words }));
  const response = { responses: [{ partitionResponses: [{ recordErrors }] }] };
  const said = words === null ? [] : records.map((_, at) => [`${PARTITION}/record_errors/${at}`, [-1, words]]);
  const errors = Object.fromEntries([...said, [PARTITION, [code, null]]]);
  return new ResponseError(0, 11, errors, response as never);
}

describe("what a broker answers", () => {
  test.each([
    [10, "refused", "events_refused", /^Kafka takes no event that long .*\(t:0: MESSAGE_TOO_LARGE\)\.$/],
    [87, "refused", "events_refused", /INVALID_RECORD/],
    [45, "newProducer", "output_busy", /OUT_OF_ORDER_SEQUENCE_NUMBER/],
    [59, "newProducer", "output_busy", /UNKNOWN_PRODUCER_ID/],
    [46, "stored", "internal", /DUPLICATE_SEQUENCE_NUMBER/],
    [6, "newLeader", "output_busy", /another leader/],
    [3, "newLeader", "output_refused", /Create the topic/],
    [19, "again", "output_busy", /min\.insync\.replicas/],
    [29, "again", "output_refused", /Describe and Write/],
    [58, "again", "output_refused", /username, password/],
    [-1, "newLeader", "output_busy", /a failure of its own \(t:0: UNKNOWN_SERVER_ERROR\)/],
  ] as const)("%i: %s", (code, step, error, words) => {
    const problem = kafkaProblem("t:0", answer(code));
    expect(problem).toMatchObject({ step, error: { code: error } });
    expect(problem.error.text).toMatch(words);
  });

  test("may say which records it refuses", () => {
    for (const words of ["no key", null]) {
      const problem = kafkaProblem("t:0", answer(87, [2, 5], words));
      expect(problem).toMatchObject({ step: "refused", id: "INVALID_RECORD", records: [2, 5] });
    }
    expect(kafkaProblem("t:0", answer(87)).records).toEqual([]);
    expect(kafkaProblem("t:0", new ProtocolError(87)).records).toEqual([]);
  });
});

describe("what keeps a broker from answering", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const connecting = (cause: Error) => new NetworkError("Connection to b1:9092 failed.", { cause });
  test.each([
    [new MultipleErrors("Cannot connect to any broker.", [connecting(refused)]), "b1:9092: the connection was refused"],
    [
      connecting(Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" })),
      "b1:9092: the host's certificate has expired",
    ],
    [new NetworkError("Connection closed"), "h1:1, h2:2: the connection was cut"],
    [new NetworkError("Request timed out"), "h1:1, h2:2: no answer in time"],
    [new NetworkError(`Connection to ${"x".repeat(30_000)}:9092 failed.`, { cause: refused }), "h1:1, h2:2: the conn"],
    [new NetworkError("Connection to \u001b[2J:9092 failed.", { cause: refused }), "h1:1, h2:2: the connection was"],
    [new TypeError("absurd"), "h1:1, h2:2: absurd"],
    ["not even an error", "h1:1, h2:2: not even an error"],
  ])("%s", (error, words) => {
    const problem = kafkaProblem("t:0", error, ["h1:1", "h2:2"]);
    expect(problem.error.text).toContain(`Kafka can't be reached: No answer from ${words}`);
    expect([problem.step, problem.id]).toEqual(["newLeader", undefined]);
  });

  test.each([
    ["ECONNREFUSED", "output_unreachable", /advertised\.listeners/],
    ["ECONNRESET", "output_unreachable", /A listener for TLS needs ssl/],
    ["ENOTFOUND", "output_unreachable", /DNS/],
    ["CERT_HAS_EXPIRED", "tls_refused", /clock/],
  ])("%s says what to do", (code, kept, cure) => {
    const { error } = kafkaProblem("t:0", connecting(Object.assign(new Error("x"), { code })));
    expect([error.code, error.cure]).toEqual([kept, expect.stringMatching(cure)]);
  });

  test("an error whose causes have no end, or go round, is read to an end", () => {
    const round = new Error("round");
    round.cause = round;
    expect(kafkaProblem("t:0", round)).toMatchObject({ step: "newLeader", id: undefined });
  });
});
