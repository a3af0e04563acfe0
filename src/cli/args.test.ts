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
    [["run"], "run needs --policy."],
    [["run", "--polcy", "x"], "--polcy"],
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

  test.each([[[]], [["--help"]], [["help", "run"]], [["run", "--help"]]])("%j asks for help", (argv) => {
    expect(parseCommand(argv).command).toBe("help");
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
