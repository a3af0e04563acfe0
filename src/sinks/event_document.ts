/** An event's document as an object. Fields are named by their path, `user.name`. */
export type EventDocument = Record<string, unknown>;

export function fieldAt(document: EventDocument, path: string): unknown {
  let at: unknown = document;
  for (const name of path.split(".")) {
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

/** Takes a field away, and the objects that are empty without it. */
export function removeField(document: EventDocument, path: string): void {
  const [name = "", ...rest] = path.split(".");
  const inner = document[name];
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
    const there = document[name];
    if (isObject(there) && isObject(value)) {
      mergeFields(there, value);
    } else {
      document[name] = isObject(value) ? structuredClone(value) : value;
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
