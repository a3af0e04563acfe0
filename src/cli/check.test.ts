import { afterEach, beforeEach, expect, test } from "vitest";
import { startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { Secret } from "../core/secret.ts";
import { APP_KEY, CheckedOrg, publicPem } from "./check/checked_org.fixture.ts";

let at: CheckedOrg;
beforeEach(async () => {
  at = await CheckedOrg.open();
});
afterEach(() => at.close());

test("an org that is set up right has nothing but ok", async () => {
  const { exitCode, lines } = await at.checked();
  expect(lines.map(({ step, verdict }) => `${step}: ${verdict}`)).toEqual([
    "private key: ok",
    "login host: ok",
    "clock: ok",
    "login: ok",
    "API version: ok",
    "organization: ok",
    "event log files: ok",
    "hourly files: ok",
    "names: ok",
    "API calls: ok",
    "console: ok",
    "undefined: undefined",
  ]);
  expect(lines.find(({ step }) => step === "organization")?.message).toBe(
    `Acme production (${at.org.orgId}), Enterprise Edition, no sandbox, instance EU45.`,
  );
  expect(lines.find(({ step }) => step === "event log files")?.message).toMatch(
    /^aquila_salesforce\.login: Login \(daily since \d{4}-\d\d-\d\d, hourly since .*\), LoginAs \(daily since .*\), Logout/,
  );
  const hourly = (await at.org.given.logFiles()).filter(({ interval }) => interval === "Hourly");
  const newest = hourly
    .map(({ logDate }) => new Date(logDate).toISOString())
    .toSorted()
    .at(-1);
  expect(lines.find(({ step }) => step === "hourly files")?.message).toBe(
    `The newest covers the hour from ${newest?.slice(0, 16)}Z.`,
  );
  expect(lines.at(-1)).toEqual({
    kind: "summary",
    message: "1 of 1 orgs can be collected.",
    ok: 11,
    warning: 0,
    failed: 0,
    skipped: 0,
  });
  expect(exitCode).toBe(0);
  const asked = (await at.org.given.requests()).filter(({ target }) => target.includes("FROM User"));
  expect(asked).toHaveLength(1);
});

test("a hundred orgs take no longer than one that hangs, and that one is given up", { timeout: 60_000 }, async () => {
  const hanging = await startMockOrg({ certificate: publicPem(APP_KEY.publicKey), serial: 2 });
  try {
    await hanging.given.fault({ on: "token", hang: true });
    const policy = at.policy([
      at.inputOf("Hanging", hanging),
      ...Array.from({ length: 99 }, (_, n) => at.inputOf(`Org ${n}`, at.org)),
    ]);
    const clock = new ManualClock(Date.now());
    const start = clock.now();
    const looked = new Set<string>();
    const outcome = await at.checked(
      { policy },
      {
        clock,
        print: (line) => {
          const { kind, name } = JSON.parse(line);
          if (kind === "organization") {
            looked.add(name);
          }
          if (looked.size === 99) {
            clock.advance((clock.nextWake ?? start) - clock.now());
          }
        },
      },
    );
    expect(outcome.exitCode).toBe(1);
    expect(outcome.lines.filter(({ verdict }) => verdict === "failed")).toEqual([
      expect.objectContaining({
        name: "Hanging",
        step: "login",
        code: "timed_out",
        message: "No answer within 20 s; the check went no further.",
      }),
    ]);
    expect(outcome.lines.at(-1)?.message).toMatch(/^99 of 100 orgs can be collected\./);
    expect(clock.now() - start).toBeLessThan(30_000);
  } finally {
    await hanging.close();
  }
});

test("one org of several is looked at alone; a misspelt one is asked about", async () => {
  const policy = at.policy([at.input, { ...at.input, name: "Acme sandbox" }]);
  const { lines } = await at.checked({ policy, org: "Acme sandbox" });
  expect(new Set(lines.filter(({ kind }) => kind === "organization").map(({ name }) => name))).toEqual(
    new Set(["Acme sandbox"]),
  );
  await expect(at.checked({ policy, org: "Acme sandbux" })).rejects.toMatchObject({
    code: "usage",
    cure: "Did you mean Acme sandbox?",
  });
});

test("what Salesforce echoes of a secret is in no finding", async () => {
  const secret = new Secret("00D000000000001!AQ.echoed");
  await at.org.given.fault({
    on: "query",
    status: 400,
    body: [{ errorCode: "MALFORMED_QUERY", message: `unexpected token near ${secret.reveal()}` }],
  });
  const { lines } = await at.checked();
  expect(JSON.stringify(lines)).toContain("unexpected token near [secret]");
  expect(JSON.stringify(lines)).not.toContain(secret.reveal());
  await at.org.given.noFault();
});

test("a setting that is misspelt is named, for the org that has it", async () => {
  await at.finds({
    set: (at) => (at.input.auth.user_name = "elastic@acme.example"),
    step: "policy",
    verdict: "failed",
    cause: /auth\.user_name: is no setting; did you mean username\?$/,
  });
});
