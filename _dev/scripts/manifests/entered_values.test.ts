import { generateKeyPairSync } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePrivateKey } from "../../../src/auth/private_key.ts";
import { knownDatasets } from "../../../src/cli/known_datasets.ts";
import { parsePolicy } from "../../../src/policy/parse_policy.ts";
import type { Input } from "../../../src/policy/policy.ts";
import { agentInput } from "./fleet_policy.ts";
import { FLEET_COMPILERS, type FleetCompiler } from "./fleet_rendering.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FILES = new Map(
  globSync(["manifest.yml", "agent/input/*", "data_stream/*/manifest.yml", "data_stream/*/agent/stream/*"], {
    cwd: ROOT,
  }).map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
);
const OUTPUTS = { default: { type: "elasticsearch", hosts: ["https://es.example.com"], api_key: "id:key" } };
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const ENCRYPTED = privateKey
  .export({ type: "pkcs1", format: "pem", cipher: "aes-128-cbc", passphrase: "pass" })
  .toString();

function throughFleet(compiler: FleetCompiler, vars: Readonly<Record<string, unknown>>, tags: readonly string[] = []) {
  const entered = { client_id: "3MVG9", username: "u@acme.com", private_key: PEM, ...vars };
  const policy = { id: "0c1d", name: "acme", vars: entered, streams: { login: { vars: { tags } } } };
  return agentInput(FILES, policy, compiler);
}

function understood(block: object): Input {
  const policy = parsePolicy({ outputs: OUTPUTS, inputs: [block] }, { datasets: knownDatasets(), environment: {} });
  expect(policy.brokenInputs.flatMap(({ problems }) => problems)).toEqual([]);
  const [input] = policy.inputs;
  if (input === undefined) {
    throw new Error("there is no input");
  }
  return input;
}

/** What people paste into a line: anything that can be seen, and all that YAML, Handlebars or Fleet take for more than text. */
const line = fc
  .array(
    fc.oneof(
      fc.constantFrom(..."'\"\\:#{}[]&*!|>%@`-?,=~ \t".split("")),
      fc.constantFrom(
        "{{",
        "}}",
        "{{#if x}}",
        ": ",
        " #",
        "$co.elastic",
        "##x##",
        "null",
        "1e3",
        '# \\" "',
        "Ä",
        "漢",
        "🦅",
        "\u00a0",
      ),
      fc.string({ unit: "grapheme", maxLength: 8 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(""))
  // `${…}` is a variable of the policy, on purpose, and a reference to a secret is one.
  .filter(
    (text) =>
      text.trim() !== "" &&
      !text.includes("${") &&
      !/\p{Cc}|\p{Cs}|[\u2028\u2029\ufeff]/u.test(text.replaceAll("\t", "")),
  );

describe.each(FLEET_COMPILERS)("entered in Fleet, by its %s", (compiler) => {
  test("every line arrives as it is, whatever the others hold", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(line, line, line, line, fc.array(line, { maxLength: 3 }), (name, client, user, pass, tags) => {
        const vars = { organization_name: name, client_id: client, username: user, private_key_passphrase: pass };
        const input = understood(throughFleet(compiler, vars, tags));
        expect(input).toMatchObject({
          organization: { name: name.trim() },
          auth: { clientId: client.trim(), username: user.trim() },
          api: { version: "66.0", dailyRequestShare: 20 },
        });
        expect(input.auth.privateKeyPassphrase?.reveal()).toBe(pass);
        expect(input.auth.privateKey?.reveal()).toBe(PEM);
        expect(input.streams[0]?.tags).toEqual([...new Set(tags.map((tag) => tag.trim()))]);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ["with a line break at its end", PEM, undefined],
    ["without one", PEM.trimEnd(), undefined],
    ["from Windows", PEM.replaceAll("\n", "\r\n"), undefined],
    ["from Windows without a line break at its end", PEM.trimEnd().replaceAll("\n", "\r\n"), undefined],
    ["with blanks around its lines", PEM.replaceAll("\n", "  \n  "), undefined],
    ["with empty lines before and behind it", `\n\n${PEM}\n\n`, undefined],
    ["encrypted, with the empty line behind its headers", ENCRYPTED, "pass"],
    ["encrypted, from Windows", ENCRYPTED.replaceAll("\n", "\r\n"), "pass"],
    ["in one line", PEM.replaceAll("\n", "\\n"), undefined],
  ])("a key %s can be used, beside a name with one quotation mark", (_, key, passphrase) => {
    const vars = { organization_name: 'Acme 5" pipes', private_key: key, private_key_passphrase: passphrase };
    const { auth, organization } = understood(throughFleet(compiler, vars));
    expect(organization.name).toBe('Acme 5" pipes');
    const read = parsePrivateKey(auth.privateKey?.reveal() ?? "", passphrase, "auth.private_key");
    expect(read.equals(privateKey)).toBe(true);
  });

  test("a secret is a reference alone, which Fleet Server finds, and TLS settings stand as YAML", () => {
    const secret = { isSecretRef: true, id: "a-b_1" };
    const vars = {
      organization_name: '"',
      private_key: secret,
      private_key_passphrase: secret,
      api_proxy_url: secret,
      state_api_key: secret,
      api_ssl: 'certificate: "/etc/a b.pem"\nverification_mode: full\n',
    };
    const reference = "$co.elastic.secret{a-b_1}";
    expect(throughFleet(compiler, vars)).toMatchObject({
      organization: { name: '"' },
      auth: { private_key: reference, private_key_passphrase: reference },
      api: { proxy_url: reference, ssl: { certificate: "/etc/a b.pem", verification_mode: "full" } },
      state: { store: "local", api_key: reference },
    });
  });
});
