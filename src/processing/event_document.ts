import { lookup } from "../core/lookup.ts";

/**
 * An event's document as an object. Fields are named by their path, `user.name`; what every object inherits is no field.
 */
export type EventDocument = Record<string, unknown>;

export function fieldAt(document: EventDocument, path: string): unknown {
  let at: unknown = document;
  for (const name of path.split(".")) {
    at = isObject(at) ? lookup(at, name) : undefined;
  }
  return at;
}

/** Takes a field away, and the objects that are empty without it. */
export function removeField(document: EventDocument, path: string): void {
  const [name = "", ...rest] = path.split(".");
  const inner = lookup(document, name);
  if (rest.length === 0) {
    delete document[name];
  } else if (isObject(inner)) {
    removeField(inner, rest.join("."));
    if (Object.keys(inner).length === 0) {
      delete document[name];
    }
  }
}

/** Puts fields in: objects are merged, everything else is replaced. */
export function mergeFields(document: EventDocument, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    const there = lookup(document, name);
    if (isObject(there) && isObject(value)) {
      mergeFields(there, value);
    } else {
      const added = isObject(value) ? structuredClone(value) : value;
      Object.defineProperty(document, name, { value: added, enumerable: true, configurable: true, writable: true });
    }
  }
}

/** The paths of all fields that hold a value. */
export function fieldPaths(document: EventDocument, prefix = ""): string[] {
  return Object.entries(document).flatMap(([name, value]) =>
    isObject(value) ? fieldPaths(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

function isObject(value: unknown): value is EventDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
