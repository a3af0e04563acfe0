import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  type FakeLogstash,
  startFakeLogstash,
  type WindowFate,
} from "../../_dev/shared/fake_logstash/fake_logstash.ts";
import { makeAuthority } from "../../_dev/shared/testing/certificates.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory } from "../core/memory.ts";
import { Secret } from "../core/secret.ts";
import { createLogstashSink, type LogstashOptions } from "./logstash.ts";
import { anEvent, sinkContract } from "./sink.contract.ts";
import type { Sink } from "./sink.ts";

const never = new AbortController().signal;
const INDEX = "logs-aquila_salesforce.login-default";
const fakes: FakeLogstash[] = [];
const sinks: Sink[] = [];
afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});

async function aLogstash(options: Parameters<typeof startFakeLogstash>[0] = {}): Promise<FakeLogstash> {
  const fake = await startFakeLogstash(options);
  fakes.push(fake);
  return fake;
}

/** Sleeps for no time at all, so that what is tried again is tried at once. */
const hurried = { ...systemClock, sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(0, signal) };

function aSink(hosts: readonly string[], more: Partial<LogstashOptions> = {}, memory = new Memory()) {
  const problems: (RunnerError | undefined)[] = [];
  const sink = createLogstashSink(
    {
      hosts,
      tls: undefined,
      loadBalance: false,
      workers: 1,
      pipelining: 2,
      bulkMaxSize: 2_048,
      compressionLevel: 3,
      timeout: 30_000,
      sender: { version: "1.2.3" },
      ...more,
    },
    (problem) => problems.push(problem),
    hurried,
    memory.share(),
  );
  sinks.push(sink);
  return { sink, problems, texts: () => problems.flatMap((problem) => problem?.text ?? []) };
}

const events = (count: number, prefix = "e") =>
  Array.from({ length: count }, (_, n) => anEvent(INDEX, `${prefix}${n}`));
const ids = ({ queue }: FakeLogstash) => queue.map((document) => document["@metadata"]._id);

describe.each([0, 3])("with compression level %i", (compressionLevel) => {
  sinkContract(
    async () => {
      const fake = await aLogstash();
      const { sink } = aSink([fake.host], { compressionLevel });
      return {
        sink,
        indexes: [INDEX, "logs-aquila_salesforce.apex-default"],
        async stored(index) {
          expect(fake.violations).toEqual([]);
          return fake.queue
            .filter(({ data_stream: stream }) => {
              const { type, dataset, namespace } = stream as Record<string, string>;
              return `${type}-${dataset}-${namespace}` === index;
            })
            .map((document) => document["@metadata"]._id)
            .toSorted();
        },
        async block() {
          fake.fate = () => ({ answers: [] });
        },
      };
    },
    { remembers: false },
  );

  test("frames are compressed, or not", async () => {
    const fake = await aLogstash();
    await aSink([fake.host], { compressionLevel }).sink.deliver(events(3), never);
    expect([fake.windows, fake.compressed]).toEqual([[3], compressionLevel === 0 ? 0 : 1]);
  });
});

describe("what Logstash says is bounded", () => {
  test("documents that it has acknowledged are not sent again when the connection breaks", async () => {
    const fake = await aLogstash();
    fake.fate = (window) => (window === 1 ? { queued: 7, answers: [3, 7], cut: true } : {});
    const { sink, texts } = aSink([fake.host]);
    expect(await sink.deliver(events(20), never)).toEqual({ created: 20, existing: 0, refused: [] });
    expect(fake.windows).toEqual([20, 13]);
    expect(ids(fake)).toEqual(events(20).map(({ id }) => id));
    expect(texts()[0]).toMatch(/^Logstash can't be reached: No answer from 127.0.0.1:\d+: the connection was cut/);
  });

  test("an answer that is lost: all of the window is sent again, with the same ids", async () => {
    const fake = await aLogstash();
    fake.fate = (window) => (window === 1 ? { answers: [], cut: true } : {});
    const { sink, problems } = aSink([fake.host]);
    await sink.deliver(events(5), never);
    expect(ids(fake)).toEqual([...events(5), ...events(5)].map(({ id }) => id));
    expect(fake.queue.every((document) => document["@metadata"].op_type === "create")).toBe(true);
    expect(problems.at(-1)).toBeUndefined();
  });

  test("that it is still at work is health, and no acknowledgement", async () => {
    const fake = await aLogstash();
    fake.fate = () => ({ answers: [0, 0, 2, 2, 4] });
    const { sink, problems } = aSink([fake.host]);
    expect((await sink.deliver(events(4), never)).created).toBe(4);
    expect(problems.map((problem) => problem?.code)).toEqual(["output_busy", "output_busy", "output_busy", undefined]);
  });

  test("a sign of life right behind the last acknowledgement, when nothing is awaited, is no problem", async () => {
    const fake = await aLogstash();
    fake.fate = () => ({ bytes: Buffer.from("2A\0\0\0\u00042A\0\0\0\0", "latin1") });
    const { sink, texts } = aSink([fake.host]);
    await sink.deliver(events(4, "a"), never);
    await sink.deliver(events(4, "b"), never);
    expect([fake.connections, fake.queue.length, texts()]).toEqual([1, 8, []]);
  });

  test("a stop while an acknowledgement is awaited is a stop, and no problem of Logstash's", async () => {
    const fake = await aLogstash();
    const sent = Promise.withResolvers<void>();
    fake.fate = () => {
      sent.resolve();
      return { answers: [] };
    };
    const { sink, problems } = aSink([fake.host]);
    const stop = new AbortController();
    const delivering = sink.deliver(events(3), stop.signal);
    delivering.catch(() => {});
    await sent.promise;
    stop.abort(new Error("stopped"));
    await expect(delivering).rejects.toThrow("stopped");
    expect(problems).toEqual([]);
  });

  test.each<[string, WindowFate, RegExp]>([
    ["more than was sent", { answers: [6] }, /acknowledges 6 of 5 documents/],
    ["a negative number", { answers: [2 ** 32 - 1] }, /acknowledges 4294967295 of 5 documents/],
    ["a web page", { bytes: Buffer.from("<!DOCTYPE html><html></html>") }, /not that of the Lumberjack protocol/],
    ["what was not sent", { answers: [5, 5] }, /acknowledges what was not sent/],
    ["another protocol", { bytes: Buffer.from("HTTP/1.1 400\r\n") }, /not that of the Lumberjack protocol/],
  ])("an acknowledgement of %s ends the connection, and is said", async (_, wrong, words) => {
    const fake = await aLogstash();
    fake.fate = (window) => (window === 1 ? { queued: 0, ...wrong } : {});
    const { sink, texts } = aSink([fake.host], { pipelining: 1 });
    await sink.deliver(events(5), never);
    await sink.deliver(events(5, "f"), never);
    expect(fake.connections).toBe(2);
    expect(ids(fake)).toContain("f4");
    expect(texts().join("\n")).toMatch(wrong.answers?.length === 2 ? /^$/ : words);
  });

  test("silence while an acknowledgement is awaited is a broken connection", async () => {
    const fake = await aLogstash();
    fake.fate = (window) => (window === 1 ? { answers: [] } : {});
    const { sink, texts } = aSink([fake.host], { timeout: 50 });
    await sink.deliver(events(3), never);
    expect(fake.windows).toEqual([3, 3]);
    expect(texts()[0]).toMatch(/no answer in time/);
    await expect.poll(() => fake.open).toBe(1);
    await sink.close();
    await expect.poll(() => fake.open).toBe(0);
  });

  test("an idle connection that Logstash ends is no problem", async () => {
    const fake = await aLogstash();
    const { sink, texts } = aSink([fake.host], { timeout: 50 });
    await sink.deliver(events(3), never);
    fake.cutAll();
    await expect.poll(() => sink.deliver(events(1, "later"), never)).toMatchObject({ created: 1 });
    expect(texts()).toEqual([]);
    expect(fake.connections).toBe(2);
  });
});

test("a receiver that takes and never acknowledges: what is under way is bounded, however much is delivered", async () => {
  const fake = await aLogstash();
  fake.fate = () => ({ answers: [0] });
  const memory = new Memory();
  const { sink } = aSink([fake.host], { compressionLevel: 0 }, memory);
  const long = [anEvent(INDEX, "long", { text: "x".repeat(900_000) })];
  const stop = new AbortController();
  const delivering = Promise.allSettled(Array.from({ length: 100 }, () => sink.deliver(long, stop.signal)));
  await expect.poll(() => fake.windows.length).toBe(2);
  expect(memory.taken).toBeGreaterThan(2 * 900_000);
  expect(memory.taken).toBeLessThan(2 * 1024 * 1024);
  stop.abort(new Error("stopped"));
  await delivering;
  await sink.close();
  await expect.poll(() => memory.taken).toBe(0);
  expect(fake.windows.length).toBe(2);
});

describe("several hosts", () => {
  test("one is used, and another when it fails", async () => {
    const [one, two] = [await aLogstash(), await aLogstash()];
    const { sink } = aSink([one.host, two.host]);
    await sink.deliver(events(10), never);
    const [used, spare] = one.queue.length > 0 ? [one, two] : [two, one];
    expect([used.queue.length, spare.queue.length]).toEqual([10, 0]);
    await used.close();
    await sink.deliver(events(10, "f"), never);
    expect(ids(spare).slice(-10)).toEqual(events(10, "f").map(({ id }) => id));
    fakes.splice(fakes.indexOf(used), 1);
  });

  test("with load balancing all are used at once, and what one does not take goes to the others", async () => {
    const all = [await aLogstash(), await aLogstash(), await aLogstash()];
    const { sink } = aSink(
      all.map(({ host }) => host),
      { loadBalance: true, bulkMaxSize: 10 },
    );
    await sink.deliver(events(300), never);
    expect(all.map(({ queue }) => queue.length > 0)).toEqual([true, true, true]);
    expect(new Set(all.flatMap(ids))).toEqual(new Set(events(300).map(({ id }) => id)));
    expect(all.reduce((sum, { queue }) => sum + queue.length, 0)).toBe(300);
  });
});

describe("TLS", () => {
  test("the server's certificate and the client's own are checked", async () => {
    const authority = await makeAuthority("Logstash CA");
    const server = await authority.issue("127.0.0.1");
    const client = await authority.issue("aquila-salesforce");
    const fake = await aLogstash({
      tls: { key: server.key, cert: server.certificate, ca: authority.certificate, requestCert: true },
    });
    const tls = { certificateAuthorities: [authority.certificate] };
    const known = aSink([fake.host], {
      tls: { ...tls, certificate: client.certificate, key: new Secret(client.key) },
    });
    expect((await known.sink.deliver(events(3), never)).created).toBe(3);

    const stop = new AbortController();
    const stranger = aSink([fake.host], { tls });
    const waiting = stranger.sink.deliver(events(3), stop.signal);
    await expect.poll(() => stranger.texts()[0]).toMatch(/^Logstash can't be reached: .*client certificate/);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");

    const later = new AbortController();
    const doubting = aSink([fake.host], { tls: {} });
    const refused = doubting.sink.deliver(events(3), later.signal);
    await expect.poll(() => doubting.problems[0]?.code).toBe("tls_refused");
    later.abort(new Error("stopped"));
    await expect(refused).rejects.toThrow("stopped");
    expect(fake.queue).toHaveLength(3);
  });

  test.each([
    ["TLS to an input without it", { tls: {} }, false, /the connection was cut .*one without it needs none/],
    ["no TLS to an input with it", {}, true, /An input with ssl_enabled needs ssl in the output/],
  ])("%s is named", async (_, options, isTls, words) => {
    const { key, certificate } = await (await makeAuthority("CA")).issue("127.0.0.1");
    const fake = await aLogstash(isTls ? { tls: { key, cert: certificate } } : {});
    const stop = new AbortController();
    const { sink, texts } = aSink([fake.host], options);
    const waiting = sink.deliver(events(1), stop.signal);
    await expect.poll(() => texts()[0]).toMatch(words);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });
});

test("an HTTP server in the place of Logstash is named", async () => {
  const server = createServer((_, response) => response.end());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = new AbortController();
  const { sink, texts } = aSink([`127.0.0.1:${(server.address() as AddressInfo).port}`]);
  const waiting = sink.deliver(events(1), stop.signal);
  await expect.poll(() => texts()[0]).toMatch(/not that of the Lumberjack protocol.*elastic_agent or beats input/);
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  server.closeAllConnections();
  server.close();
});

test("is known to be away, or there, before the first event", async () => {
  const fake = await aLogstash();
  const { sink, problems } = aSink(["127.0.0.1:1", fake.host]);
  for (let n = 0; n < 3; n += 1) {
    await sink.probe?.(never);
  }
  expect(problems.at(-1)).toBeUndefined();
  expect(problems.filter((problem) => problem !== undefined).length).toBeLessThan(2);
  expect({ connections: fake.connections, windows: fake.windows }).toEqual({ connections: 1, windows: [] });
  const away = aSink(["127.0.0.1:1"]);
  await away.sink.probe?.(never);
  expect(away.problems).toEqual([expect.objectContaining({ code: "output_unreachable" })]);
});

test("waits longer and longer between attempts, and says why", async () => {
  const clock = new ManualClock();
  const problems: (RunnerError | undefined)[] = [];
  const options = {
    hosts: ["127.0.0.1:1"],
    tls: undefined,
    loadBalance: false,
    workers: 1,
    pipelining: 2,
    bulkMaxSize: 10,
    compressionLevel: 0,
    timeout: 1_000,
    sender: { version: "1" },
  };
  const sink = createLogstashSink(options, (problem) => problems.push(problem), clock);
  const stop = new AbortController();
  const waiting = sink.deliver(events(1), stop.signal);
  await expect.poll(() => problems.length).toBe(1);
  expect(problems[0]?.text).toMatch(/connection was refused.*elastic_agent input listens there/);
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await sink.close();
});
