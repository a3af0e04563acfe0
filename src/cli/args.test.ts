import { describe, expect, test } from "vitest";
import { COMMANDS, helpText, parseCommand } from "./args.ts";

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
    [["run"], "run needs either --policy or --policy-url."],
    [["run", "--policy", "p", "--policy-url", "https://k/app/fleet/policies/p"], "either"],
    [["run", "--policy-url", "kibana"], "not a web address"],
    [["install-package"], "install-package needs --kibana."],
    [["run", "--polcy", "x"], "Unknown option '--polcy'; did you mean --policy?"],
    [["run", "--nonsense", "x"], "Unknown option '--nonsense'."],
    [["check"], "check needs either --policy or --policy-url."],
    [["init"], "init needs --username."],
    [["init", "--username", "u", "--bits", "1024"], "--bits must be one of 2048, 3072, 4096."],
    [["init", "--username", "u", "--days", "0"], "--days must be a whole number from 1 to 3650."],
    [["init", "--username", "u", "--login-url", "http://acme.example"], "--login-url must be an https address."],
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
      "https://acme.my.salesforce.com/x",
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
      package: expect.stringMatching(/^build\/aquila_salesforce-\d+\.\d+\.\d+.*\.zip$/),
    });
  });

  test.each([[[]], [["--help"]], [["help", "run"]], [["run", "--help"]]])("%j asks for help", (argv) => {
    expect(parseCommand(argv).command).toBe("help");
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
