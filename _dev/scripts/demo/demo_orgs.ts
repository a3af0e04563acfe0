import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Given } from "../../deploy/docker/mock_org/given.ts";
import { connectMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";

const MOCK_ORG = resolve(import.meta.dirname, "../../deploy/docker/mock_org/main.ts");

export interface DemoOrgOptions {
  readonly name: string;
  readonly sandbox: boolean;
  /** Tells the orgs apart. */
  readonly serial: number;
  /** A folder of CSV files to serve; the org's past is then that of the folder as it is. */
  readonly files?: string | undefined;
  /** `serial` by default. */
  readonly past?: string;
  /** Whether it pushes live events. */
  readonly pubSub?: boolean;
}

export interface DemoOrg {
  readonly name: string;
  readonly orgId: string;
  /** Tells apart what cursors are about: the org, and its files if they are of a folder. */
  readonly past: string;
  readonly servesFiles: boolean;
  /** How many event log files it has at its start. */
  readonly files: number;
  readonly url: string;
  /** "" where it pushes no live events. */
  readonly pubSubUrl: string;
  readonly clientId: string;
  readonly username: string;
  readonly privateKeyPath: string;
  readonly given: Given;
  stop(): Promise<void>;
}

/** A mock Salesforce org in a process of its own, which ends with this one. Its RSA key is made in `folder` once. */
export async function startDemoOrg(folder: string, options: DemoOrgOptions): Promise<DemoOrg> {
  const { privateKeyPath, publicKeyPath } = keyPair(join(folder, "keys"), String(options.serial));
  const child = spawn(
    process.execPath,
    [
      MOCK_ORG,
      ...["--certificate", publicKeyPath, "--org-name", options.name, "--org-serial", String(options.serial)],
      ...(options.sandbox ? ["--sandbox"] : []),
      ...(options.pubSub === true ? ["--pub-sub"] : []),
      ...(options.files === undefined ? [] : ["--files", options.files]),
      "--stop-with-parent",
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const ready = await firstLine(child);
  return {
    name: options.name,
    servesFiles: options.files !== undefined,
    past: options.past ?? String(options.serial),
    ...ready,
    privateKeyPath,
    given: connectMockOrg(ready.url),
    stop: () =>
      new Promise((done) => {
        child.once("exit", () => done());
        child.kill("SIGTERM");
      }),
  };
}

/** What the program says of the org once it is ready. */
type Ready = Pick<DemoOrg, "url" | "orgId" | "clientId" | "username" | "files" | "pubSubUrl">;

function firstLine(child: ChildProcess): Promise<Ready> {
  return new Promise((done, failed) => {
    child.once("exit", (code) => failed(new Error(`The mock org ended with code ${code}.`)));
    if (child.stdout !== null) {
      createInterface(child.stdout).once("line", (line) => {
        const { url, orgId, clientId, username, files, pubSubUrl = "" } = JSON.parse(line);
        done({ url, orgId, clientId, username, files, pubSubUrl });
      });
    }
  });
}

function keyPair(folder: string, name: string): { privateKeyPath: string; publicKeyPath: string } {
  const privateKeyPath = join(folder, `${name}.key.pem`);
  const publicKeyPath = join(folder, `${name}.public.pem`);
  if (!existsSync(privateKeyPath) || !readFileSync(privateKeyPath, "utf8").includes("PRIVATE KEY")) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(privateKeyPath, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(publicKeyPath, publicKey.export({ type: "spki", format: "pem" }));
  }
  return { privateKeyPath, publicKeyPath };
}
