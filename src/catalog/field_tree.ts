/** Writes members of a JSON object from a row, without a leading comma; "" if there are none. */
export type PartWriter = (cells: readonly string[], plain: boolean) => string;

interface Group {
  readonly parts: (PartWriter | Group)[];
  readonly groups: Map<string, Group>;
  readonly open: string;
}

/** Collects the writers of fields by their dotted paths and compiles them to one that writes nested objects. */
export class FieldTree {
  readonly #root: Group;

  /** `home`: name of the outermost object. */
  constructor(home: string) {
    this.#root = group(home);
  }

  /** `write` makes the member of the last part of the path. */
  add(path: string, write: PartWriter): void {
    let at = this.#root;
    for (const name of path.split(".").slice(0, -1)) {
      let next = at.groups.get(name);
      if (next === undefined) {
        next = group(name);
        at.groups.set(name, next);
        at.parts.push(next);
      }
      at = next;
    }
    at.parts.push(write);
  }

  /** `"home":{…}`, or "" if no part writes anything. Parts write in the order in which they were added. */
  compile(): PartWriter {
    return compileGroup(this.#root);
  }
}

function group(name: string): Group {
  return { parts: [], groups: new Map(), open: `${JSON.stringify(name)}:{` };
}

function compileGroup({ parts, open }: Group): PartWriter {
  const writers = parts.map((part) => (typeof part === "function" ? part : compileGroup(part)));
  return (cells, plain) => {
    let members = "";
    for (const write of writers) {
      const text = write(cells, plain);
      if (text !== "") {
        members = members === "" ? text : `${members},${text}`;
      }
    }
    return members === "" ? "" : `${open}${members}}`;
  };
}
