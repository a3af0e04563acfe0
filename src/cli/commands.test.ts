import { describe, expect, test } from "vitest";
import { COMMANDS, helpText, parseCommand } from "./commands.ts";

describe("parseCommand", () => {
  test("reads run with its defaults", () => {
    expect(parseCommand(["run", "--policy", "p.yml"])).toEqual({
      command: "run",
      policy: "p.yml",
      dataDirectory: "./data",
      once: false,
    });
    expect(parseCommand(["run", "--policy=p.yml", "--data-dir", "d", "--once"])).toMatchObject({
      dataDirectory: "d",
      once: true,
    });
  });

  test.each([
    [["rum"], "There is no command rum."],
    [["run"], "run needs --policy or --policy-url."],
    [["run", "--policy", "p", "--policy-url", "https://k/app/fleet/policies/p"], "either"],
    [["run", "--policy-url", "kibana"], "not a web address"],
    [["install-package"], "install-package needs --kibana."],
    [["run", "--polcy", "x"], "Unknown option '--polcy'; did you mean --policy?"],
    [["run", "--nonsense", "x"], "Unknown option '--nonsense'."],
    [["check"], "check needs --policy or --policy-url."],
    [["init"], "init needs --username or --rotate or --create-api-key."],
    [["init", "--username", "not-a-username"], "not-a-username is no user name of Salesforce."],
    [
      ["init", "--username", "u@acme.example", "--login-url", "https://acme.my.salesforce.com/x?y=1"],
      "without a path or query",
    ],
    [
      ["init", "--username", "u@acme.example", "--login-url", "https://acme.lightning.force.com"],
      "use the org's My Domain",
    ],
    [["run", "--policy", "p", "--log-level", "loud"], "--log-level must be one of debug, info, warn, error."],
    [["completion"], "completion needs one of bash, zsh, fish."],
    [["completion", "tcsh"], "completion needs one of bash, zsh, fish."],
    [["completion", "bash", "zsh"], "completion needs one of bash, zsh, fish."],
    [["init", "--username", "u", "--bits", "1024"], "--bits must be one of 2048, 3072, 4096."],
    [["init", "--username", "u", "--days", "0"], "--days must be a whole number from 1 to 3650."],
    [
      ["init", "--username", "u@acme.example", "--login-url", "http://acme.example"],
      "--login-url: must start with https://",
    ],
    [["run", "--policy"], "--policy"],
    [["run", "extra", "--policy", "p"], "extra"],
  ])("refuses %j and says what is possible", (argv, message) => {
    expect(() => parseCommand(argv)).toThrow(message);
    try {
      parseCommand(argv);
    } catch (error) {
      expect(error).toMatchObject({ code: "usage", fault: "configuration" });
      expect((error as { cure?: string }).cure).toBeTruthy();
    }
  });

  test("reads agent as Elastic Agent starts it", () => {
    const argv = ["agent", "-E", "logging.level=info", "-E", "path.data=/run/a=b"];
    expect(parseCommand(argv)).toEqual({ command: "agent", dataDirectory: "/run/a=b" });
    expect(parseCommand(["agent"])).toEqual({ command: "agent", dataDirectory: "." });
  });

  test("reads run with a policy of Kibana", () => {
    const url = "https://kibana.example.com/app/fleet/policies/p1";
    expect(parseCommand(["run", "--policy-url", url])).toMatchObject({ policy: new URL(url) });
  });

  test("asks what a misspelt command was to be", () => {
    expect(() => parseCommand(["chek"])).toThrow(
      expect.objectContaining({ cure: expect.stringMatching(/^Did you mean aquila-salesforce check\?/) }),
    );
  });

  test("reads check and init", () => {
    expect(parseCommand(["check", "--policy", "p.yml", "--org", "Acme", "--json"])).toEqual({
      command: "check",
      policy: "p.yml",
      org: "Acme",
      certificate: undefined,
      json: true,
    });
    const init = parseCommand([
      "init",
      "--username",
      "u@acme.example",
      "--login-url",
      "https://acme.my.salesforce.com/",
    ]);
    expect(init).toMatchObject({
      rotate: false,
      username: "u@acme.example",
      contactEmail: "u@acme.example",
      loginUrl: "https://acme.my.salesforce.com",
      bits: 3072,
      days: 730,
      out: "./salesforce",
    });
    const apiKey = parseCommand(["init", "--create-api-key", "--out", "acme"]);
    expect(apiKey).toEqual({ command: "init", createApiKey: true, out: "acme", force: false });
    expect(parseCommand(["init", "--rotate", "--out", "acme"])).toMatchObject({ rotate: true, out: "acme" });
  });

  test("reads what installs", () => {
    expect(parseCommand(["install-component"])).toEqual({
      command: "install-component",
      agentHome: undefined,
      uninstall: false,
      restart: false,
      watch: false,
    });
    expect(parseCommand(["install-component", "--watch"])).toMatchObject({ watch: true });
    expect(() => parseCommand(["install-component", "--watch", "--uninstall"])).toThrow(
      /either --watch or --uninstall/,
    );
    expect(parseCommand(["install-component", "--agent-home", "/a", "--uninstall"])).toMatchObject({
      agentHome: "/a",
      uninstall: true,
    });
    expect(parseCommand(["install-package", "--kibana", "https://k"])).toEqual({
      command: "install-package",
      kibana: "https://k",
      package: undefined,
    });
  });

  test.each([[[]], [["--help"]], [["help", "run"]], [["run", "--help"]]])("%j asks for help", (argv) => {
    expect(parseCommand(argv).command).toBe("help");
  });

  test("reads the log level, and the version by its short name", () => {
    expect(parseCommand(["run", "--policy", "p", "--log-level", "debug"])).toMatchObject({ logLevel: "debug" });
    expect(parseCommand(["-v"])).toEqual({ command: "version" });
  });

  test("help marks what is required, in its first line too", () => {
    expect(helpText("backfill")).toContain("Usage: aquila-salesforce backfill --from TIME --to TIME [OPTIONS]");
    expect(helpText("backfill")).toMatch(/--from TIME +Required\. /);
    expect(helpText("run")).toMatch(/--policy FILE +Required, or --policy-url\. /);
    expect(helpText("init")).toMatch(/--username NAME +Required, or --rotate, --create-api-key\. /);
    expect(helpText("run")).not.toMatch(/--once +Required/);
    expect(helpText("completion")).toContain("Usage: aquila-salesforce completion SHELL [OPTIONS]");
  });

  test("help names the exit codes, of every command", () => {
    for (const about of [undefined, ...Object.keys(COMMANDS)]) {
      expect(helpText(about)).toContain("Exit codes: 0 done, 1 failed while running, 2 wrong configuration or usage.");
    }
  });

  test("help keeps options and their texts apart", () => {
    for (const name of Object.keys(COMMANDS)) {
      const options = helpText(name)
        .split("\n")
        .filter((line) => line.startsWith("  -"));
      expect(options.length).toBeGreaterThan(0);
      for (const line of options) {
        expect(line).toMatch(/^ {2}\S.*? {2,}\S/);
      }
    }
  });

  test("help fits into a terminal, but for what is to be copied", () => {
    for (const about of [undefined, ...Object.keys(COMMANDS)]) {
      const wide = helpText(about, 80)
        .split("\n")
        .filter((line) => line.length > 80 && !line.startsWith("  aquila-salesforce"));
      expect(wide).toEqual([]);
    }
  });

  test("help names every command, option and example", () => {
    for (const [name, { options, examples }] of Object.entries(COMMANDS)) {
      expect(helpText(undefined)).toContain(name);
      for (const option of Object.keys(options)) {
        expect(helpText(name)).toContain(`--${option}`);
      }
      for (const example of examples) {
        expect(helpText(name)).toContain(example);
        expect(parseCommand(example.split(" ").slice(1)).command).toBe(name);
      }
    }
  });
});
