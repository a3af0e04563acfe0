import type { Home } from "../../../src/catalog/column.ts";
import { fieldsOf, movedTo } from "../../../src/catalog/member_writer.ts";
import { columnsOf, homesOf } from "./catalog_fields.ts";

/** A value that the ingest pipeline moves out of its home, to the field that the home's own field is an alias of. */
export interface MovedField {
  /** Path below `salesforce`. */
  readonly from: string;
  readonly to: string;
}

/** What moves in the events of a data stream; of several that move to one field the first that has a value wins. */
export function movedFields(stream: string): readonly MovedField[] {
  const moved = new Map<string, MovedField>();
  for (const home of homesOf(stream)) {
    for (const field of movedOf(home)) {
      moved.set(field.from, field);
    }
  }
  return [...moved.values()];
}

function movedOf(home: Home): MovedField[] {
  return columnsOf(home)
    .filter(({ ecs }) => ecs !== undefined)
    .flatMap((column) =>
      fieldsOf(column).map((field) => ({ from: `${home.name}.${field}`, to: movedTo(column, field) })),
    );
}
