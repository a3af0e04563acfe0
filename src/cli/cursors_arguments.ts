import { type CommandDeclaration, type OptionValues, textOf, usage } from "./command_declaration.ts";
import type { CursorsOptions } from "./cursors.ts";

const COPIED_TO = ["local", "elasticsearch"] as const;

export const CURSORS_COMMAND = {
  summary: "Shows how far each stream has come. A runner that uses the data directory must be stopped.",
  options: {
    policy: {
      type: "string",
      value: "FILE",
      help: "A policy whose inputs share their state: shows that one, and changes it, also while hosts collect.",
    },
    "data-dir": { type: "string", value: "DIR", default: "./data", help: "The data directory of run." },
    reset: {
      type: "string",
      value: "STREAM",
      help: "Forgets how far this stream has come: the next run begins again with its initial_lookback.",
    },
    retry: {
      type: "string",
      value: "ID",
      help: "Has an event log file or a window of an object that failed, parked or not, tried again as soon as the runner starts.",
    },
    "copy-to": {
      type: "string",
      value: "STORE",
      values: COPIED_TO,
      help: "With --policy, whose hosts are stopped: to elasticsearch moves what the data directory has into the shared state; to local copies that into the data directory.",
    },
    kept: {
      type: "boolean",
      help: "Prints the events that are kept because Elasticsearch does not take them, one JSON object a line, with the reason.",
    },
    "discard-kept": {
      type: "string",
      value: "STREAM",
      help: "Gives the kept events of this stream up for good.",
    },
    json: { type: "boolean", help: "One JSON object a line." },
  },
  examples: [
    "aquila-salesforce cursors --data-dir /var/lib/aquila-salesforce",
    "aquila-salesforce cursors --data-dir /var/lib/aquila-salesforce/backfill --json",
    "aquila-salesforce cursors --policy policy.yml",
    "aquila-salesforce cursors --policy policy.yml --data-dir /var/lib/aquila-salesforce --copy-to local",
  ],
} as const satisfies CommandDeclaration;

/** Throws `usage` for what belongs to a data directory alone, or to a shared state alone. */
export function cursorsOptions(values: OptionValues): CursorsOptions {
  const policy = textOf(values, "policy");
  const copyTo = COPIED_TO.find((store) => store === values["copy-to"]);
  if (copyTo !== undefined && policy === undefined) {
    throw usage("--copy-to needs --policy.", "Name the policy whose inputs share their state.");
  }
  if (policy !== undefined && (values.kept === true || values["discard-kept"] !== undefined)) {
    throw usage("Kept events are in a data directory, not in a shared state.", "Leave --policy out.");
  }
  return {
    policy,
    copyTo,
    dataDirectory: String(values["data-dir"]),
    reset: textOf(values, "reset"),
    retry: textOf(values, "retry"),
    kept: values.kept === true,
    discardKept: textOf(values, "discard-kept"),
    json: values.json === true,
  };
}
