import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { GIVE_UP, RunnerError } from "./errors.ts";
import { createLog, ecsLine } from "./log.ts";
import { Secret, withoutSecrets } from "./secret.ts";

const TOKEN = "00D000000000001!AQcAQ.secret/token+of=acme";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const API_KEY = Buffer.from("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw").toString("base64");

/** Held as long as the tests run. */
const held = [TOKEN, PEM, API_KEY, "hunter2hunter2", "short"].map((value) => new Secret(value));

test.each([
  ["as it is", `no session ${TOKEN} here`, "no session [secret] here"],
  ["in an address", `/callback?t=${encodeURIComponent(TOKEN)}&x`, "/callback?t=[secret]&x"],
  ["in base64", `got ${Buffer.from(TOKEN).toString("base64")}.`, "got [secret]."],
  ["a header", "sent Authorization: Bearer abc.def.ghi twice", "sent Authorization: Bearer [secret] twice"],
  ["a header of a user", "Basic dXNlcjpwYXNzd29yZA== refused", "Basic [secret] refused"],
  ["an API key as it is sent", `key ${API_KEY} is invalid`, "key [secret] is invalid"],
  ["an API key's secret part", "key ui2lp2axTNmsyakw9tvNnw is invalid", "key [secret] is invalid"],
  ["a password", "wrong password hunter2hunter2", "wrong password [secret]"],
  ["a line of a key", `near ${PEM.split("\n")[3]}`, "near [secret]"],
  ["no secret", "a short story of the Basic idea", "a short story of the Basic idea"],
])("what a far side echoes is taken out: %s", (_, said, kept) => {
  expect(held).toHaveLength(5);
  expect(withoutSecrets(said)).toBe(kept);
});

test("no error, log line or status of one holds what was echoed", () => {
  const error = new RunnerError("query_refused", `Salesforce says: bad token ${TOKEN}.`, {
    next: GIVE_UP,
    cure: `Replace ${TOKEN}.`,
  });
  const lines: string[] = [];
  const log = createLog((level, message, fields) => lines.push(ecsLine(new Date(0), level, message, fields)));
  log.error(error.text, { "error.message": error.message });
  for (const shown of [
    error.text,
    error.message,
    error.cure,
    String(error),
    JSON.stringify(error),
    error.stack,
    ...lines,
  ]) {
    expect(shown).not.toContain(TOKEN);
  }
});
