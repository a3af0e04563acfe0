import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrivateKey } from "../../../src/auth/private_key.ts";
import { COMMANDS, parseCommand } from "../../../src/cli/commands.ts";
import { EXIT_CODES } from "../../../src/cli/exit_codes.ts";
import { init } from "../../../src/cli/init.ts";
import { staleDocs } from "../build_docs.ts";
import { codeSpans, inlineCommands, runnerArguments, shellBlocks } from "./commands.ts";
import { troubleGroups } from "./troubleshooting.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const TEXTS = ["README.md", "CONTRIBUTING.md", "docs/*.md", "src/README.md", "_dev/**/README.md"];
const texts = globSync(TEXTS, { cwd: ROOT, exclude: ["**/node_modules/**", "_dev/build/**"] }).map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), "utf8"),
}));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

test("finds commands in blocks and between back-quotes", () => {
  const markdown =
    "1. Do\n\n   ```sh\n   a b\n\n   # why\n   c\n   ```\n\nThen `aquila-salesforce run --once` as `aquila-salesforce`.\n";
  expect(shellBlocks(markdown)).toEqual([["a b", "c"]]);
  expect(inlineCommands(markdown)).toEqual(["aquila-salesforce run --once"]);
  expect(runnerArguments('sudo aquila-salesforce check --org "Acme sandbox"')).toEqual([
    "check",
    "--org",
    "Acme sandbox",
  ]);
  expect(runnerArguments("npm run aquila-salesforce -- run --policy p")).toEqual(["run", "--policy", "p"]);
  expect(runnerArguments("sf org login web")).toBeUndefined();
});

describe("the documentation", () => {
  test("is made from its template, and the tables in it from the product", () => {
    expect(staleDocs(ROOT), "run: npm run generate").toEqual([]);
  });

  test.each(texts)("$path: the runner understands every command line", ({ text }) => {
    const lines = [...shellBlocks(text).flat(), ...inlineCommands(text)];
    for (const line of lines) {
      const given = runnerArguments(line);
      const [name = ""] = given ?? [];
      if (given !== undefined && (given.length > 1 || Object.hasOwn(COMMANDS, name))) {
        expect(() => parseComplete(given), line).not.toThrow();
      }
    }
  });

  test("has the exit codes as the program has them", () => {
    const rows = [...read("docs/README.md").matchAll(/^\| (\d) \| ([a-z ]+) \|$/gm)];
    expect(rows.map(([, code, meaning]) => ({ code: Number(code), meaning }))).toEqual(Object.values(EXIT_CODES));
  });

  test("the runner understands every command that its own messages name", () => {
    const sources = globSync("src/**/*.ts", { cwd: ROOT, exclude: ["**/*.test.ts"] })
      .map(read)
      .join("\n");
    const named = [...sources.matchAll(/aquila-salesforce ([a-z][a-z-]*)((?: --[a-z-]+)*)/g)].filter(([, name = ""]) =>
      Object.hasOwn(COMMANDS, name),
    );
    expect(named.length).toBeGreaterThan(20);
    for (const [line, name = "", options = ""] of named) {
      const declared = { ...COMMANDS[name as keyof typeof COMMANDS].options, help: {} };
      const unknown = options.split(" ").filter((word) => word !== "" && !Object.hasOwn(declared, word.slice(2)));
      expect(unknown, line).toEqual([]);
    }
  });

  test.each(texts)("$path: every script of npm is there", ({ text }) => {
    const { scripts } = JSON.parse(read("package.json"));
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
    }
  });

  test("CONTRIBUTING.md runs everything by scripts of npm, which bring their Node, on files that are there", () => {
    const text = read("CONTRIBUTING.md");
    const lines = [...shellBlocks(text).flat(), ...codeSpans(text)].filter((line) => PROGRAMS.test(line));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatch(/^npm (?:ci|test|run [\w:-]+(?: -- \S.*)?)$/);
      const [, given = ""] = /^npm run tests -- (.*)$/.exec(line) ?? [];
      const files = given.replace("--project unit", "").split(" ").filter(Boolean);
      expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    }
  });

  test.each(texts)("$path: every link within the repository leads somewhere", ({ path, text }) => {
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = "", heading] = target.split("#");
      if (/^https?:/.test(target)) {
        continue;
      }
      const found = file === "" ? join(ROOT, path) : join(ROOT, dirname(path), file);
      expect(existsSync(found), `${path}: ${target}`).toBe(true);
      if (heading !== undefined) {
        expect(headingsOf(readFileSync(found, "utf8"))).toContain(heading);
      }
    }
  });

  test("quotes no message but those that the product gives", () => {
    const readme = read("docs/README.md");
    const quoted = [
      ...readme.matchAll(
        /^\| ((?:Salesforce|Elasticsearch|Logstash|Kafka|No answer|The private key|The passphrase) [^|]*) \|/gm,
      ),
    ];
    const given = troubleGroups().flatMap(({ troubles }) => troubles.map(({ message }) => message));
    expect(new Set(given).size).toBe(given.length);
    expect(quoted.length).toBeGreaterThan(25);
    for (const [, message] of quoted) {
      expect(given).toContain(message);
    }
  });

  test("OpenSSL makes a key and a certificate as the steps by hand say", () => {
    const block = shellBlocks(read("docs/README.md")).find(([first]) => first?.startsWith("openssl"));
    const folder = mkdtempSync(join(tmpdir(), "docs-"));
    try {
      execFileSync("sh", ["-e", "-c", (block ?? []).join("\n")], { cwd: folder, stdio: "ignore" });
      const path = join(folder, "private_key.pem");
      const key = parsePrivateKey(readFileSync(path, "utf8"), undefined, path);
      const certificate = readFileSync(join(folder, "certificate.crt"));
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(
        new X509Certificate(certificate).checkPrivateKey(
          createPrivateKey(key.export({ type: "pkcs8", format: "pem" })),
        ),
      ).toBe(true);
      expect(certificate.length).toBeLessThan(4_096);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** What a line begins with that a person types. */
const PROGRAMS = /^(?:npm|npx|node|vitest|tsc|biome) /;

/** A sentence may name a command without all that it needs, such as `aquila-salesforce check`. */
function parseComplete(given: readonly string[]): void {
  const isBare = given.length === 1;
  parseCommand(isBare ? [...given, "--help"] : given);
}

/** Anchors of headings as GitHub makes them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe("what the product itself tells people to type", () => {
  test("NEXT_STEPS.md, the policy and the lines of init", async () => {
    const folder = mkdtempSync(join(tmpdir(), "next-steps-"));
    try {
      const asked = parseCommand([
        "init",
        "--username",
        "u@acme.example",
        "--org-name",
        "Acme",
        "--out",
        join(folder, "acme"),
      ]);
      if (asked.command !== "init") {
        throw new TypeError("init is another command");
      }
      const printed: string[] = [];
      await init(asked, { environment: {}, print: (line) => printed.push(line) });
      const made = globSync("acme/*.{md,yml}", { cwd: folder }).map((path) => readFileSync(join(folder, path), "utf8"));
      const understood = [...made, printed.join("\n")].flatMap(commandsIn);
      expect(understood.length).toBeGreaterThan(1);
      for (const given of understood) {
        expect(() => parseComplete(given), given.join(" ")).not.toThrow();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(Object.entries(COMMANDS))("the examples of %s", (_, { examples }) => {
    for (const example of examples) {
      expect(() => parseCommand(runnerArguments(example) ?? []), example).not.toThrow();
    }
  });

  test("every npm script that a program names is there", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const programs = globSync(["src/**/*.ts", "_dev/**/*.ts"], {
      cwd: ROOT,
      exclude: ["**/*.test.ts", "**/node_modules/**"],
    });
    const named = programs.flatMap((path) => [...read(path).matchAll(/npm run (?:-s )?([\w:-]*\w)/g)]);
    expect(named.length).toBeGreaterThan(20);
    for (const [, script] of named) {
      expect(Object.keys(scripts)).toContain(script);
    }
  });
});

/** The runner's command lines in a text of the product: in blocks, between back-quotes, or behind a colon. */
function commandsIn(text: string): string[][] {
  const behindColons = [...text.matchAll(/: (aquila-salesforce [^\n]+)$/gm)].map(([, line = ""]) => line);
  return [...shellBlocks(text).flat(), ...inlineCommands(text), ...behindColons].flatMap((line) => {
    const given = runnerArguments(line.replace(/(?<=\S)[.,]$/, ""));
    return given !== undefined && Object.hasOwn(COMMANDS, given[0] ?? "") ? [given] : [];
  });
}
