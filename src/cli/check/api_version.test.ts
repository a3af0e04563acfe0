import { expect, test } from "vitest";
import { versionFinding } from "./api_version.ts";

const offered = (...versions: number[]) => JSON.stringify(versions.map((one) => ({ version: one.toFixed(1) })));

test.each([
  ["66.0", offered(31, 40, 41, 66, 68), "ok", "66.0 is used; the org offers 31.0 to 68.0."],
  [
    "40.0",
    offered(31, 40, 41, 66, 68),
    "warning",
    "40.0 is unsupported from Summer '27 and gone from Summer '28 (the org offers 31.0 to 68.0).",
  ],
  ["66.0", offered(65, 66, 68), "warning", "66.0 is among the oldest that the org offers (65.0 to 68.0)."],
])("version %s of %s is %s", (wanted, body, verdict, message) => {
  expect(versionFinding(body, wanted)).toMatchObject({ verdict, message });
});
