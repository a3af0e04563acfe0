import type { SourceEvent } from "../core/event.ts";
import { type Predicate, predicateOf } from "./event_condition.ts";
import { type EventDocument, fieldAt, fieldPaths, mergeFields, removeField } from "./event_document.ts";
import { FIXED_FIELDS, type Processor } from "./processors.ts";
import { regularExpression } from "./regular_expression.ts";

/** Changes the document; false drops the event. */
type Step = (document: EventDocument) => boolean;

/** What processors make of an event, for many events; `undefined` if they drop it. */
export function eventProcessing(processors: readonly Processor[]): (event: SourceEvent) => SourceEvent | undefined {
  const steps = processors.map(stepOf);
  return ({ index, id, json }) => {
    const document = JSON.parse(json) as EventDocument;
    return steps.every((step) => step(document)) ? { index, id, json: JSON.stringify(document) } : undefined;
  };
}

function stepOf(processor: Processor): Step {
  const { when } = processor;
  const holds: Predicate = when === undefined ? () => true : predicateOf(when);
  const change = changeOf(processor);
  return (document) => !holds(document) || change(document);
}

function changeOf(processor: Processor): Step {
  switch (processor.do) {
    case "drop_event":
      return () => false;
    case "add_fields":
      return (document) => {
        mergeFields(document, processor.fields);
        return true;
      };
    case "add_tags":
      return (document) => {
        const there = fieldAt(document, processor.target);
        const tags = Array.isArray(there) ? there : there === undefined ? [] : [there];
        mergeFields(document, nestedIn(processor.target, [...new Set([...tags, ...processor.tags])]));
        return true;
      };
    case "drop_fields": {
      const { names } = processor;
      const patterns = processor.patterns.flatMap((text) => regularExpression(text) ?? []);
      return (document) => {
        const matched =
          patterns.length === 0
            ? []
            : fieldPaths(document).filter((path) => !isFixed(path) && patterns.some((pattern) => pattern.test(path)));
        for (const name of [...names, ...matched]) {
          removeField(document, name);
        }
        return true;
      };
    }
  }
}

function isFixed(path: string): boolean {
  return FIXED_FIELDS.some((fixed) => path === fixed || path.startsWith(`${fixed}.`));
}

function nestedIn(path: string, value: unknown): Record<string, unknown> {
  const [name = "", ...rest] = path.split(".");
  return { [name]: rest.length === 0 ? value : nestedIn(rest.join("."), value) };
}
