import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { silentLog } from "../core/log.ts";
import { check } from "./check.ts";
import { InitializedFolder, USERNAME } from "./init/initialized_folder.fixture.ts";
import { run } from "./run.ts";

let at: InitializedFolder;
let org: MockOrg;
beforeEach(async () => {
  at = new InitializedFolder();
  org = await startMockOrg({});
  await org.given.user({
    username: USERNAME,
    permissions: ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers", "ViewSetup"],
  });
  await org.given.traffic({
    rowsPerDay: { Login: 24, ApexExecution: 24, RestApi: 24 },
    recordsPerDay: { SetupAuditTrail: 24 },
    days: 2,
    seed: "first hour",
  });
});
afterEach(async () => {
  await org.close();
  at.close();
});

/** As somebody does who has no Elasticsearch at hand. */
function policyWithFileOutput(): string {
  const policy = parse(at.text("policy.yml"));
  const path = join(at.out, "local.yml");
  const changed = { ...policy, outputs: { default: { type: "file", path: join(at.out, "events") } } };
  writeFileSync(path, stringify(changed), { mode: 0o600 });
  return path;
}

async function checkedCode(policy: string): Promise<{ code: number; causes: string[] }> {
  const lines: string[] = [];
  const code = await check(
    { policy, json: true, certificate: join(at.out, "certificate.crt") },
    { environment: {}, print: (line) => lines.push(line), coloured: false, stop: new AbortController().signal },
  );
  const causes = lines.map((line) => JSON.parse(line)).filter(({ verdict }) => verdict === "failed");
  return { code, causes: causes.map(({ message }) => message) };
}

test("from init to events, and on after a rotation", { timeout: 60_000 }, async () => {
  await at.setUp({ loginUrl: org.url }, {}, new ManualClock(Date.now()));
  const policy = policyWithFileOutput();
  const clientId = String(parse(at.text("policy.yml")).inputs[0].auth.client_id);

  expect(await checkedCode(policy)).toEqual({
    code: 2,
    causes: ["Salesforce refused the login: client identifier invalid."],
  });
  await org.given.app({ clientId, certificate: at.text("certificate.crt"), approvedUsers: [] });
  expect(await checkedCode(policy)).toEqual({
    code: 2,
    causes: ["Salesforce refused the login: user is not admin approved to access this app."],
  });
  await org.given.app({ clientId, approvedUsers: [USERNAME] });
  expect(await checkedCode(policy)).toEqual({ code: 0, causes: [] });

  const stop = new AbortController().signal;
  const collected = () =>
    run({ policy, dataDirectory: join(at.out, "data"), once: true }, { environment: {}, log: silentLog, stop });
  expect(await collected()).toBe(0);
  expect(readdirSync(join(at.out, "events"))).toEqual(
    expect.arrayContaining([
      "logs-aquila_salesforce.apex-default.ndjson",
      "logs-aquila_salesforce.api-default.ndjson",
      "logs-aquila_salesforce.login-default.ndjson",
      "logs-aquila_salesforce.setup_audit_trail-default.ndjson",
    ]),
  );

  await at.rotate(new ManualClock(Date.now()));
  await org.given.certificate(clientId, at.text("certificate.next.crt"));
  expect((await checkedCode(policy)).causes).toEqual(["Salesforce refused the login: invalid assertion."]);
  renameSync(join(at.out, "private_key.next.pem"), join(at.out, "private_key.pem"));
  renameSync(join(at.out, "certificate.next.crt"), join(at.out, "certificate.crt"));
  expect(await checkedCode(policy)).toEqual({ code: 0, causes: [] });
  expect(await collected()).toBe(0);
});
