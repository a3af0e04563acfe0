import { isMapping } from "../core/block.ts";
import { parsedJson } from "../core/json.ts";
import { decimalNumber } from "./cell_value.ts";

/** Salesforce gives no more characters (Field Reference, SecurityEventData); a longer leaf would be too long for the index. */
const LONGEST = 10_000;
/** What can be the name of a member of a flattened field. */
const NAME = /^(?=.*\S)\P{Cc}{1,255}$/u;

const MEMBERS: Readonly<Record<string, string>> = {
  featureContribution: "contribution",
  featureValue: "value",
  previousValue: "previous_value",
  currentValue: "current_value",
};

/**
 * What a detection rests on, from `[{"featureName": "userAgent", "featureContribution": "0.45 %", "featureValue": …}, …]`, as JSON
 * of an object by the names of the features: `{"userAgent":{"contribution":"0.45","value":…}}`. Values are texts, as a flattened
 * field has them. "" for none, undefined for what has another shape.
 */
export function evidenceValue(text: string): string | undefined {
  if (text.trim() === "") {
    return "";
  }
  const features = text.length > LONGEST ? undefined : parsedJson(text);
  if (!Array.isArray(features)) {
    return undefined;
  }
  const byName = new Map<string, string>();
  for (const feature of features) {
    const { featureName: name, ...rest } = isMapping(feature) ? feature : {};
    const members = Object.entries(rest).map(memberOf);
    if (!isName(name) || byName.has(name) || members.includes(undefined)) {
      return undefined;
    }
    byName.set(name, `${JSON.stringify(name)}:{${members.filter((member) => member !== "").join(",")}}`);
  }
  return byName.size === 0 ? "" : `{${[...byName.values()].join(",")}}`;
}

/** "" for what says nothing, undefined for what is no plain value. */
function memberOf([key, value]: readonly [string, unknown]): string | undefined {
  if (value === null) {
    return "";
  }
  if (!isName(key) || !["string", "number", "boolean"].includes(typeof value)) {
    return undefined;
  }
  const isShare = key === "featureContribution" && typeof value === "string";
  const share = isShare ? decimalNumber(value.replace(/%\s*$/, "")) : undefined;
  const name = Object.hasOwn(MEMBERS, key) ? MEMBERS[key] : key;
  return `${JSON.stringify(name)}:${JSON.stringify(share || String(value))}`;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}
