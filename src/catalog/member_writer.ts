import {
  addresses,
  apiVersion,
  booleanValue,
  decimalNumber,
  idValue,
  isIp,
  measure,
  percentDecoded,
  setMembers,
  textValue,
  wholeDuration,
  wholeNumber,
  withoutSecrets,
} from "./cell_value.ts";
import type { CodeTable, Column } from "./column.ts";
import { databaseTime } from "./database_time.ts";
import { eventTime } from "./event_time.ts";
import { evidenceValue } from "./evidence.ts";

/**
 * A cell, not blank, as members of a JSON object: `"type":"Application","type_code":"A"`. "" if the cell says nothing, undefined
 * if it does not fit the column's kind. `plain`: the caller knows that nothing in the cell has to be escaped.
 */
export type MemberWriter = (cell: string, plain: boolean) => string | undefined;

/** The writer of a column's members; their names are the last parts of the column's fields. */
export function memberWriter(column: Column): MemberWriter {
  if (column.codes !== undefined) {
    return codeWriter(column);
  }
  const key = member(column.field);
  if (column.forms !== undefined) {
    return formWriter(key, column.forms);
  }
  switch (column.kind) {
    case "keyword":
    case "long_keyword":
    case "text":
      return column.several === true
        ? listWriter(key, (part) => JSON.stringify(part))
        : (cell, plain) => key + textValue(cell, plain);
    case "encoded":
      return encodedWriter(key);
    case "long":
    case "bytes":
      return numberWriter(column, key, wholeNumber);
    case "milliseconds":
    case "nanoseconds":
      return numberWriter(column, key, wholeDuration);
    case "database_time":
      return numberWriter(column, key, (cell) => databaseTime(cell, 0));
    case "double":
      return numberWriter(column, key, measure);
    case "degrees":
      return numberWriter(column, key, decimalNumber);
    case "boolean":
      return valueWriter(key, booleanValue);
    case "id":
      return valueWriter(key, idValue);
    case "timestamp":
      return valueWriter(key, (cell) => {
        const time = eventTime(cell);
        return time === undefined ? undefined : `"${time}"`;
      });
    case "set":
      return setWriter(key);
    case "evidence":
      return valueWriter(key, evidenceValue);
    case "ip":
      return ipWriter(column.field);
    case "url":
      return column.several === true
        ? listWriter(key, (part) => JSON.stringify(withoutSecrets(part)))
        : (cell) => key + JSON.stringify(withoutSecrets(cell));
    case "version":
      return (cell) => key + JSON.stringify(apiVersion(cell));
  }
}

/** Every field that the column can fill; the first is the column's own. */
export function fieldsOf(column: Column): readonly string[] {
  if (column.decoded !== undefined) {
    return [column.decoded.name, column.decoded.code];
  }
  if (column.kind === "ip") {
    return [column.field, addressField(column.field), portField(column.field)];
  }
  return [column.field];
}

/** Where a field that the column fills stands in Elasticsearch; text and port of an address stand beside it. */
export function movedTo({ ecs, kind }: Column, field: string): string {
  if (ecs === undefined) {
    return field;
  }
  return kind === "ip" ? ecs.replace(/ip$/, field.slice(field.lastIndexOf(".") + 1)) : ecs;
}

/** `client.ip` → `client.address`, which has the text that is not an address alone. */
export function addressField(field: string): string {
  return field.replace(/ip$/, "address");
}

/** `client.ip` → `client.port`. */
export function portField(field: string): string {
  return field.replace(/ip$/, "port");
}

/** `"type":` for `api.type`. */
export function member(field: string): string {
  return `${JSON.stringify(field.slice(field.lastIndexOf(".") + 1))}:`;
}

/** Clients are few beside their logins, and decoding is slow, so what was decoded is kept. */
const MOST_DECODED = 1_000;

function encodedWriter(key: string): MemberWriter {
  const decoded = new Map<string, string>();
  return (cell, plain) => {
    if (!cell.includes("%")) {
      return key + textValue(cell, plain);
    }
    let text = decoded.get(cell);
    if (text === undefined) {
      text = key + JSON.stringify(percentDecoded(cell));
      if (decoded.size === MOST_DECODED) {
        decoded.clear();
      }
      decoded.set(cell, text);
    }
    return text;
  };
}

function valueWriter(key: string, value: (cell: string) => string | undefined): MemberWriter {
  return (cell) => {
    const json = value(cell);
    return json === undefined || json === "" ? json : key + json;
  };
}

function numberWriter(column: Column, key: string, value: (cell: string) => string | undefined): MemberWriter {
  return column.several === true ? listWriter(key, value) : valueWriter(key, value);
}

/** Several values in one cell, separated by blanks; one alone stays a plain value. */
function listWriter(key: string, value: (part: string) => string | undefined): MemberWriter {
  return (cell) => {
    const parts = cell.split(/\s+/).filter((part) => part !== "");
    const values: string[] = [];
    for (const part of parts) {
      const json = value(part);
      if (json === undefined) {
        return undefined;
      }
      values.push(json);
    }
    return values.length === 0 ? "" : values.length === 1 ? `${key}${values[0]}` : `${key}[${values.join(",")}]`;
  };
}

function setWriter(key: string): MemberWriter {
  return (cell) => {
    const members = setMembers(cell);
    const [first] = members;
    if (first === undefined) {
      return "";
    }
    return key + JSON.stringify(members.length === 1 ? first : members);
  };
}

/** A text by whichever of its forms it came. */
function formWriter(key: string, forms: CodeTable): MemberWriter {
  const known = new Map(Object.entries(forms).map(([text, kept]) => [text, key + JSON.stringify(kept)]));
  return (cell, plain) => known.get(cell) ?? key + textValue(cell, plain);
}

/** Known codes are few, so their members are made once, for code and name alike; an unknown code is its own name. */
function codeWriter({ field, codes = {}, decoded }: Column): MemberWriter {
  const nameKey = member(decoded?.name ?? field);
  const codeKey = decoded === undefined ? undefined : member(decoded.code);
  const write = (name: string, code: string) =>
    codeKey === undefined ? nameKey + name : `${nameKey}${name},${codeKey}${code}`;
  const known = new Map<string, string>();
  const table = Object.entries(codes);
  for (const [code, name] of table) {
    known.set(code, write(JSON.stringify(name), JSON.stringify(code)));
  }
  for (const [code, name] of table) {
    // Where several codes share a name, the name alone does not say which.
    if (!known.has(name) && table.every(([other, its]) => other === code || its !== name)) {
      known.set(name, known.get(code) ?? "");
    }
  }
  return (cell, plain) => {
    const text = known.get(cell);
    if (text !== undefined) {
      return text;
    }
    const value = textValue(cell, plain);
    return write(value, value);
  };
}

function ipWriter(field: string): MemberWriter {
  const [ipKey, addressKey, portKey] = [member(field), member(addressField(field)), member(portField(field))];
  return (cell, plain) => {
    if (isIp(cell)) {
      return `${ipKey}"${cell}"`;
    }
    if (cell.trim() === "") {
      return "";
    }
    const { ips, port, whole } = addresses(cell);
    const members: string[] = [];
    if (ips.length > 0) {
      members.push(ipKey + JSON.stringify(ips.length === 1 ? ips[0] : ips));
    }
    if (port !== undefined) {
      members.push(`${portKey}${port}`);
    }
    if (!whole || ips.length === 0) {
      members.push(addressKey + textValue(cell, plain));
    }
    return members.join(",");
  };
}
