import { LineCounter, parseDocument } from "yaml";
import { isMapping, type Mapping } from "../core/block.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { lookup } from "../core/lookup.ts";
import { closest, didYouMean } from "../core/suggestion.ts";
import { type InputReading, isSwitchedOn, type KnownDataset, readInput } from "./input_block.ts";
import { readOutput } from "./output_block.ts";
import type { BrokenInput, Input, Output, OutputReading, Policy, Problem } from "./policy.ts";
import { prepared } from "./policy_block.ts";
import type { Environment, FileText, VariableProviders } from "./variables.ts";

export interface PolicyContext {
  /** The datasets that the runner can collect. */
  readonly datasets: Readonly<Record<string, KnownDataset>>;
  /** For variables; absent if they have been replaced before, as Elastic Agent does. */
  readonly environment?: Environment;
  /** For variables of the provider `host`. */
  readonly host?: Environment;
  /** Reads a file of `providers.filesource`. May throw what `readFileSync` throws. */
  readonly readFile?: (path: string) => string;
}

const INPUT_TYPE = "aquila-salesforce";

/**
 * What a policy says, given as YAML (or JSON) text or as the value it holds. A problem inside one input breaks that input
 * alone. Throws `policy_unreadable` if the text is not YAML and `policy_invalid` if there is nothing that could run: no
 * mapping, no outputs, no input of type `aquila-salesforce`. No error repeats a value that may be a secret.
 */
export function parsePolicy(policy: unknown, context: PolicyContext): Policy {
  const root = typeof policy === "string" ? yaml(policy) : policy;
  if (!isMapping(root)) {
    throw invalid("The policy must be a mapping with outputs and inputs.");
  }
  const outputs = isMapping(root.outputs) ? root.outputs : undefined;
  if (outputs === undefined || Object.keys(outputs).length === 0) {
    throw invalid(`outputs: must name at least one output, such as default.${nearKey("outputs", root)}`);
  }
  const listed: readonly unknown[] = Array.isArray(root.inputs) ? root.inputs : [];
  const ours = listed.flatMap((block: unknown, index) => (isOurs(block) ? [{ block, index }] : []));
  if (ours.length === 0) {
    throw invalid(
      `inputs: must hold at least one input of type ${INPUT_TYPE}.${nearType(listed)}${nearKey("inputs", root)}`,
    );
  }

  const providers = providersOf(root, context);
  const readings = new Map<string, OutputReading>();
  const output = (name: string): Output | readonly Problem[] => {
    const reading = readings.get(name) ?? readOutput(name, lookup(outputs, name), providers);
    readings.set(name, reading);
    return "problems" in reading ? reading.problems : reading.output;
  };

  const around = {
    datasets: context.datasets,
    providers,
    outputNames: Object.keys(outputs),
    output,
  };
  const inputs: Input[] = [];
  const brokenInputs: BrokenInput[] = [];
  const warnings: string[] = foreignInputs(listed);
  const taken = new Map<string, string>();
  for (const { block, index } of ours) {
    const name = nameOf(block, index);
    // Under Elastic Agent a person sees Fleet's names, and no list to count in.
    const path = providers === undefined ? name : `inputs[${index}] (${name})`;
    if (isSwitchedOn(block, providers) === false) {
      warnings.push(`${path} is switched off.`);
      continue;
    }
    const reading = withUniqueIds(readInput(block, path, name, around), path, taken);
    warnings.push(...reading.warnings);
    if (reading.input === undefined) {
      brokenInputs.push(broken(idOf(block), name, reading.problems));
    } else {
      inputs.push(reading.input);
    }
  }
  for (const reading of readings.values()) {
    warnings.push(...("warnings" in reading ? reading.warnings : []));
  }
  return { inputs, brokenInputs, warnings };
}

function providersOf(root: Mapping, context: PolicyContext): VariableProviders | undefined {
  const { environment: env, host = {}, readFile } = context;
  const filesource = (name: string): FileText => {
    const path = sourcePath(root, name);
    if (path === undefined || readFile === undefined) {
      return { problem: "is not among providers.filesource.sources" };
    }
    try {
      return { text: readFile(path).replace(/\r?\n$/, "") };
    } catch (error) {
      return { problem: `can't be read: ${path} (${(error as NodeJS.ErrnoException).code ?? "no text"})` };
    }
  };
  return env === undefined ? undefined : { env, host, filesource };
}

/** `providers.filesource.sources.NAME.path`, whose first part may be written with dots too. */
function sourcePath(root: Mapping, name: string): string | undefined {
  const { value } = prepared(
    Object.fromEntries(Object.entries(root).filter(([key]) => key.startsWith("providers"))),
    undefined,
  );
  let node: unknown = value;
  for (const key of ["providers", "filesource", "sources", name, "path"]) {
    node = isMapping(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }
  return typeof node === "string" ? node : undefined;
}

function isOurs(block: unknown): block is Mapping {
  return isMapping(block) && block.type === INPUT_TYPE;
}

/** Inputs and streams are told apart by their ids, in the state too; whoever comes second can't run. */
function withUniqueIds(reading: InputReading, path: string, taken: Map<string, string>): InputReading {
  if (reading.input === undefined) {
    return reading;
  }
  const { id, streams } = reading.input;
  const ids = [
    { key: `input ${id}`, id, path: `${path}.id` },
    ...streams.map((stream) => ({ key: `stream ${stream.id}`, id: stream.id, path: `${path}.streams` })),
  ];
  const seen = new Map(taken);
  const problems: Problem[] = [];
  for (const one of ids) {
    const other = seen.get(one.key);
    if (other !== undefined) {
      problems.push({ path: one.path, text: `the id ${one.id} is already used by ${other}` });
    }
    seen.set(one.key, path);
  }
  if (problems.length > 0) {
    return { ...reading, input: undefined, problems };
  }
  for (const { key } of ids) {
    taken.set(key, path);
  }
  return reading;
}

function nameOf(block: Mapping, index: number): string {
  for (const name of [block.name, block.id]) {
    if (typeof name === "string" && name !== "") {
      return name;
    }
  }
  return `${INPUT_TYPE}-${index}`;
}

function idOf(block: Mapping): string {
  return typeof block.id === "string" && block.id !== "" ? block.id : INPUT_TYPE;
}

function broken(id: string, name: string, problems: readonly Problem[]): BrokenInput {
  const lines = problems.map(({ path, text }) => `${path}: ${text}${text.endsWith("?") ? "" : "."}`);
  return { id, name, problems, error: invalid(lines.join("\n")) };
}

function foreignInputs(listed: readonly unknown[]): string[] {
  const types = listed.filter((block) => !isOurs(block)).map((block) => (isMapping(block) ? block.type : undefined));
  const names = [...new Set(types.map((type) => (typeof type === "string" ? type : "unknown")))];
  return types.length === 0 ? [] : [`Left out the inputs that are not of type ${INPUT_TYPE}: ${names.join(", ")}.`];
}

function nearType(listed: readonly unknown[]): string {
  const types = listed.filter(isMapping).map(({ type }) => type);
  const near = types.find((type) => typeof type === "string" && didYouMean(type, [INPUT_TYPE]) !== "");
  return typeof near === "string" ? ` There is one of type ${near}.` : "";
}

/** A key that was meant to be this one, or a list that is none. */
function nearKey(key: "inputs" | "outputs", root: Mapping): string {
  if (key === "inputs" && isMapping(root.inputs)) {
    return " It must be a list: begin each input with a dash.";
  }
  const meant = Object.keys(root).find((other) => !ROOT_KEYS.includes(other) && closest(other, ROOT_KEYS) === key);
  return meant === undefined ? "" : ` There is ${meant}; did you mean ${key}?`;
}

const ROOT_KEYS: readonly string[] = ["inputs", "outputs"];

function invalid(message: string): RunnerError {
  return new RunnerError("policy_invalid", message, { next: GIVE_UP });
}

/** What is wrong, for the frequent errors; the parser's own words may repeat a part of the text. */
const YAML_ERRORS: Readonly<Record<string, string>> = {
  BAD_INDENT: "the indentation does not fit, or a bracket is not closed",
  BAD_SCALAR_START: "a text that starts with this character must be in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second colon on one line; put the text into quotes",
  DUPLICATE_KEY: "this key is there twice",
  MISSING_CHAR: "a character such as a quote, bracket, comma or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a colon is missing after a key",
  MULTIPLE_DOCS: "a second document starts here; a policy is one document",
  TAB_AS_INDENT: "tabs can't indent; use spaces",
};

/** Within a flow mapping or list, a value that begins with a variable: to YAML its brace opens a mapping. */
const UNQUOTED_VARIABLE = /[{,[][^"'\n#]*?([:,[])\s*\$\{([\w.]+)/;

function yaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const variable = UNQUOTED_VARIABLE.exec(text);
    if (variable !== null) {
      const [before, , name] = variable;
      const { line, col } = lines.linePos(variable.index + before.lastIndexOf("$"));
      throw unreadable(`line ${line}, column ${col}: a variable between { and } must be in quotes, as "\${${name}}"`);
    }
    const { line, col } = lines.linePos(error.pos[0]);
    const what = YAML_ERRORS[error.code] ?? `this is not YAML (${error.code})`;
    throw unreadable(`line ${line}, column ${col}: ${what}`);
  }
  try {
    return document.toJS();
  } catch {
    throw unreadable("its aliases (*name) can't be resolved");
  }
}

function unreadable(what: string): RunnerError {
  return new RunnerError("policy_unreadable", `The policy can't be read as YAML: ${what}.`, { next: GIVE_UP });
}
