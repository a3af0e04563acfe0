// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are variables of a policy
import { expect, test } from "vitest";
import { conditionHolds } from "./agent_condition.ts";

const providers = { env: { STAGE: "prod", N: "5", EMPTY: "" }, host: { platform: "linux" } };

test.each([
  ["true", true],
  ["false", false],
  ["not false", true],
  ["${host.platform} == 'linux'", true],
  ['${host.platform} == "darwin"', false],
  ["${host.platform} != 'darwin'", true],
  ["${env.STAGE} == 'prod' and ${host.platform} == 'linux'", true],
  ["${env.STAGE} == 'test' or ${host.platform} == 'linux'", true],
  ["${env.STAGE} == 'test' and true or true", true],
  ["${env.STAGE} == 'test' and (true or true)", false],
  ["not (${STAGE} == 'prod')", false],
  ["not ${STAGE} == 'test'", true],
  ["${env.MISSING} == 'x'", false],
  ["${env.MISSING} != 'x'", true],
  ["${env.MISSING|env.STAGE} == 'prod'", true],
  ["${env.EMPTY} == ''", true],
  ["${env.N} == 5", true],
  ["${env.N} > 4", true],
  ["${env.N} <= 4.5", false],
  ["${env.STAGE} == 'it\\'s'", false],
])("%s", (condition, holds) => {
  expect(conditionHolds(condition, providers)).toBe(holds);
});

test.each([
  "${docker.container.name} == 'x'",
  "arrayContains(${host.ip}, '10.0.0.1')",
  "${env.STAGE}",
  "${env.STAGE} ==",
  "(true",
  "true false",
  "prod == ${env.STAGE}",
  "'unclosed",
  "true & false",
  "",
])("%s is for Elastic Agent to decide", (condition) => {
  expect(conditionHolds(condition, providers)).toBeUndefined();
});
