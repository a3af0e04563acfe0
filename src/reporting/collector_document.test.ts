import { describe, expect, test } from "vitest";
import { file, HOUR, lost, NOW, source } from "./collected_source.fixture.ts";
import { type CollectorContext, collectorDocument } from "./collector_document.ts";
import type { Fact } from "./facts.ts";
import { eventOfFact } from "./facts.ts";
import { apiBudgetEvent } from "./state_events.ts";

describe("documents", () => {
  const context: CollectorContext = {
    inputId: "input-1",
    dataStream: { type: "logs", dataset: "aquila_salesforce.collector", namespace: "default" },
    organizationName: "Acme",
    organization: { organizationId: "00D1", instanceUrl: "https://acme.my.salesforce.com" },
    agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
  };
  const written = (fact: Fact, now = NOW, more: Partial<CollectorContext> = {}) => {
    const event = eventOfFact(fact, source, now, now - 1_500);
    if (event === undefined) {
      throw new Error(`${fact.fact} gives no event`);
    }
    const { index, id, json } = collectorDocument(event, { ...context, ...more });
    return { index, id, document: JSON.parse(json), json };
  };
  const done: Fact = { fact: "file_done", file, rows: 4, rejected: 0, newestEvent: undefined };

  test("go to the namespace of their stream and carry its tags", () => {
    const { index, id, document, json } = written(done);
    expect(index).toBe("logs-aquila_salesforce.collector-sales");
    expect(json).toContain(`"event":{"id":"${id}"`);
    expect(document).toMatchObject({
      "@timestamp": "2026-07-20T12:00:00.000Z",
      event: { code: "file_collected", provider: "EventLogFile", duration: 1_500_000_000 },
      data_stream: { dataset: "aquila_salesforce.collector", namespace: "sales" },
      organization: { id: "00D1", name: "Acme" },
      salesforce: {
        instance_url: "https://acme.my.salesforce.com",
        collector: { dataset: "aquila_salesforce.login", stream: "login-1", source: "EventLogFile" },
        collection: { interval: "hourly", file: { id: "0AT1", log_date: "2026-07-20T08:00:00.000Z", sequence: 1 } },
      },
      tags: ["crown-jewels"],
    });
  });

  test("about the whole org go to the input's namespace", () => {
    const api = { used: 1, allocation: 10, share: 2, calls: 1, forecast: { calls: 1, used: 1 } };
    const { index, json } = collectorDocument(apiBudgetEvent("input-1", api, NOW), {
      ...context,
      organization: undefined,
    });
    expect(index).toBe("logs-aquila_salesforce.collector-default");
    expect(JSON.parse(json)).toMatchObject({ organization: { name: "Acme" }, tags: ["forwarded"] });
  });

  test.each<[string, Fact, Fact, number, boolean]>([
    ["a file", done, done, HOUR, true],
    ["a file of another length", done, { ...done, file: { ...file, length: 901 } }, 0, false],
    [
      "another attempt at a file",
      { fact: "file_failed", file, error: lost, attempt: 1 },
      { fact: "file_failed", file, error: lost, attempt: 1 },
      HOUR,
      false,
    ],
    [
      "the same columns",
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      HOUR,
      true,
    ],
    [
      "another column",
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      { fact: "unknown_columns", eventType: "Login", columns: ["B"] },
      0,
      false,
    ],
    ["no hourly files on the same day", { fact: "no_hourly_files" }, { fact: "no_hourly_files" }, HOUR, true],
    ["no hourly files on another day", { fact: "no_hourly_files" }, { fact: "no_hourly_files" }, 24 * HOUR, false],
  ])("told again of %s later have the same identity or not", (_, one, other, later, same) => {
    expect(written(one).id === written(other, NOW + later).id).toBe(same);
  });

  test("of two orgs have two identities", () => {
    expect(written(done).id).not.toBe(written(done, NOW, { inputId: "input-2" }).id);
  });
});
