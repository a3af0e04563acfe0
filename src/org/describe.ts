import { RETRY, RunnerError } from "../core/errors.ts";
import { MEGABYTE } from "../core/http.ts";
import type { OrgClient } from "./org_client.ts";

/** Bytes; an event object's description has about 1,300 for each of its dozens of fields. */
const LONGEST_DESCRIPTION = 2 * MEGABYTE;
/** More fields no object can have (Salesforce Features and Edition Limits, "Custom Fields Allowed Per Object"). */
const MOST_FIELDS = 2_000;
const FIELD_NAME = /^[A-Za-z]\w{0,99}$/;
/** Types whose value is no single one, or too long to be asked for with thousands of records (Object Reference, "Field Types"). */
const UNSELECTABLE = new Set(["address", "location", "complexvalue", "anyType", "base64"]);
/** Characters; fields of longer text make Salesforce answer fewer records at a time. */
const LONGEST_TEXT = 32_000;

/**
 * The names of an object's fields that a query can ask for, as the user sees them: what field-level security hides is not among
 * them (REST API Developer Guide, "sObject Describe"). One API call. Throws `answer_unreadable` for what is no description.
 */
export async function describedFields(
  client: OrgClient,
  object: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = `/services/data/v${client.apiVersion}/sobjects/${object}/describe`;
  const asked = `description of ${object}`;
  const answer = await client.getJson(path, asked, signal, LONGEST_DESCRIPTION);
  const { name, fields } = (answer ?? {}) as { name?: unknown; fields?: unknown };
  if (name !== object || !Array.isArray(fields)) {
    throw new RunnerError("answer_unreadable", `Salesforce's answer is no description (${asked}).`, { next: RETRY });
  }
  return [...new Set(fields.slice(0, MOST_FIELDS).flatMap(selectableName))];
}

function selectableName(field: unknown): string[] {
  const { name, type, length, deprecatedAndHidden } = (field ?? {}) as Record<string, unknown>;
  const isSelectable =
    typeof name === "string" &&
    FIELD_NAME.test(name) &&
    typeof type === "string" &&
    !UNSELECTABLE.has(type) &&
    !(typeof length === "number" && length > LONGEST_TEXT) &&
    deprecatedAndHidden !== true;
  return isSelectable ? [name] : [];
}
