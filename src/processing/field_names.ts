/** Names that every JavaScript object has already: a field of such a name would reach into all other events. */
const OF_EVERY_OBJECT = new Set(["__proto__", "constructor", "prototype"]);

/** Whether a part of a dotted path is such a name. */
export function isHidden(path: string): boolean {
  return path.split(".").some((part) => OF_EVERY_OBJECT.has(part));
}

/** What a field must be instead. */
export const HIDDEN = { must: `a field without ${[...OF_EVERY_OBJECT].join(", ")} in its name` };
