import { randomBytes, X509Certificate } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { findObjectType } from "../catalog/catalog.ts";
import { type Clock, isoDay, systemClock } from "../core/clock.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { createHttp, type Http } from "../core/http.ts";
import { makeFolder } from "../core/private_file.ts";
import { Secret } from "../core/secret.ts";
import { defaultNames } from "../policy/input_block.ts";
import type { Environment } from "../policy/variables.ts";
import { EVENT_LOG_FILES } from "../sources/event_log_files/kind.ts";
import { EVENT_OBJECTS } from "../sources/objects/kind.ts";
import { createApiKey } from "./init/api_key.ts";
import { makeAppKey } from "./init/app_key.ts";
import { nextSteps, rotationSteps } from "./init/next_steps.ts";
import { policyText } from "./init/policy_text.ts";
import { CERTIFICATE_FILES, salesforceProject, withCertificate } from "./init/salesforce_project.ts";
import { quoted } from "./init/shell_quote.ts";
import { knownDatasets } from "./known_datasets.ts";
import { refusalToWrite } from "./writable_folder.ts";

interface KeyOptions {
  /** Folder that everything is written into. */
  readonly out: string;
  readonly bits: number;
  readonly days: number;
  readonly commonName: string;
  /** Environment variable with the passphrase that encrypts the key; undefined for a plain key. */
  readonly passphraseVariable: string | undefined;
  /** Overwrites files that are there. */
  readonly force: boolean;
}

export interface SetUpOptions extends KeyOptions {
  readonly rotate: false;
  readonly username: string;
  readonly organizationName: string;
  readonly loginUrl: string;
  readonly contactEmail: string;
  readonly realTime: boolean;
  readonly viewAllData: boolean;
}

export interface RotationOptions extends KeyOptions {
  readonly rotate: true;
}

export interface ApiKeyOptions {
  readonly createApiKey: true;
  readonly out: string;
  readonly force: boolean;
}

export type InitOptions = SetUpOptions | RotationOptions | ApiKeyOptions;

export interface InitSurroundings {
  readonly environment: Environment;
  readonly print: (line: string) => void;
  readonly clock?: Clock;
  readonly http?: Http;
}

const FILES = { privateKey: "private_key.pem", certificate: "certificate.crt", policy: "policy.yml" } as const;
const NEXT_FILES = { privateKey: "private_key.next.pem", certificate: "certificate.next.crt" } as const;
const STEPS_FILE = "NEXT_STEPS.md";
const API_KEY_FILE = "elasticsearch.env";

/**
 * `init`: makes what an org needs before its first event. With `rotate`, the next key beside the present one; with
 * `createApiKey`, the API key of Elasticsearch. Gives the exit
 * code. Throws `usage` where a file would be overwritten or an environment variable is missing, `output_unwritable`
 * where a file can't be written.
 */
export async function init(options: InitOptions, surroundings: InitSurroundings): Promise<number> {
  if ("createApiKey" in options) {
    return await keepApiKey(options, surroundings);
  }
  return options.rotate ? await rotate(options, surroundings) : await setUp(options, surroundings);
}

async function setUp(
  options: SetUpOptions,
  { environment, print, clock = systemClock }: InitSurroundings,
): Promise<number> {
  const { username, organizationName, loginUrl, realTime, passphraseVariable } = options;
  const out = resolve(options.out);
  const passphrase = passphraseOf(options, environment);
  await refuseUsedFolder(out, [FILES.privateKey, FILES.certificate, FILES.policy], options.force);
  await refuseUnwritable(out);
  const key = await makeAppKey({ ...options, passphrase, now: clock.now() });
  const clientId = randomBytes(32).toString("hex");
  const datasets = Object.entries(knownDatasets())
    .filter(([, { names }]) => Object.values(names).flat().length > 0)
    .map(([name, dataset]) => {
      const hasFiles = defaultNames(EVENT_LOG_FILES.group, dataset).length > 0;
      const isThere = (object: string) => realTime || (!hasFiles && findObjectType(object)?.free === true);
      return { name, hasFiles, objects: defaultNames(EVENT_OBJECTS.group, dataset).filter(isThere) };
    })
    .filter(({ hasFiles, objects }) => hasFiles || objects.length > 0);
  const objects = datasets.flatMap((dataset) => dataset.objects);
  const files = new Map([
    [FILES.privateKey, key.privateKey],
    [FILES.certificate, key.certificate],
    ...salesforceProject({ ...options, objects, clientId, certificate: key.certificate }),
    [
      FILES.policy,
      policyText({
        organizationName,
        loginUrl,
        clientId,
        username,
        privateKeyPath: join(out, FILES.privateKey),
        passphraseVariable,
        datasets,
      }),
    ],
    [
      STEPS_FILE,
      nextSteps({
        ...options,
        objects,
        files: { ...FILES, apiKey: API_KEY_FILE },
        certificateEnds: key.certificateEnds,
      }),
    ],
    [".gitignore", `${FILES.privateKey}\n${NEXT_FILES.privateKey}\n${FILES.policy}\n${API_KEY_FILE}\n`],
  ]);
  await writeAll(out, files);
  const shown = (name: string) => join(relative(process.cwd(), out) || ".", name);
  print(
    `${shown(FILES.privateKey)}: the private key, ${options.bits} bits${passphraseVariable === undefined ? "" : ", encrypted"}.`,
  );
  print(`${shown(FILES.certificate)}: its certificate, valid until ${isoDay(key.certificateEnds)}.`);
  print(`${shown("force-app")}: permission set and external client app for Salesforce; connected-app for older orgs.`);
  print(`${shown(FILES.policy)}: the policy of the runner.`);
  print(`What to do next is in ${shown(STEPS_FILE)}.`);
  return 0;
}

async function rotate(
  options: RotationOptions,
  { environment, print, clock = systemClock }: InitSurroundings,
): Promise<number> {
  const out = resolve(options.out);
  const present = await presentCertificate(join(out, FILES.certificate));
  const passphrase = passphraseOf(options, environment);
  await refuseUsedFolder(out, Object.values(NEXT_FILES), options.force);
  await refuseUnwritable(out);
  const key = await makeAppKey({ ...options, passphrase, now: clock.now() });
  const files = new Map<string, string>([
    [NEXT_FILES.privateKey, key.privateKey],
    [NEXT_FILES.certificate, key.certificate],
  ]);
  await writeAll(out, files);
  await writeAll(out, await metadataWith(key.certificate, out));
  const steps = rotationSteps({
    presentEnds: present.validToDate.getTime(),
    nextEnds: key.certificateEnds,
    folder: options.out,
    files: FILES,
    nextFiles: NEXT_FILES,
  });
  steps.forEach(print);
  return 0;
}

/** The metadata files that hold a certificate, with the next one; those that are no longer there are left out. */
async function metadataWith(certificate: string, out: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of CERTIFICATE_FILES) {
    const text = await readFile(join(out, path), "utf8").catch(() => undefined);
    if (text !== undefined) {
      files.set(path, withCertificate(text, certificate));
    }
  }
  return files;
}

async function presentCertificate(path: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readFile(path));
  } catch {
    throw new RunnerError("usage", `There is no certificate ${path} to be followed by a next one.`, {
      next: GIVE_UP,
      cure: "Name the folder that aquila-salesforce init has made with --out.",
    });
  }
}

function passphraseOf({ passphraseVariable }: KeyOptions, environment: Environment): Secret | undefined {
  if (passphraseVariable === undefined) {
    return undefined;
  }
  const passphrase = environment[passphraseVariable];
  if (passphrase === undefined || passphrase === "") {
    throw new RunnerError("usage", `The environment variable ${passphraseVariable} is not set.`, {
      next: GIVE_UP,
      cure: "Set it to the passphrase of the private key, or leave --passphrase-env out.",
    });
  }
  return new Secret(passphrase);
}

/** `create-api-key`: keeps the key where only the user reads it, as lines that a shell takes over. */
async function keepApiKey(
  { out, force }: ApiKeyOptions,
  { environment, print, http = createHttp() }: InitSurroundings,
): Promise<number> {
  await refuseUsedFolder(resolve(out), [API_KEY_FILE], force);
  await refuseUnwritable(resolve(out));
  try {
    const { url, apiKey } = await createApiKey(http, environment);
    const lines = [
      `export ELASTICSEARCH_URL=${quoted(url)}`,
      `export ELASTICSEARCH_API_KEY=${quoted(apiKey.reveal())}`,
    ];
    await writeAll(resolve(out), new Map([[API_KEY_FILE, `${lines.join("\n")}\n`]]));
  } finally {
    http.close();
  }
  print(
    `${join(out, API_KEY_FILE)}: the API key of the runner. It may write events to logs-*, read there what is stored, and ask how the cluster is.`,
  );
  print("Take it over into this shell:");
  print(`     . ${quoted(resolve(out, API_KEY_FILE))}`);
  return 0;
}

/** A key that is overwritten is lost, so a folder is used once unless that is meant. */
async function refuseUsedFolder(out: string, names: readonly string[], overwrite: boolean): Promise<void> {
  const there = overwrite ? [] : await existing(names.map((name) => join(out, name)));
  const [first] = there;
  if (first !== undefined) {
    throw new RunnerError("usage", `The folder ${out} is in use: it holds ${basename(first)}.`, {
      next: GIVE_UP,
      cure: "Choose another folder with --out, or overwrite it with --force: a key that is overwritten is lost.",
    });
  }
}

async function refuseUnwritable(out: string): Promise<void> {
  const refusal = await refusalToWrite(out);
  if (refusal !== undefined) {
    throw unwritable(refusal.folder, refusal.code);
  }
}

/** Writes files below a folder, for nobody else's eyes. */
async function writeAll(out: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    const path = join(out, name);
    try {
      makeFolder(dirname(path));
      await writeFile(path, text, { mode: 0o600 });
      await chmod(path, 0o600);
    } catch (error) {
      throw unwritable(path, (error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
}

function unwritable(path: string, code: string): RunnerError {
  return new RunnerError("output_unwritable", `${path} can't be written (${code}).`, {
    next: GIVE_UP,
    cure: "Choose another folder with --out.",
  });
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return found.flat();
}
