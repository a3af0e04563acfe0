import { type CommandDeclaration, type OptionValues, textOf } from "./command_declaration.ts";
import type { CursorsOptions } from "./cursors.ts";

export const CURSORS_COMMAND = {
  summary: "Shows how far each stream has come. The runner must be stopped.",
  options: {
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
  ],
} as const satisfies CommandDeclaration;

export function cursorsOptions(values: OptionValues): CursorsOptions {
  return {
    dataDirectory: String(values["data-dir"]),
    reset: textOf(values, "reset"),
    retry: textOf(values, "retry"),
    kept: values.kept === true,
    discardKept: textOf(values, "discard-kept"),
    json: values.json === true,
  };
}
