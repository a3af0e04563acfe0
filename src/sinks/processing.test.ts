import { beforeAll, describe, expect, test, vi } from "vitest";
import type { SourceEvent } from "../core/event.ts";
import { readProcessors } from "../processing/processors.ts";
import { prepareRegularExpressions } from "../processing/regular_expression.ts";
import { createProcessingSink } from "./processing.ts";
import { anEvent } from "./sink.contract.ts";
import type { Sink } from "./sink.ts";

beforeAll(() => prepareRegularExpressions("regexp"));

const never = new AbortController().signal;

/** A sink that keeps what it is given. */
class KeepingSink implements Sink {
  readonly kept: SourceEvent[] = [];
  closed = 0;

  async deliver(events: readonly SourceEvent[]) {
    this.kept.push(...events);
    return { created: events.length, existing: 0, refused: [] };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function documentOf(fields: object): SourceEvent {
  return anEvent("logs-aquila_salesforce.login-default", "id-1", fields);
}

/** The document after the processors; undefined if they drop the event. */
async function processed(fields: object, ...blocks: readonly unknown[]): Promise<Record<string, unknown> | undefined> {
  const { processors, findings } = readProcessors(blocks);
  expect(findings).toEqual([]);
  const inner = new KeepingSink();
  await createProcessingSink(inner, processors).deliver([documentOf(fields)], never);
  const [event] = inner.kept;
  if (event === undefined) {
    return undefined;
  }
  expect(event).toMatchObject({ id: "id-1", index: "logs-aquila_salesforce.login-default" });
  const { "@timestamp": time, event: about, ...rest } = JSON.parse(event.json);
  expect(time).toBeTruthy();
  expect(about).toMatchObject({ id: "id-1" });
  return rest;
}

const USER = { user: { id: "005", name: "elastic@acme.com" }, tags: ["forwarded"], run_time: 7, ip: "10.1.2.3" };

describe("processors change documents", () => {
  const cases: ReadonlyArray<readonly [string, unknown, object]> = [
    ["add fields", { add_fields: { target: "labels", fields: { team: "soc" } } }, { labels: { team: "soc" } }],
    ["merge", { add_fields: { target: "user", fields: { id: "1" } } }, { user: { id: "1", name: "elastic@acme.com" } }],
    ["add tags once", { add_tags: { tags: ["a", "forwarded"] } }, { tags: ["forwarded", "a"] }],
    ["add tags elsewhere", { add_tags: { tags: ["a"], target: "labels.kinds" } }, { labels: { kinds: ["a"] } }],
  ];
  test.each(cases)("%s", async (_name, block, expected) => {
    expect(await processed(USER, block)).toEqual({ ...USER, ...expected });
  });

  test("drop fields by name and by pattern, never those that tell events apart", async () => {
    expect(await processed(USER, { drop_fields: { fields: ["user.id", "user.name", "none"] } })).not.toHaveProperty(
      "user",
    );
    expect(await processed(USER, { drop_fields: { fields: ["/./"] } })).toEqual({});
  });

  test("one after the other", async () => {
    const blocks = [{ add_tags: { tags: ["vip"] } }, { drop_event: { when: { contains: { tags: "vip" } } } }];
    expect(await processed(USER, ...blocks)).toBeUndefined();
  });
});

describe("conditions", () => {
  const cases: ReadonlyArray<readonly [unknown, boolean]> = [
    [{ equals: { "user.id": "005" } }, true],
    [{ equals: { "user.id": "005", run_time: 8 } }, false],
    [{ equals: { run_time: 7 } }, true],
    [{ contains: { "user.name": "@acme" } }, true],
    [{ contains: { tags: "forward" } }, true],
    [{ contains: { "user.none": "a" } }, false],
    [{ regexp: { "user.name": "^[a-z]+@acme\\.com$" } }, true],
    [{ regexp: { run_time: "7" } }, false],
    [{ range: { run_time: { gt: 6, lte: 7 } } }, true],
    [{ range: { "run_time.lt": 7 } }, false],
    [{ network: { ip: "private" } }, true],
    [{ network: { ip: ["192.168.0.0/16", "::1/128"] } }, false],
    [{ network: { "user.name": "private" } }, false],
    [{ has_fields: ["user.id", "tags"] }, true],
    [{ has_fields: ["user.id", "user.email"] }, false],
    [{ or: [{ has_fields: ["none"] }, { equals: { ip: "10.1.2.3" } }] }, true],
    [{ and: [{ has_fields: ["none"] }, { equals: { ip: "10.1.2.3" } }] }, false],
    [{ not: { has_fields: ["none"] } }, true],
  ];
  test.each(cases)("%j: %s", async (when, holds) => {
    expect(await processed(USER, { drop_event: { when } })).toEqual(holds ? undefined : USER);
  });
});

test("without processors no event is parsed", async () => {
  const inner = new KeepingSink();
  expect(createProcessingSink(inner, [])).toBe(inner);
});

test("a batch whose events are all dropped is acknowledged and not sent", async () => {
  const inner = new KeepingSink();
  const deliver = vi.spyOn(inner, "deliver");
  const sink = createProcessingSink(inner, readProcessors([{ drop_event: {} }]).processors);
  expect(await sink.deliver([documentOf({}), documentOf({})], never)).toEqual({ created: 0, existing: 0, refused: [] });
  expect(deliver).not.toHaveBeenCalled();
  await sink.close();
  expect(inner.closed).toBe(0);
});
