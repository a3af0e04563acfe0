import { expect, test } from "vitest";
import { chooseJava, featureRelease, findJava } from "./java.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

test.each([
  ['IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="25.0.3"\n', 25],
  ['JAVA_VERSION="21"\n', 21],
  ['JAVA_VERSION="1.8.0_392"\n', 8],
  ['IMPLEMENTOR="nobody"\n', undefined],
])("reads the feature release of %j", (text, release) => {
  expect(featureRelease(text)).toBe(release);
});

const java = (release: number, home = `/jdk-${release}`) => ({ home, release });

test.each([
  { name: "a named one goes first", preferred: [java(21)], installed: [java(25)], chosen: java(21) },
  {
    name: "a named one that is too old is passed over",
    preferred: [java(17)],
    installed: [java(21)],
    chosen: java(21),
  },
  {
    name: "of the installed ones the newest",
    preferred: [],
    installed: [java(21), java(25), java(17)],
    chosen: java(25),
  },
  { name: "none is new enough", preferred: [java(11)], installed: [java(17)], chosen: undefined },
])("$name", ({ preferred, installed, chosen }) => {
  expect(chooseJava(preferred, installed)).toEqual(chosen);
});

test("a folder that is named but holds no JDK is passed over", () => {
  try {
    expect(findJava({ ES_JAVA_HOME: "/nonexistent", JAVA_HOME: "" }).release).toBeGreaterThanOrEqual(21);
  } catch (error) {
    expect(error).toBeInstanceOf(ElasticsearchUnavailable);
    expect(String(error)).toContain("ES_JAVA_HOME");
  }
});
