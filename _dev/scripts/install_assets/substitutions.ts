/** What a node lacks, and what is put in its place. Pure; on a full distribution everything passes through unchanged. */
import type { Pipeline, Processor } from "./pipelines.ts";

export interface NodeAbilities {
  /** Ingest processors of every node. */
  readonly processors: ReadonlySet<string>;
  /** Of the asked field types those that the node refuses. */
  readonly missingFieldTypes: ReadonlySet<string>;
  /** Whether indices may have `index.lifecycle` settings. */
  readonly lifecycle: boolean;
}

/** Field types that a small build may lack: the nearest type that every node has, and options which that one refuses. */
const NEAREST_TYPES: Readonly<Record<string, { readonly type: string; readonly drops?: readonly string[] }>> = {
  constant_keyword: { type: "keyword", drops: ["value"] },
  wildcard: { type: "keyword" },
  version: { type: "keyword" },
  match_only_text: { type: "text" },
  scaled_float: { type: "double", drops: ["scaling_factor"] },
  unsigned_long: { type: "long" },
};

/** The field types whose presence is worth asking for. */
export const SUBSTITUTABLE_TYPES: readonly string[] = Object.keys(NEAREST_TYPES);

export interface Substituted<T> {
  readonly value: T;
  /** One line for each kind of substitution. */
  readonly notes: readonly string[];
}

/** A component template's body, with each missing field type replaced wherever a mapping names it. */
export function fitTemplate<T extends object>(template: T, abilities: NodeAbilities): Substituted<T> {
  const notes = new Set<string>();
  const adapt = (value: unknown, key?: string): unknown => {
    if (Array.isArray(value)) {
      return value.map((element) => adapt(element));
    }
    if (typeof value !== "object" || value === null) {
      return value;
    }
    const object = value as Record<string, unknown>;
    const entries = Object.entries(object).filter(([name]) => {
      const dropped = key === "index" && name === "lifecycle" && !abilities.lifecycle;
      if (dropped) {
        notes.add("setting index.lifecycle: left out, this node has no lifecycle policies");
      }
      return !dropped;
    });
    const fitted = Object.fromEntries(entries.map(([name, inner]) => [name, adapt(inner, name)]));
    // Below "properties" and "fields" a key is a field's name: a field called "type" holds an object, never a string.
    return typeof object.type === "string" ? nearestType(fitted, object.type, abilities, notes) : fitted;
  };
  return { value: adapt(template) as T, notes: [...notes] };
}

function nearestType(
  mapping: Record<string, unknown>,
  type: string,
  abilities: NodeAbilities,
  notes: Set<string>,
): Record<string, unknown> {
  const nearest = NEAREST_TYPES[type];
  if (nearest === undefined || !abilities.missingFieldTypes.has(type)) {
    return mapping;
  }
  notes.add(`field type ${type}: ${nearest.type} instead`);
  const kept = Object.entries(mapping).filter(([name]) => !nearest.drops?.includes(name));
  return { ...Object.fromEntries(kept), type: nearest.type };
}

/** A pipeline without the processors that the node doesn't have, at any depth. */
export function fitPipeline(pipeline: Pipeline, abilities: NodeAbilities): Substituted<Pipeline> {
  const notes = new Set<string>();
  const fitAll = (processors: readonly Processor[]): Processor[] => processors.flatMap((one) => adapt(one));
  const adapt = (processor: Processor): Processor[] =>
    Object.entries(processor).flatMap(([type, options]) => {
      if (!abilities.processors.has(type)) {
        notes.add(`ingest processor ${type}: left out`);
        return [];
      }
      const { on_failure: onFailure, processor: repeated, ...rest } = options;
      const inner = repeated === undefined ? [] : adapt(repeated as Processor);
      if (repeated !== undefined && inner.length === 0) {
        return [];
      }
      return [
        {
          [type]: {
            ...rest,
            ...(inner[0] === undefined ? {} : { processor: inner[0] }),
            ...withProcessors(onFailure as readonly Processor[] | undefined),
          },
        },
      ];
    });
  // Elasticsearch refuses an empty on_failure.
  const withProcessors = (onFailure: readonly Processor[] | undefined) => {
    const fitted = fitAll(onFailure ?? []);
    return fitted.length === 0 ? {} : { on_failure: fitted };
  };
  const { on_failure, ...rest } = pipeline;
  const value = { ...rest, processors: fitAll(pipeline.processors), ...withProcessors(on_failure) };
  return { value, notes: [...notes] };
}
