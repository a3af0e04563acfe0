// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are variables of a policy
import { describe, expect, test } from "vitest";
import { substitute } from "./variables.ts";

const PEM = "-----BEGIN PRIVATE KEY-----\nMII: #\n-----END PRIVATE KEY-----\n";
const ENVIRONMENT = { API_KEY: "id:key", HOST: "es", EMPTY: "", PEM, LOOKS_LIKE: "${env.HOST}" };

describe("values", () => {
  test.each([
    ["no variable", "no variable"],
    ["${env.API_KEY}", "id:key"],
    ["${API_KEY}", "id:key"],
    ["${ API_KEY }", "id:key"],
    ["https://${HOST}:9200/${env.HOST}", "https://es:9200/es"],
    ["${env.MISSING|env.HOST}", "es"],
    ["${env.MISSING|'a text | with: signs'}", "a text | with: signs"],
    ['${env.MISSING | "text"}', "text"],
    ["${env.HOST|'text'}", "es"],
    ["${env.MISSING:text}", "text"],
    ["${env.MISSING:a:b}", "a:b"],
    ["${env.HOST:text}", "es"],
    ["${env.EMPTY|'text'}", ""],
    ["${'it\\'s'}", "it's"],
    ["$${env.HOST}", "${env.HOST}"],
    ["$${env.HOST} ${env.HOST}", "${env.HOST} es"],
    ["100$ and {braces}", "100$ and {braces}"],
    ["${PEM}", PEM],
    ["${env.LOOKS_LIKE}", "${env.HOST}"],
  ])("%s", (text, expected) => {
    expect(substitute(text, { env: ENVIRONMENT })).toEqual({ text: expected, problems: [] });
  });
});

describe("problems", () => {
  test.each([
    ["${env.MISSING}", "needs the environment variable MISSING, which is not set"],
    [
      "${MISSING|env.OTHER}",
      "needs the environment variable MISSING, which is not set, or the environment variable OTHER, which is not set",
    ],
    [
      "${docker.container.id}",
      "uses the variable docker.container.id; the runner knows only env, filesource and host, such as ${env.NAME}",
    ],
    ["${}", "holds a variable without a name"],
    ["secret${", "holds a ${ that is no variable; write $${ for the characters themselves"],
    ["${env.HOST", "holds a ${ that is no variable; write $${ for the characters themselves"],
    ["${env.H@ST}", "holds a ${ that is no variable; write $${ for the characters themselves"],
  ])("%s", (text, problem) => {
    expect(substitute(text, { env: ENVIRONMENT }).problems).toEqual([problem]);
  });

  test("all of a text are listed", () => {
    expect(substitute("${A} ${B}", { env: ENVIRONMENT }).problems).toHaveLength(2);
  });
});
