import { status } from "@grpc/grpc-js";
import avro from "avsc";
import { expect, test } from "vitest";
import { makeAuthority } from "../../../../shared/testing/certificates.ts";
import { assertion, queried, startedOrg, type TestOrg, tokenAnswer } from "../test_client.ts";
import { SERVICE } from "./protocol.ts";
import { ERROR_CODES } from "./refusals.ts";
import { type PubSubClient, pubSubClient } from "./test_client.ts";

const LOGIN = "/event/LoginEventStream";
const HOUR_MS = 3_600_000;

function org(options: Parameters<typeof startedOrg>[0] = {}): Promise<TestOrg> {
  return startedOrg({ pubSub: {}, ...options });
}

/** What a call is refused with, as `STATUS code`. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    (answer) => answer,
    (reason: unknown) => reason,
  );
  const { code, metadata } = error as { code: number; metadata?: { get(name: string): unknown[] } };
  return `${status[code]} ${String(metadata?.get("error-code")[0]).replace("sfdc.platform.eventbus.grpc.", "")}`;
}

async function decoded(client: PubSubClient, { event }: { event: { schemaId: string; payload: Buffer } }) {
  const { schemaJson } = await client.schema(event.schemaId);
  return avro.Type.forSchema(JSON.parse(schemaJson)).fromBuffer(event.payload) as Record<string, unknown>;
}

test("the wire form is that of the protocol's field numbers", () => {
  const request = {
    topicName: "/event/A",
    replayPreset: 2,
    replayId: Buffer.from([7]),
    numRequested: 100,
    authRefresh: "",
  };
  const { authRefresh: _, ...sent } = request;
  const bytes = Buffer.from("0a082f6576656e742f4110021a01072064", "hex");
  expect(SERVICE.subscribe.requestSerialize({ ...sent } as typeof request)).toEqual(bytes);
  expect(SERVICE.subscribe.requestDeserialize(bytes)).toEqual(request);
  expect(SERVICE.subscribe.responseDeserialize(Buffer.from("0a0b0a060a01651a01701201091201092064", "hex"))).toEqual({
    events: [{ event: { id: "e", schemaId: "", payload: Buffer.from("p"), headers: [] }, replayId: Buffer.from([9]) }],
    latestReplayId: Buffer.from([9]),
    rpcId: "",
    pendingNumRequested: 100,
  });
});

test("a login is in the stream and in the object under one EventIdentifier", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const [published] = await acme.given.published("LoginEventStream", [
    { Username: "ann@acme.example", EventDate: "2026-07-17T09:22:41.123Z", LoginLatitude: 51.5, EvaluationTime: 3 },
  ]);

  const [event] = await client.subscribe({ topic: LOGIN }).events(1);
  expect(event?.event.id).toBe(published?.EventUuid);
  expect(event?.replayId.toString("hex")).toBe(published?.replayId);
  expect(event && (await decoded(client, event))).toMatchObject({
    EventIdentifier: published?.EventIdentifier,
    EventDate: Date.parse("2026-07-17T09:22:41.123Z"),
    Username: "ann@acme.example",
    LoginLatitude: 51.5,
    EvaluationTime: 3,
    RemoteIdentifier: null,
    CreatedById: expect.any(String),
    CreatedDate: expect.any(Number),
  });
  const { body } = await queried(acme, "SELECT EventIdentifier, Username FROM LoginEvent");
  expect(body.records).toMatchObject([{ EventIdentifier: published?.EventIdentifier, Username: "ann@acme.example" }]);
});

test("what Event Manager has switched off is not streamed, or not stored", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.channel("LoginEventStream", { streaming: false });
  await acme.given.published("LoginEventStream", [{ Username: "stored" }]);
  await acme.given.channel("LoginEventStream", { streaming: true, storage: false });
  const [streamed] = await acme.given.published("LoginEventStream", [{ Username: "streamed" }]);
  expect((await stream.events(1)).map(({ event }) => event.id)).toEqual([streamed?.EventUuid]);
  const { body } = await queried(acme, "SELECT Username FROM LoginEvent");
  expect(body.records.map(({ Username }) => Username)).toEqual(["stored"]);
});

test("GetTopic tells rights, and refuses what there is not", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  expect(await client.topic(LOGIN)).toMatchObject({ topicName: LOGIN, canSubscribe: true, canPublish: false });
  expect(await refusal(client.topic("/event/loginEventStream"))).toBe("NOT_FOUND topic.not.found");
  expect(await refusal(client.topic(""))).toBe("INVALID_ARGUMENT topic.validation.empty");
  expect(await refusal(client.schema(""))).toBe("INVALID_ARGUMENT schema.validation.failed");

  await acme.given.user({ username: acme.username, permissions: ["ApiEnabled", "ViewRealTimeEventMonitoringData"] });
  expect(await client.topic("/event/LogoutEventStream")).toMatchObject({ canSubscribe: false });
  expect(await refusal(client.subscribe({ topic: "/event/LogoutEventStream" }).ended)).toBe(
    "PERMISSION_DENIED subscription.topic.cannot.subscribe",
  );
  await acme.given.org({ eventMonitoring: false });
  expect(await refusal(client.topic(LOGIN))).toBe("NOT_FOUND topic.not.found");
  expect(await client.topic("/event/LogoutEventStream")).toMatchObject({ topicName: "/event/LogoutEventStream" });
  await acme.given.org({ pubSubLicence: false });
  expect(await refusal(client.topic("/event/LogoutEventStream"))).toBe("PERMISSION_DENIED service.tenant.license");
});

test("headers of another org, none, and a dead or JWT token are refused", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const invalid = "UNAUTHENTICATED service.auth.headers.invalid";
  expect(await refusal(client.topic(LOGIN, { accesstoken: "" }))).toBe(invalid);
  expect(await refusal(client.topic(LOGIN, { instanceurl: "https://other.my.salesforce.com" }))).toBe(invalid);
  expect(await refusal(client.topic(LOGIN, { tenantid: acme.orgId.slice(0, 15) }))).toBe(invalid);

  const running = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await running.events(1);
  await acme.given.killedTokens();
  const dead = "UNAUTHENTICATED service.auth.error";
  expect(await refusal(client.topic(LOGIN))).toBe(dead);
  expect(await refusal(client.subscribe({ topic: LOGIN }).ended)).toBe(dead);
  await acme.given.published("LoginEventStream", [{}]);
  expect(await running.events(2)).toHaveLength(2);

  await acme.given.app({ clientId: acme.clientId, jwtAccessTokens: true });
  const { body } = await tokenAnswer(acme, assertion(acme));
  expect(await refusal(client.topic(LOGIN, { accesstoken: body.access_token ?? "" }))).toBe(dead);
});

test("an event names the schema that it was written with, also after a release has added a field", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{ Username: "before" }]);
  await acme.given.field("LoginEvent", { name: "Risk" });
  await acme.given.published("LoginEventStream", [{ Username: "after", Risk: "high" }]);
  const events = await stream.events(2);
  expect(new Set(events.map(({ event }) => event.schemaId)).size).toBe(2);
  expect(await Promise.all(events.map((each) => decoded(client, each)))).toMatchObject([
    { Username: "before" },
    { Username: "after", Risk: "high" },
  ]);
  expect((await client.topic(LOGIN)).schemaId).toBe(events[1]?.event.schemaId);
});

test("no more comes than is owed, and more than 100 can't be owed", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  await acme.given.published(
    "LoginEventStream",
    Array.from({ length: 250 }, () => ({})),
  );
  const stream = client.subscribe({ topic: LOGIN, asked: 30 });
  await stream.events(30);
  stream.ask(20);
  await stream.events(50);
  // Counts as 100.
  stream.ask(150);
  expect(await stream.events(150)).toHaveLength(150);
  expect(stream.answers.at(-1)?.pendingNumRequested).toBe(0);
  stream.ask(99);
  stream.ask(0);
  expect(await refusal(stream.ended)).toBe("INVALID_ARGUMENT subscription.fetch.requested.events.invalid");

  const greedy = client.subscribe({ topic: "/event/LogoutEventStream", asked: 60 });
  greedy.ask(41);
  expect(await refusal(greedy.ended)).toBe("RESOURCE_EXHAUSTED subscription.fetch.overflow");
  const { streams } = await acme.given.pubSub();
  expect(streams).toMatchObject([
    { asked: 299, mostOwed: 100, events: 249, fetches: 4 },
    { mostOwed: 60, events: 0, end: "subscription.fetch.overflow" },
  ]);
});

test("a stream that the client cancels is over", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  stream.cancel();
  await expect.poll(async () => (await acme.given.pubSub()).streams.map(({ end }) => end)).toEqual(["client"]);
});

test("a stream stays with its topic", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN, asked: 1 });
  stream.request({ topicName: "/event/LogoutEventStream", numRequested: 1 });
  expect(await refusal(stream.ended)).toBe("INVALID_ARGUMENT subscription.fetch.topic.mismatch");
});

test("CUSTOM goes on behind its id; a foreign, missing or expired id is refused", async () => {
  await using acme = await org({ tokenLifetimeMs: 100 * HOUR_MS });
  using client = await pubSubClient(acme);
  const [first, second] = await acme.given.published("LoginEventStream", [{}, {}]);
  const custom = (replayId: Buffer) => client.subscribe({ topic: LOGIN, preset: "CUSTOM", replayId });
  const behind = custom(Buffer.from(first?.replayId ?? "", "hex"));
  expect((await behind.events(1)).map(({ event }) => event.id)).toEqual([second?.EventUuid]);
  const corrupted = "INVALID_ARGUMENT subscription.fetch.replayid.corrupted";
  expect(await refusal(custom(Buffer.from([1, 2])).ended)).toBe(corrupted);
  expect(await refusal(custom(Buffer.alloc(0)).ended)).toBe(
    "INVALID_ARGUMENT subscription.fetch.replayid.validation.failed",
  );

  await acme.given.org({ clockOffsetMs: 80 * HOUR_MS });
  expect(await refusal(custom(Buffer.from(second?.replayId ?? "", "hex")).ended)).toBe(corrupted);
  const [third] = await acme.given.published("LoginEventStream", [{}]);
  expect((await client.subscribe({ topic: LOGIN }).events(1)).map(({ event }) => event.id)).toEqual([third?.EventUuid]);

  await acme.given.resetChannel("LoginEventStream");
  expect(await refusal(custom(Buffer.from(third?.replayId ?? "", "hex")).ended)).toBe(corrupted);
});

test("LATEST begins after the routing, so what is published in its first seconds never comes", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  await acme.given.published("LoginEventStream", [{}]);
  const stream = client.subscribe({ topic: LOGIN, preset: "LATEST" });
  await expect.poll(async () => (await acme.given.pubSub()).streams).toHaveLength(1);
  await acme.given.published("LoginEventStream", [{}]);
  await acme.given.org({ clockOffsetMs: 3_001 });
  const [third] = await acme.given.published("LoginEventStream", [{}]);
  expect((await stream.events(1)).map(({ event }) => event.id)).toEqual([third?.EventUuid]);
});

test("a quiet topic tells its position, from which CUSTOM goes on", async () => {
  await using acme = await org({ tokenLifetimeMs: 200 * HOUR_MS });
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  await acme.given.org({ clockOffsetMs: 71 * HOUR_MS });
  const [, quiet] = await stream.answered(2);
  expect(quiet).toMatchObject({ events: [], pendingNumRequested: 99 });
  await acme.given.org({ clockOffsetMs: 100 * HOUR_MS });
  const [next] = await acme.given.published("LoginEventStream", [{}]);
  const resumed = client.subscribe({
    topic: LOGIN,
    preset: "CUSTOM",
    replayId: quiet?.latestReplayId ?? Buffer.alloc(0),
  });
  expect((await resumed.events(1)).map(({ event }) => event.id)).toEqual([next?.EventUuid]);
});

test("a client that asks for nothing is ended after a minute", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN, asked: 1 });
  await acme.given.published("LoginEventStream", [{}, {}]);
  await stream.events(1);
  await acme.given.org({ clockOffsetMs: 60_001 });
  expect(await stream.ended).toBeUndefined();
});

test.each(ERROR_CODES)("a running stream ends with %s in its trailer", async (errorCode) => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  expect(await acme.given.broken({ how: errorCode, channel: "LogoutEventStream" })).toBe(0);
  expect(await acme.given.broken({ how: errorCode, channel: "LoginEventStream" })).toBe(1);
  const error = await stream.ended;
  expect(error?.metadata.get("error-code")).toEqual([`sfdc.platform.eventbus.grpc.${errorCode}`]);
  expect(error?.details).toMatch(/ rpcId: [0-9a-f-]{36}$/);
});

test("calls and answers are struck by faults as they were planned", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  await acme.given.fault({ on: "topic", errorCode: "topic.api.unavailable", times: 1 });
  expect(await refusal(client.topic(LOGIN))).toBe("UNAVAILABLE topic.api.unavailable");
  await acme.given.fault({ on: "schema", errorCode: "schema.api.unavailable", times: 1 });
  expect(await refusal(client.schema("x"))).toBe("UNAVAILABLE schema.api.unavailable");
  await acme.given.fault({ on: "subscribe", match: LOGIN, resetConnection: true, times: 1 });
  const reset = await client.subscribe({ topic: LOGIN }).ended;
  expect([reset?.code, reset?.metadata.get("error-code")]).toEqual([status.UNAVAILABLE, []]);

  await acme.given.fault({ on: "delivery", after: 1, errorCode: "service.unavailable", killToken: true, times: 1 });
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  await acme.given.published("LoginEventStream", [{}]);
  expect(await refusal(stream.ended)).toBe("UNAVAILABLE service.unavailable");
  expect(await refusal(client.topic(LOGIN))).toBe("UNAUTHENTICATED service.auth.error");
  const { calls } = await acme.given.pubSub();
  expect(calls.map(({ method, errorCode }) => `${method} ${errorCode ?? "ok"}`)).toEqual([
    "GetTopic topic.api.unavailable",
    "GetSchema schema.api.unavailable",
    "Subscribe ok",
    "Subscribe ok",
    "GetTopic service.auth.error",
  ]);
});

test("a duplicate has the same EventUuid under another replay id; a cut payload and a foreign schema come as they are", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}], { copies: 2 });
  await acme.given.published("LoginEventStream", [{}], { cutBytes: 4, schemaId: "unknown" });
  const [one, other, cut] = await stream.events(3);
  expect(one?.event).toEqual(other?.event);
  expect(one?.replayId).not.toEqual(other?.replayId);
  expect(cut?.event.schemaId).toBe("unknown");
  expect(cut?.event.payload).toHaveLength((one?.event.payload.length ?? 0) - 4);
  expect(await refusal(client.schema("unknown"))).toBe("PERMISSION_DENIED schema.meta.permission");
});

test("behind TLS, a restart ends streams and a new connection is served", async () => {
  const authority = await makeAuthority("tests");
  await using acme = await org({ pubSub: await authority.issue("127.0.0.1") });
  expect(acme.pubSubUrl).toMatch(/^https:/);
  using client = await pubSubClient(acme, { authority: authority.certificate });
  const stream = client.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  expect(await acme.given.broken({ how: "restart" })).toBe(1);
  expect((await stream.ended)?.code).toBe(status.UNAVAILABLE);
  const again = client.subscribe({ topic: LOGIN });
  expect(await again.events(1)).toHaveLength(1);
  expect((await acme.given.pubSub()).streams.map(({ connection }) => connection)).toEqual([1, 2]);
});

test("a half-open connection answers nothing, pings neither; a new one is served", async () => {
  await using acme = await org();
  using pinging = await pubSubClient(acme, {
    options: { "grpc.keepalive_time_ms": 50, "grpc.keepalive_timeout_ms": 50, "grpc.use_local_subchannel_pool": 1 },
  });
  const stream = pinging.subscribe({ topic: LOGIN });
  await acme.given.published("LoginEventStream", [{}]);
  await stream.events(1);
  expect(await acme.given.broken({ how: "halfOpen" })).toBe(1);
  await acme.given.published("LoginEventStream", [{}]);
  expect((await stream.ended)?.code).toBe(status.UNAVAILABLE);
  expect(stream.answers).toHaveLength(1);
  expect(await pinging.subscribe({ topic: LOGIN }).events(2)).toHaveLength(2);
});

test("believable events are pushed at a rate, until no more are wanted", async () => {
  await using acme = await org();
  using client = await pubSubClient(acme);
  await acme.given.pushed({ LoginEventStream: 6_000, ApiEventStream: 1, LogoutEventStream: 1, LoginAsEventStream: 1 });
  const [first, second] = await client.subscribe({ topic: LOGIN }).events(2);
  await acme.given.pushed({});
  const [one, other] = [first && (await decoded(client, first)), second && (await decoded(client, second))];
  expect(one).toMatchObject({ Username: expect.stringContaining("@"), SourceIp: expect.any(String) });
  expect(one?.LoginKey).not.toBe(other?.LoginKey);
  for (const channel of ["ApiEventStream", "LogoutEventStream", "LoginAsEventStream"]) {
    expect(await client.subscribe({ topic: `/event/${channel}` }).events(1)).toHaveLength(1);
  }
});

test("the switches, breaks and figures are there over HTTP as well", async () => {
  await using acme = await org();
  const response = await fetch(`${acme.url}/__control/published`, {
    method: "POST",
    body: JSON.stringify(["LoginEventStream", [{ Username: "remote" }]]),
  });
  expect(await response.json()).toMatchObject({ result: [{ EventUuid: expect.any(String) }] });
  await expect(acme.given.published("LoginEvent", [{}])).rejects.toThrow("no channel LoginEvent; there are: Login");
  await expect(acme.given.published("LoginEventStream", [{ Nonsense: 1 }])).rejects.toThrow("has no field Nonsense");
});
