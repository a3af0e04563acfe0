import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { type Authority, makeAuthority } from "../../_dev/shared/testing/certificates.ts";
import { createSession } from "../auth/session.ts";
import { systemClock } from "../core/clock.ts";
import { asRunnerError } from "../core/errors.ts";
import { createHttp } from "../core/http.ts";
import { silentLog } from "../core/log.ts";
import { createPubSub, type PubSub, type PubSubOptions } from "./pub_sub.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const never = new AbortController().signal;
const PATIENT = { timeout: 20_000, interval: 10 };

let authority: Authority;
let org: MockOrg;
const open: PubSub[] = [];
const http = createHttp();

beforeEach(async () => {
  authority = await makeAuthority("an authority");
  const { certificate, key } = await authority.issue("localhost");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  org = await startMockOrg({ certificate: pem, pubSub: { certificate, key } });
});
afterEach(async () => {
  for (const one of open.splice(0)) {
    one.close();
  }
  await org.close();
});

function pubSub(more: Partial<PubSubOptions> = {}): PubSub {
  const { url, clientId, username, pubSubUrl } = org;
  const login = { loginUrl: url, audience: "https://login.salesforce.com", clientId, username };
  const session = createSession(
    { ...login, key: async () => privateKey, requestTimeout: 5_000 },
    { http, clock: systemClock, log: silentLog },
  );
  const one = createPubSub({
    url: pubSubUrl.replace("127.0.0.1", "localhost"),
    tls: { certificateAuthorities: [authority.certificate] },
    session,
    requestTimeout: 5_000,
    clock: systemClock,
    ...more,
  });
  open.push(one);
  return one;
}

async function refusal(call: Promise<unknown>) {
  const error = await call.then(() => undefined, asRunnerError);
  return { code: error?.code, text: error?.text };
}

describe("the connection", () => {
  test("carries every call of an org, with the token, the instance and the org of its session", async () => {
    const one = pubSub();
    const [topic, other] = await Promise.all([
      one.topic("LoginEventStream", never),
      one.topic("ApiEventStream", never),
    ]);
    await one.schema(topic.schemaId, never);
    const subscription = await one.subscribe("LoginEventStream", "earliest", never);
    subscription.ask(1);
    await org.given.published("LoginEventStream", [{ Username: "a" }]);
    expect((await subscription.next())?.events).toHaveLength(1);
    expect(topic.schemaId).not.toBe(other.schemaId);
    const { connections, calls } = await org.given.pubSub();
    expect(connections.opened).toBe(1);
    expect(calls.map(({ metadata }) => metadata)).toMatchObject(
      Array.from({ length: 4 }, () => ({
        accesstoken: expect.any(String),
        instanceurl: org.url,
        tenantid: org.orgId,
      })),
    );
    subscription.cancel();
  });

  test("is made with the first call, and not before", async () => {
    const one = pubSub();
    await new Promise((passed) => setTimeout(passed, 20));
    expect((await org.given.pubSub()).connections.opened).toBe(0);
    await one.topic("LoginEventStream", never);
    expect((await org.given.pubSub()).connections.opened).toBe(1);
  });

  test("trusts the authorities of the policy alone", async () => {
    const { code, text } = await refusal(pubSub({ tls: {} }).topic("LoginEventStream", never));
    expect(code).toBe("tls_refused");
    expect(text).toMatch(/ssl\.certificate_authorities/);
    const unverified = pubSub({ tls: { verification: "none" } });
    expect(await unverified.topic("LoginEventStream", never)).toMatchObject({ canSubscribe: true });
  });

  test("checks the name of the host, unless the policy says otherwise", async () => {
    const foreign = await authority.issue("elsewhere.example");
    await org.close();
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    org = await startMockOrg({ certificate: pem, pubSub: foreign });
    expect((await refusal(pubSub().topic("LoginEventStream", never))).code).toBe("tls_refused");
    const tls = { certificateAuthorities: [authority.certificate], verification: "certificate" } as const;
    expect(await pubSub({ tls }).topic("LoginEventStream", never)).toMatchObject({ canSubscribe: true });
  });

  test("a host that nobody listens on is told as such", async () => {
    const { code, text } = await refusal(pubSub({ url: "http://127.0.0.1:1" }).topic("LoginEventStream", never));
    expect([code, text]).toEqual(["host_unreachable", expect.stringContaining("127.0.0.1:1")]);
  });

  test("is made again after a restart of the far side", async () => {
    const one = pubSub();
    await one.topic("LoginEventStream", never);
    await org.given.broken({ how: "destroyed" });
    await vi.waitFor(() => one.topic("LoginEventStream", never), PATIENT);
    expect((await org.given.pubSub()).connections.opened).toBe(2);
  });
});

describe("a proxy", () => {
  let proxy: Server;
  const asked: { readonly target: string | undefined; readonly user: string | undefined }[] = [];
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    asked.length = 0;
    proxy = createServer().on("connect", ({ url = "", headers }, socket) => {
      asked.push({ target: url, user: headers["proxy-authorization"] });
      if (headers["proxy-authorization"] === undefined) {
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const [host = "", port = ""] = url.split(":");
      const way = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        way.pipe(socket).pipe(way);
      });
      for (const one of [way, socket as Socket]) {
        sockets.add(one);
        one.on("error", () => {});
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
  });
  afterEach(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    proxy.close();
  });
  const at = (user: string) => `http://${user}127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  test("is asked for a tunnel to the host, with its user and password", async () => {
    const one = pubSub({ proxyUrl: at("ann:s%40cret@") });
    expect(await one.topic("LoginEventStream", never)).toMatchObject({ canSubscribe: true });
    const target = new URL(org.pubSubUrl.replace("127.0.0.1", "localhost")).host;
    const user = `Basic ${Buffer.from("ann:s@cret").toString("base64")}`;
    expect(asked).toEqual([{ target, user }]);
  });

  test("that refuses is named in the error", async () => {
    const { code, text } = await refusal(pubSub({ proxyUrl: at("") }).topic("LoginEventStream", never));
    expect([code, text]).toEqual(["connection_lost", expect.stringMatching(/through the proxy 127\.0\.0\.1:\d+/)]);
  });

  test("that is spoken to by https can't be used, which is told", async () => {
    const { text } = await refusal(pubSub({ proxyUrl: "https://proxy.example" }).topic("LoginEventStream", never));
    expect(text).toMatch(/proxy\.example.*by http in api\.proxy_url/);
  });
});

describe("the session", () => {
  test("that is refused is replaced once, and the call repeated", async () => {
    const one = pubSub();
    await one.topic("LoginEventStream", never);
    const { logins } = await org.given.counters();
    await org.given.killedTokens();
    const topics = ["LoginEventStream", "ApiEventStream", "LoginAsEventStream"];
    const answers = await Promise.all(topics.map((topic) => one.topic(topic, never)));
    expect(answers.map(({ canSubscribe }) => canSubscribe)).toEqual([true, true, true]);
    expect((await org.given.counters()).logins - logins).toBe(1);
  });

  test("that is refused again is told, and nothing more is asked", async () => {
    await org.given.fault({ on: "topic", errorCode: "service.auth.error" });
    const { code, text } = await refusal(pubSub().topic("LoginEventStream", never));
    expect([code, text]).toEqual(["session_expired", expect.stringMatching(/locked to an IP address/)]);
    expect((await org.given.pubSub()).calls).toHaveLength(2);
  });
});

test.each([
  ["of 7 MB is taken", 7_000_000, undefined],
  ["beyond 8 MiB ends the subscription, which is told as what it is", 8 * 1024 * 1024, "answer_unreadable"],
])("an answer %s", async (_, length, expected) => {
  const subscription = await pubSub().subscribe("LoginEventStream", "earliest", never);
  subscription.ask(1);
  await org.given.published("LoginEventStream", [{ AdditionalInfo: "x".repeat(length) }], { stored: false });
  const { code, text } = await refusal(subscription.next());
  expect(code).toBe(expected);
  expect(text ?? "").toMatch(expected === undefined ? /^$/ : /more at once than live events ever have/);
  subscription.cancel();
});

test("an answer that does not come is given up in time", async () => {
  await org.given.fault({ on: "topic", hang: true });
  const { code } = await refusal(pubSub({ requestTimeout: 100 }).topic("LoginEventStream", never));
  expect(code).toBe("timed_out");
});

test("a stop ends a call and a subscription with its reason", async () => {
  const stop = new AbortController();
  const one = pubSub();
  const subscription = await one.subscribe("LoginEventStream", "earliest", stop.signal);
  subscription.ask(1);
  const next = subscription.next();
  await vi.waitFor(async () => expect((await org.given.pubSub()).streams).toHaveLength(1), PATIENT);
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  await expect(one.topic("LoginEventStream", stop.signal)).rejects.toThrow("enough");
});
