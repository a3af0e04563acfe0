import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { rejectionOf } from "../../_dev/shared/testing/failures.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import type { Http, HttpAnswer } from "../core/http.ts";
import { createLog } from "../core/log.ts";
import { createSession } from "./session.ts";
import type { Token } from "./session_token.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const MINUTE = 60_000;

function granted(accessToken: string): HttpAnswer {
  const body = {
    access_token: accessToken,
    instance_url: "https://acme.my.salesforce.com",
    id: "https://login.salesforce.com/id/00D000000000001AAA/005000000000002BBB",
  };
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

function jwtEndingAt(ms: number): string {
  const payload = Buffer.from(JSON.stringify({ exp: ms / 1_000 })).toString("base64url");
  return `eyJhbGciOiJSUzI1NiJ9.${payload}.c2lnbmF0dXJl`;
}

const refused: HttpAnswer = {
  status: 400,
  headers: {},
  body: '{"error":"invalid_grant","error_description":"inactive user"}',
};
const unavailable: HttpAnswer = { status: 503, headers: {}, body: "" };

/** A token endpoint whose answers are given by the test, each when it is asked for. */
let answers: (HttpAnswer | Promise<HttpAnswer>)[];
let logins: number;
let loginSignals: (AbortSignal | undefined)[];
let lines: string[];
let clock: ManualClock;

beforeEach(() => {
  answers = [];
  logins = 0;
  loginSignals = [];
  lines = [];
  clock = new ManualClock();
});

const http: Http = {
  async send(request) {
    logins += 1;
    loginSignals.push(request.signal);
    const answer = answers.shift();
    if (answer === undefined) {
      throw new Error("a login that the test does not expect");
    }
    return await answer;
  },
  open: () => Promise.reject(new Error("a session downloads nothing")),
  close: () => {},
};

function session(key = async () => privateKey) {
  return createSession(
    {
      loginUrl: "https://login.salesforce.com",
      audience: "https://login.salesforce.com",
      clientId: "3MVG9",
      username: "elastic@acme.com",
      key,
      requestTimeout: 1_000,
    },
    { http, clock, log: createLog((level, message) => lines.push(`${level}: ${message}`)) },
  );
}

/** Lets everything run that does not wait for an answer of the test. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !condition(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}

describe("one login for everyone", () => {
  test("nothing is sent before the first call", () => {
    expect(session().state).toEqual({ is: "signedOut" });
    expect(logins).toBe(0);
  });

  test("callers at the same time share a login, later ones its token", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
    answers = [promise];
    const org = session();
    const calls = [org.token(), org.token(), org.token()];
    expect(org.state.is).toBe("reloading");
    resolve(granted("one"));
    const tokens = await Promise.all(calls);
    expect(new Set([...tokens, await org.token()]).size).toBe(1);
    expect(logins).toBe(1);
    expect(org.state).toEqual({ is: "fresh", token: tokens[0] });
    expect(lines).toEqual(["info: Logged in to Salesforce."]);
  });

  test("a dead token is replaced once, however many report it and whenever", async () => {
    answers = [granted("one"), granted("two")];
    const org = session();
    const dead = await org.token();
    const renewed = await Promise.all([org.renew(dead), org.renew(dead), org.token()]);
    const late = await org.renew(dead);
    expect([...renewed, late].map(({ accessToken }) => accessToken.reveal())).toEqual(["two", "two", "two", "two"]);
    expect(logins).toBe(2);
  });

  test("a second death much later is an ordinary renewal", async () => {
    answers = [granted("one"), granted("two"), granted("three")];
    const org = session();
    const second = await org.renew(await org.token());
    expect((await org.renew(second)).accessToken.reveal()).toBe("three");
  });
});

describe("the same token again", () => {
  test("is used once more, and then cools down", async () => {
    answers = [granted("same"), granted("same"), granted("other")];
    const org = session();
    const first = await org.token();
    const again = await org.renew(first);
    expect(again.accessToken.reveal()).toBe("same");

    const error = await rejectionOf(org.renew(again));
    expect(error).toMatchObject({ code: "session_expired", next: { do: "waitUntil", at: clock.now() + MINUTE } });
    expect(error.cure).toContain("Session Management");
    expect((await rejectionOf(org.token())).code).toBe("session_expired");
    expect(logins).toBe(2);

    clock.advance(MINUTE);
    expect((await org.token()).accessToken.reveal()).toBe("other");
  });

  test("is not blamed for a refusal of its first life that arrives late", async () => {
    answers = [granted("same"), granted("same")];
    const org = session();
    const first = await org.token();
    const again = await org.renew(first);
    expect(await org.renew(first)).toBe(again);
    expect(logins).toBe(2);
  });

  test("waits longer each time it is refused again", async () => {
    answers = Array.from({ length: 4 }, () => granted("same"));
    const org = session();
    let token: Token = await org.renew(await org.token());
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const error = await rejectionOf(org.renew(token));
      const wait = error.next.do === "waitUntil" ? error.next.at - clock.now() : 0;
      waits.push(wait / MINUTE);
      clock.advance(wait);
      token = await org.token().catch(() => token);
    }
    expect(waits).toEqual([1, 2, 4]);
  });

  test("that has worked for long is renewed like any other", async () => {
    answers = [granted("same"), granted("same"), granted("next")];
    const org = session();
    const again = await org.renew(await org.token());
    clock.advance(10 * MINUTE);
    expect((await org.renew(again)).accessToken.reveal()).toBe("next");
  });
});

describe("cooling down", () => {
  test("after a refusal nothing is sent until its time", async () => {
    answers = Array.from({ length: 6 }, () => refused);
    const org = session();
    for (let round = 0; round < 6; round += 1) {
      const error = await rejectionOf(org.token());
      const until = error.next.do === "waitUntil" ? error.next.at : 0;
      expect(error.text).toMatch(/inactive user\. The user is deactivated/);
      expect(org.state).toMatchObject({ is: "coolingDown", until, error });
      const sent = logins;
      expect(await rejectionOf(org.token())).toBe(error);
      clock.advance(until - clock.now() - 1);
      expect(await rejectionOf(org.token())).toBe(error);
      expect(logins).toBe(sent);
      clock.advance(1);
      expect(org.state.is).toBe("signedOut");
    }
    expect(logins).toBe(6);
  });

  test.each([
    ["a refusal", refused, [1, 2, 4, 8, 15, 15]],
    ["a server that is down", unavailable, [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds / 60)],
  ])("waits after %s", async (_name, answer, expected) => {
    answers = expected.map(() => answer);
    const org = session();
    const waits: number[] = [];
    for (const _wait of expected) {
      const { next } = await rejectionOf(org.token());
      const wait = next.do === "waitUntil" ? next.at - clock.now() : Number.NaN;
      waits.push(wait / MINUTE);
      clock.advance(wait);
    }
    expect(waits).toEqual(expected);
  });

  test("lasts an hour after too many logins", async () => {
    answers = [{ ...refused, body: '{"error":"rate_limit_exceeded","error_description":"Number of logins exceeded"}' }];
    const error = await rejectionOf(session().token());
    expect(error).toMatchObject({
      code: "login_rate_exceeded",
      next: { do: "waitUntil", at: clock.now() + 60 * MINUTE },
    });
  });

  test("also follows a key that can't be used, without a request", async () => {
    const org = session(() =>
      Promise.reject(new RunnerError("key_passphrase_wrong", "The passphrase does not open it.", { next: GIVE_UP })),
    );
    const error = await rejectionOf(org.token());
    expect(error).toMatchObject({ code: "key_passphrase_wrong", next: { do: "waitUntil", at: clock.now() + MINUTE } });
    expect(await rejectionOf(org.token())).toBe(error);
    expect(logins).toBe(0);
  });

  test("ends with a login that succeeds, and the next failure starts with a short wait", async () => {
    answers = [refused, granted("one"), refused];
    const org = session();
    await rejectionOf(org.token());
    clock.advance(MINUTE);
    const token = await org.token();
    const error = await rejectionOf(org.renew(token));
    expect(error.next).toEqual({ do: "waitUntil", at: clock.now() + MINUTE });
  });
});

describe("a token whose end is known", () => {
  test("is replaced before its end", async () => {
    const end = clock.now() + 60 * MINUTE;
    answers = [granted(jwtEndingAt(end)), granted("next")];
    const org = session();
    const first = await org.token();
    clock.advance(57 * MINUTE);
    expect(await org.token()).toBe(first);
    clock.advance(2 * MINUTE);
    expect((await org.token()).accessToken.reveal()).toBe("next");
  });

  test("is used to its end if the early login fails, and not a moment longer", async () => {
    const end = clock.now() + 60 * MINUTE;
    answers = [granted(jwtEndingAt(end)), unavailable, granted("next")];
    const org = session();
    const first = await org.token();
    clock.advance(59 * MINUTE);
    expect(await org.token()).toBe(first);
    expect(await org.token()).toBe(first);
    expect(logins).toBe(2);
    expect(lines.at(-1)).toMatch(/^warn: .*the old one is still used/);
    clock.advance(MINUTE);
    expect((await org.token()).accessToken.reveal()).toBe("next");
  });
});

describe("a caller that stops waiting", () => {
  test("gets its signal's reason, while the login goes on for the others", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
    answers = [promise];
    const org = session();
    const stop = new AbortController();
    const stopped = rejectionOf(org.token(stop.signal));
    const waiting = org.token();
    await until(() => logins === 1);
    stop.abort(new Error("stopped"));
    expect((await stopped).message).toBe("stopped");
    expect(loginSignals[0]?.aborted).toBe(false);
    resolve(granted("one"));
    expect((await waiting).accessToken.reveal()).toBe("one");
  });

  test("ends the login if it was the last, without a cool-down", async () => {
    const { promise, reject } = Promise.withResolvers<HttpAnswer>();
    answers = [promise, granted("two")];
    const org = session();
    const stop = new AbortController();
    const stopped = rejectionOf(org.token(stop.signal));
    await until(() => logins === 1);
    stop.abort(new Error("stopped"));
    expect((await stopped).message).toBe("stopped");
    expect(loginSignals[0]?.aborted).toBe(true);
    const next = org.token();
    reject(new Error("aborted"));
    expect((await next).accessToken.reveal()).toBe("two");
    await settled();
    expect(org.state.is).toBe("fresh");
  });

  test("that has stopped before sends nothing", async () => {
    const stop = AbortSignal.abort(new Error("stopped"));
    await expect(session().token(stop)).rejects.toThrow("stopped");
    expect(logins).toBe(0);
  });
});

test("a session shows no token", async () => {
  answers = [granted("00D!secret"), refused];
  const org = session();
  const token = await org.token();
  const shown = [inspect(org, { depth: 9, showHidden: true }), inspect(org.state), JSON.stringify(org.state)];
  const error = await rejectionOf(org.renew(token));
  shown.push(inspect(error, { depth: 9 }), JSON.stringify(error), ...lines);
  expect(shown.join("\n")).not.toContain("00D!secret");
});
