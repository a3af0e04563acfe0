/** A mock org that is set up right, a policy that collects it, and what `check` says of them. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../../_dev/deploy/docker/mock_org/mock_org.ts";
import type { Clock } from "../../core/clock.ts";
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import { silentLog } from "../../core/log.ts";
import { check } from "../check.ts";
import { run } from "../run.ts";

/** Of the app that the mock org knows. */
export const APP_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const PASSPHRASE = "correct horse battery staple";
const DAY = 86_400_000;

export function pem(key: KeyObject, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return key.export({ type: "pkcs8", format: "pem", ...encryption }).toString();
}

export function publicPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** An input of the policy, so far as a test changes it. */
interface InputBlock {
  name: string;
  auth: Record<string, string>;
  api: Record<string, unknown>;
  stream: Record<string, unknown>;
}

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly step: string;
  readonly verdict: string;
  readonly message: string;
  readonly cure?: string;
  readonly code?: string;
}

export interface WrongSetUp {
  readonly set: (at: CheckedOrg) => unknown;
  /** What `check` says of it. */
  readonly step: string;
  readonly verdict: "failed" | "warning";
  readonly cause: RegExp;
  /** Absent where the cause's sentence says it. */
  readonly cure?: string;
}

export class CheckedOrg {
  readonly org: MockOrg;
  readonly folder = mkdtempSync(join(tmpdir(), "check-"));
  readonly keyPath = join(this.folder, "app.key");
  /** Changed by a test before it is written. */
  readonly input: InputBlock;

  private constructor(org: MockOrg) {
    this.org = org;
    writeFileSync(this.keyPath, pem(APP_KEY.privateKey), { mode: 0o600 });
    this.input = this.inputOf("Acme production", org);
  }

  static async open(): Promise<CheckedOrg> {
    const org = await startMockOrg({ certificate: publicPem(APP_KEY.publicKey) });
    const logDate = new Date(Date.now() - (Date.now() % DAY) - DAY).toISOString();
    for (const eventType of ["Login", "LoginAs", "Logout"]) {
      await org.given.logFile({ eventType, logDate, rows: [{ EVENT_TYPE: eventType }] });
    }
    await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, rows: [{ EVENT_TYPE: "Login" }] });
    return new CheckedOrg(org);
  }

  inputOf(name: string, { url, clientId, username }: MockOrg): InputBlock {
    return {
      name,
      auth: {
        login_url: url,
        audience: "https://login.salesforce.com",
        client_id: clientId,
        username,
        private_key_path: this.keyPath,
      },
      api: {},
      stream: { event_log_files: { event_types: ["Login", "LoginAs", "Logout"] } },
    };
  }

  /** Path of a policy with these inputs. */
  policy(inputs: readonly InputBlock[] = [this.input], output: object = { type: "console" }): string {
    const path = join(this.folder, "policy.yml");
    const blocks = inputs.map(({ name, auth, api, stream }, index) => ({
      id: `aquila-salesforce-${index}`,
      name,
      type: "aquila-salesforce",
      auth,
      api,
      streams: [{ id: `login-${index}`, data_stream: { dataset: "aquila_salesforce.login" }, ...stream }],
    }));
    writeFileSync(path, stringify({ outputs: { default: output }, inputs: blocks }), { mode: 0o600 });
    return path;
  }

  async checked(
    { policy = this.policy(), org }: { policy?: string; org?: string } = {},
    surroundings: { clock?: Clock; print?: (line: string) => void } = {},
  ): Promise<{ exitCode: number; lines: readonly Line[] }> {
    const printed: string[] = [];
    const exitCode = await check(
      { policy, org, json: true },
      {
        environment: {},
        coloured: false,
        stop: new AbortController().signal,
        ...surroundings,
        print: (line) => {
          printed.push(line);
          surroundings.print?.(line);
        },
      },
    );
    return { exitCode, lines: printed.map((line): Line => JSON.parse(line)) };
  }

  /** Sets the org or its policy up wrong: that is the one finding, and `run` ends as `check` does. */
  async finds({ set, step, verdict, cause, cure }: WrongSetUp): Promise<void> {
    await set(this);
    const { exitCode, lines } = await this.checked();
    const findings = lines.filter((line) => line.kind === "organization");
    const [found, ...others] = findings.filter((line) => line.verdict !== "ok" && line.verdict !== "skipped");
    expect(others).toEqual([]);
    expect(found).toMatchObject({ step, verdict, message: expect.stringMatching(cause) });
    expect(found?.cure).toBe(cure);
    const code = found?.code ?? "";
    const remote = Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].fault !== "configuration";
    expect(exitCode).toBe(verdict !== "failed" ? 0 : remote ? 1 : 2);
    // A run meets a plain 404 in place of a retired version, which is no proof, and tries again.
    if (exitCode === 2 && code !== "api_version_retired") {
      const policy = this.policy([this.input], { type: "file", path: this.folder });
      const once = { policy, dataDirectory: join(this.folder, "data"), once: true };
      expect(await run(once, { environment: {}, log: silentLog, stop: new AbortController().signal })).toBe(2);
    }
    for (const secret of [pem(APP_KEY.privateKey).slice(100, 150), PASSPHRASE, "incorrect horse"]) {
      expect(JSON.stringify(lines)).not.toContain(secret);
    }
  }

  async close(): Promise<void> {
    await this.org.close();
    rmSync(this.folder, { recursive: true });
  }
}
