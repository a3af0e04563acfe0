/**
 * `google.protobuf.Struct`: JSON values within a message. All its numbers are doubles.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */
import protobuf, { type Reader } from "protobufjs/minimal.js";
import type { Message } from "./protobuf.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Field numbers of `Value`, with their wire type. */
const NULL = 0x08;
const NUMBER = 0x11;
const STRING = 0x1a;
const BOOL = 0x20;
const STRUCT = 0x2a;
const LIST = 0x32;

/** The only field of `Struct` (entries) and of `ListValue` (values). */
const CONTENT = 0x0a;
/** The fields of a map entry. */
const KEY = 0x0a;
const VALUE = 0x12;

export const STRUCT_MESSAGE: Message<JsonObject> = {
  encode: (value) => encodeObject(value as JsonObject),
  decode: (bytes) => decodeObject(bytes),
};

function encodeObject(object: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const [name, value] of Object.entries(object)) {
    if (value !== undefined) {
      writer.uint32(CONTENT).fork().uint32(KEY).string(name).uint32(VALUE).bytes(encodeValue(value)).ldelim();
    }
  }
  return writer.finish();
}

function encodeValue(value: Json): Uint8Array {
  const writer = protobuf.Writer.create();
  if (value === null) {
    writer.uint32(NULL).int32(0);
  } else if (typeof value === "number") {
    writer.uint32(NUMBER).double(value);
  } else if (typeof value === "string") {
    writer.uint32(STRING).string(value);
  } else if (typeof value === "boolean") {
    writer.uint32(BOOL).bool(value);
  } else if (Array.isArray(value)) {
    const list = protobuf.Writer.create();
    for (const item of value as readonly Json[]) {
      list.uint32(CONTENT).bytes(encodeValue(item));
    }
    writer.uint32(LIST).bytes(list.finish());
  } else {
    writer.uint32(STRUCT).bytes(encodeObject(value as JsonObject));
  }
  return writer.finish();
}

function decodeObject(bytes: Uint8Array): JsonObject {
  const object: Record<string, Json> = {};
  eachField(bytes, (tag, reader) => {
    if (tag !== CONTENT) {
      reader.skipType(tag & 7);
      return;
    }
    let name = "";
    let value: Json = null;
    eachField(reader.bytes(), (part, entry) => {
      if (part === KEY) {
        name = entry.string();
      } else if (part === VALUE) {
        value = decodeValue(entry.bytes());
      } else {
        entry.skipType(part & 7);
      }
    });
    // As plain data, whatever its name.
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  });
  return object;
}

function decodeValue(bytes: Uint8Array): Json {
  let value: Json = null;
  eachField(bytes, (tag, reader) => {
    switch (tag) {
      case NULL:
        reader.int32();
        value = null;
        break;
      case NUMBER:
        value = reader.double();
        break;
      case STRING:
        value = reader.string();
        break;
      case BOOL:
        value = reader.bool();
        break;
      case STRUCT:
        value = decodeObject(reader.bytes());
        break;
      case LIST:
        value = decodeList(reader.bytes());
        break;
      default:
        reader.skipType(tag & 7);
    }
  });
  return value;
}

function decodeList(bytes: Uint8Array): Json[] {
  const list: Json[] = [];
  eachField(bytes, (tag, reader) => {
    if (tag === CONTENT) {
      list.push(decodeValue(reader.bytes()));
    } else {
      reader.skipType(tag & 7);
    }
  });
  return list;
}

function eachField(bytes: Uint8Array, read: (tag: number, reader: Reader) => void): void {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    read(reader.uint32(), reader);
  }
}
