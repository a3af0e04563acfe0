import { describe, expect, test } from "vitest";
import type { Session, Token } from "../auth/session_token.ts";
import type { Clock } from "../core/clock.ts";
import { RunnerError } from "../core/errors.ts";
import type { Http, HttpAnswer, HttpDownload, HttpRequest } from "../core/http.ts";
import { Secret } from "../core/secret.ts";
import { ApiBudget } from "./api_budget.ts";
import { OrgClient } from "./org_client.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 6, 17, 12);
const PATH = "/services/data/v66.0/limits";
const never = new AbortController().signal;

/** An org that gives prepared answers, one for each request; what is left over or missing shows in the test. */
class PreparedOrg implements Http {
  readonly requests: HttpRequest[] = [];
  bytesRead = 0;
  readonly #answers: HttpAnswer[];

  constructor(answers: readonly HttpAnswer[]) {
    this.#answers = [...answers];
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    this.requests.push(request);
    const answer = this.#answers.shift();
    if (answer === undefined) {
      throw new Error("one request too many");
    }
    return answer;
  }

  async open(request: HttpRequest): Promise<HttpDownload> {
    const { status, headers, body } = await this.send(request);
    return { status, headers, chunks: this.#chunks(body) };
  }

  async *#chunks(body: string): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += 4_096) {
      const chunk = Buffer.from(body.slice(at, at + 4_096));
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }

  close() {}
}

/** Each renewal gives the next token. */
class CountingSession implements Session {
  readonly state = { is: "signedOut" } as const;
  readonly dead: Token[] = [];
  readonly #tokens = ["first", "second", "third"].map((text) => ({
    accessToken: new Secret(text),
    instanceUrl: "https://acme.my.salesforce.com",
    organizationId: "00D000000000001AAA",
    userId: "005000000000001AAA",
    expiresAt: undefined,
  }));

  async token(): Promise<Token> {
    return this.#current();
  }

  async renew(dead: Token): Promise<Token> {
    this.dead.push(dead);
    return this.#current();
  }

  #current(): Token {
    const token = this.#tokens[this.dead.length];
    if (token === undefined) {
      throw new Error("one login too many");
    }
    return token;
  }
}

/** Time passes by sleeping only. */
class SleepingClock implements Clock {
  time = NOON;
  now = () => this.time;
  random = () => 0;
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.time += ms;
  }
}

const ok = (body = "{}", headers: Record<string, string> = {}): HttpAnswer => ({ status: 200, headers, body });
const refused = (status: number, errorCode: string): HttpAnswer => ({
  status,
  headers: {},
  body: JSON.stringify([{ errorCode, message: "because" }]),
});
const DEAD = refused(401, "INVALID_SESSION_ID");

function setUp(answers: readonly HttpAnswer[]) {
  const http = new PreparedOrg(answers);
  const session = new CountingSession();
  const clock = new SleepingClock();
  const budget = new ApiBudget(20);
  let serial = 0;
  const client = new OrgClient({
    http,
    session,
    budget,
    apiVersion: "66.0",
    requestTimeout: 7_000,
    clock,
    newRequestId: () => `request${++serial}`,
  });
  const authorizations = () => http.requests.map(({ headers }) => headers?.authorization);
  return { client, http, session, clock, budget, authorizations };
}

describe("a call", () => {
  test("goes to the org's own address with token, name and request id", async () => {
    const { client, http } = setUp([ok('{"DailyApiRequests":{}}')]);
    expect(await client.getJson(PATH, "limits", never)).toEqual({ DailyApiRequests: {} });
    expect(http.requests).toEqual([
      {
        method: "GET",
        url: `https://acme.my.salesforce.com${PATH}`,
        headers: {
          authorization: "Bearer first",
          accept: "application/json",
          "sforce-call-options": "client=aquila-salesforce",
          "x-sfdc-request-id": "request1",
        },
        timeout: 7_000,
        longest: expect.any(Number),
        signal: never,
      },
    ]);
  });

  test("has by default a request id of 32 hexadecimal characters, each time another", async () => {
    const { http, session, budget } = setUp([ok(), ok()]);
    const client = new OrgClient({ http, session, budget, apiVersion: "66.0", requestTimeout: 1 });
    await client.getJson(PATH, "limits", never);
    await client.getJson(PATH, "limits", never);
    const ids = http.requests.map(({ headers }) => headers?.["x-sfdc-request-id"]);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test("counts, and tells the budget what the org says of its allocation", async () => {
    const { client, budget } = setUp([ok("{}", { "sforce-limit-info": "api-usage=7/90" })]);
    await client.getJson(PATH, "limits", never);
    expect(budget.callsLastDay(NOON)).toBe(1);
    expect(budget.usage).toEqual({ used: 7, allocation: 90 });
  });

  test("whose answer is no JSON fails", async () => {
    const { client } = setUp([ok("<html>")]);
    await expect(client.getJson(PATH, "limits", never)).rejects.toMatchObject({
      code: "answer_unreadable",
      message: "Salesforce's answer is no JSON (limits).",
    });
  });
});

describe("a download that is refused as a dead session is", () => {
  test("is repeated with a new session if a query is refused too", async () => {
    const { client, http, session, authorizations } = setUp([DEAD, DEAD, ok(), ok("rows")]);
    await client.openDownload(PATH, "it", never);
    expect(authorizations()).toEqual(["Bearer first", "Bearer first", "Bearer second", "Bearer second"]);
    expect(http.requests.map(({ url }) => url.includes("/query"))).toEqual([false, true, true, false]);
    expect(session.dead.map(({ accessToken }) => accessToken.reveal())).toEqual(["first"]);
  });

  test("is the file's alone if the session works: nobody logs in", async () => {
    const { client, session } = setUp([DEAD, ok()]);
    await expect(client.openDownload(PATH, "it", never)).rejects.toMatchObject({ code: "session_expired" });
    expect(session.dead).toEqual([]);
  });

  test("fails when the new session is refused too", async () => {
    const { client, authorizations } = setUp([DEAD, DEAD, DEAD]);
    await expect(client.openDownload(PATH, "it", never)).rejects.toMatchObject({ code: "session_expired" });
    expect(authorizations()).toEqual(["Bearer first", "Bearer first", "Bearer second"]);
  });
});

describe("Salesforce's time", () => {
  const date = (ms: number) => ({ date: new Date(ms).toUTCString() });

  test("is asked for once, without a token, and then follows the answers", async () => {
    const { client, http } = setUp([ok("[]", date(NOON - 30 * DAY)), ok("{}", date(NOON - 30 * DAY + HOUR / 2))]);
    expect(await client.time(never)).toEqual({ now: NOON - 30 * DAY, machineAhead: 30 * DAY });
    await client.getJson(PATH, "limits", never);
    expect((await client.time(never)).now).toBe(NOON - 30 * DAY + HOUR / 2);
    expect(http.requests).toHaveLength(2);
    expect(http.requests[0]?.headers?.authorization).toBeUndefined();
  });

  test.each([undefined, "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "Sat, 13 Sep 275760 00:00:00 GMT"])(
    "%s is none: the machine's clock is believed",
    async (header) => {
      const { client } = setUp([ok("[]", header === undefined ? {} : { date: header })]);
      expect(await client.time(never)).toEqual({ now: NOON, machineAhead: 0 });
    },
  );
});

describe("getJson with a dead token", () => {
  const call = "getJson";
  test("is repeated once with the token that replaces it", async () => {
    const { client, session, authorizations, budget } = setUp([DEAD, ok()]);
    await client[call](PATH, "it", never);
    expect(authorizations()).toEqual(["Bearer first", "Bearer second"]);
    expect(session.dead.map(({ accessToken }) => accessToken.reveal())).toEqual(["first"]);
    expect(budget.callsLastDay(NOON)).toBe(2);
  });

  test("fails when the new token is refused too", async () => {
    const { client, authorizations } = setUp([DEAD, DEAD]);
    await expect(client[call](PATH, "it", never)).rejects.toMatchObject({ code: "session_expired" });
    expect(authorizations()).toEqual(["Bearer first", "Bearer second"]);
  });

  test.each([
    [500, "UNKNOWN_EXCEPTION", "server_error"],
    [403, "REQUEST_LIMIT_EXCEEDED", "request_limit_exceeded"],
    [400, "QUERY_TIMEOUT", "query_timed_out"],
  ])("is not what %d %s means: nothing is repeated", async (status, errorCode, code) => {
    const { client, http, session } = setUp([refused(status, errorCode)]);
    await expect(client[call](PATH, "it", never)).rejects.toMatchObject({ code });
    expect(http.requests).toHaveLength(1);
    expect(session.dead).toEqual([]);
  });
});

describe("a download", () => {
  test("gives the body as it comes", async () => {
    const { client } = setUp([ok("a".repeat(10_000))]);
    const { chunks } = await client.openDownload(PATH, "file", never);
    expect(Buffer.concat(await Array.fromAsync(chunks)).toString()).toBe("a".repeat(10_000));
  });

  test("that is refused is read no further than it takes to know why", async () => {
    const { client, http } = setUp([{ status: 503, headers: {}, body: "x".repeat(10_000_000) }]);
    await expect(client.openDownload(PATH, "file", never)).rejects.toBeInstanceOf(RunnerError);
    expect(http.bytesRead).toBeLessThan(32_000);
  });
});

describe("the budget", () => {
  test("a call beyond the share is refused at once, with the time at which it may be made; nobody is asked", async () => {
    const limited = ok("{}", { "sforce-limit-info": "api-usage=40/5" });
    const { client, clock, http } = setUp([limited, limited]);
    await client.getJson(PATH, "limits", never);
    await expect(client.getJson(PATH, "limits", never)).rejects.toMatchObject({
      code: "request_limit_exceeded",
      next: { do: "waitUntil", at: NOON + HOUR },
    });
    expect(http.requests).toHaveLength(1);
    clock.time += HOUR;
    await client.getJson(PATH, "limits", never);
    expect(http.requests).toHaveLength(2);
  });
});
