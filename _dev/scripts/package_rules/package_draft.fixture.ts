/** A package to be broken in one place, so that the rule about it can be seen to fail. */
import { parse, stringify } from "yaml";

/** A step into a value: a key, an index, or the item of a list that has this value at a key. */
export type Step = string | number | { readonly [key: string]: string };

/** The files of the package, to be broken. */
export class PackageDraft {
  readonly files: Map<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.files = new Map(files);
  }

  text(path: string): string {
    const content = this.files.get(path);
    if (content === undefined) {
      throw new Error(`${path} is not there to be broken`);
    }
    return content.toString("utf8");
  }

  write(path: string, text: string): void {
    this.files.set(path, Buffer.from(text));
  }

  replace(path: string, from: string, to: string): void {
    if (!this.text(path).includes(from)) {
      throw new Error(`${path} does not hold ${from}`);
    }
    this.write(
      path,
      this.text(path).replace(from, () => to),
    );
  }

  /** Changes what is at the end of the steps; `undefined` takes it away. JSON is YAML too. */
  change(path: string, steps: readonly Step[], change: (value: unknown) => unknown): void {
    const content = changed(parse(this.text(path)), steps, change);
    this.write(path, path.endsWith(".json") ? JSON.stringify(content) : stringify(content));
  }

  set(path: string, steps: readonly Step[], value: unknown): void {
    this.change(path, steps, () => value);
  }

  append(path: string, steps: readonly Step[], item: unknown): void {
    this.change(path, steps, (list) => [...(list as unknown[]), item]);
  }
}

/** A copy with the change; steps into a text go into the JSON that it holds. */
export function changed(node: unknown, steps: readonly Step[], change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) {
    return change(node);
  }
  if (typeof node === "string") {
    return JSON.stringify(changed(JSON.parse(node), steps, change));
  }
  if (Array.isArray(node)) {
    const at = typeof step === "number" ? step : node.findIndex((item) => isLike(item, step));
    if (!(at in node)) {
      throw new Error(`There is no item ${JSON.stringify(step)}`);
    }
    const item = changed(node[at], rest, change);
    return item === undefined ? node.toSpliced(at, 1) : node.with(at, item);
  }
  const mapping = node as Readonly<Record<string, unknown>>;
  const key = step === FIRST ? Object.keys(mapping)[0] : String(step);
  return { ...mapping, [String(key)]: changed(mapping[String(key)], rest, change) };
}

/** The first key of a mapping whose keys are made up. */
export const FIRST = "*";

function isLike(item: unknown, wanted: Exclude<Step, number>): boolean {
  return typeof wanted === "object" && Object.entries(wanted).every(([key, value]) => Object(item)[key] === value);
}
