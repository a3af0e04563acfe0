/**
 * Protocol Buffers messages as tables of fields: each message is declared once, and its type, encoding and decoding follow
 * from the declaration. Covers what the control protocol uses. https://protobuf.dev/programming-guides/encoding/
 */
import protobuf, { type Reader, type Writer } from "protobufjs/minimal.js";

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** One kind of field. `absent` is the value of a field that a message does not carry; it is never written. */
export interface Field<T> {
  readonly number: number;
  absent(): T;
  write(writer: Writer, number: number, value: T): void;
  /** The value after one more occurrence of the field, whose value was `before`. */
  read(reader: Reader, wireType: number, before: T): T;
}

/** A message with fields of these kinds. `decode` throws for bytes that are no such message; unknown fields are skipped. */
export interface Message<T> {
  encode(value: Partial<T>): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export type MessageType<M> = M extends Message<infer T> ? Readonly<T> : never;

export function message<T>(fields: { readonly [K in keyof T]: Field<T[K]> }): Message<T> {
  const declared = Object.entries<Field<unknown>>(fields);
  const byNumber = new Map(declared.map(([name, field]) => [field.number, { name, field }]));

  return {
    encode(value) {
      const writer = protobuf.Writer.create();
      for (const [name, field] of declared) {
        const content = (value as Readonly<Record<string, unknown>>)[name];
        if (content !== undefined) {
          field.write(writer, field.number, content);
        }
      }
      return writer.finish();
    },
    decode(bytes) {
      const reader = protobuf.Reader.create(bytes);
      const value: Record<string, unknown> = {};
      for (const [name, field] of declared) {
        value[name] = field.absent();
      }
      while (reader.pos < reader.len) {
        const tag = reader.uint32();
        const known = byNumber.get(tag >>> 3);
        if (known === undefined) {
          reader.skipType(tag & 7);
        } else {
          value[known.name] = known.field.read(reader, tag & 7, value[known.name]);
        }
      }
      return value as T;
    },
  };
}

export function text(number: number): Field<string> {
  return scalar<string>(
    number,
    LENGTH_DELIMITED,
    "",
    (writer, value) => writer.string(value),
    (reader) => reader.string(),
  );
}

export function bytes(number: number): Field<Uint8Array> {
  return {
    number,
    absent: () => new Uint8Array(),
    write: (writer, at, value) => {
      writer.uint32(tag(at, LENGTH_DELIMITED)).bytes(value);
    },
    read: (reader, wireType) => {
      expect(wireType, LENGTH_DELIMITED);
      return reader.bytes();
    },
  };
}

export function flag(number: number): Field<boolean> {
  return scalar<boolean>(
    number,
    VARINT,
    false,
    (writer, value) => writer.bool(value),
    (reader) => reader.bool(),
  );
}

/** An enum or an integer of up to 64 bits; beyond 2^53 it loses its lowest digits. */
export function integer<T extends number = number>(number: number): Field<T> {
  return scalar(
    number,
    VARINT,
    0 as T,
    (writer, value) => writer.int64(value),
    (reader) => wholeNumber(reader.int64()) as T,
  );
}

/** Enums, which proto3 packs into one field. */
export function integers(number: number): Field<readonly number[]> {
  return {
    number,
    absent: () => [],
    write: (writer, at, values) => {
      if (values.length > 0) {
        writer.uint32(tag(at, LENGTH_DELIMITED)).fork();
        for (const value of values) {
          writer.int64(value);
        }
        writer.ldelim();
      }
    },
    read: (reader, wireType, before) => {
      if (wireType === VARINT) {
        return [...before, wholeNumber(reader.int64())];
      }
      expect(wireType, LENGTH_DELIMITED);
      const end = reader.uint32() + reader.pos;
      const values = [...before];
      while (reader.pos < end) {
        values.push(wholeNumber(reader.int64()));
      }
      return values;
    },
  };
}

/** A message within a message; `undefined` if it is not there. */
export function nested<T>(number: number, inner: Message<T>): Field<T | undefined> {
  return {
    number,
    absent: () => undefined,
    write: (writer, at, value) => {
      if (value !== undefined) {
        writer.uint32(tag(at, LENGTH_DELIMITED)).bytes(inner.encode(value));
      }
    },
    read: (reader, wireType) => {
      expect(wireType, LENGTH_DELIMITED);
      return inner.decode(reader.bytes());
    },
  };
}

export function repeated<T>(number: number, inner: Message<T>): Field<readonly T[]> {
  return {
    number,
    absent: () => [],
    write: (writer, at, values) => {
      for (const value of values) {
        writer.uint32(tag(at, LENGTH_DELIMITED)).bytes(inner.encode(value));
      }
    },
    read: (reader, wireType, before) => {
      expect(wireType, LENGTH_DELIMITED);
      // A list of this function's own: appending keeps a message of many units linear.
      (before as T[]).push(inner.decode(reader.bytes()));
      return before;
    },
  };
}

/** `map<string, string>`. */
export function texts(number: number): Field<Readonly<Record<string, string>>> {
  const entries = repeated(number, message({ key: text(1), value: text(2) }));
  return {
    number,
    absent: () => ({}),
    write: (writer, at, value) => {
      entries.write(
        writer,
        at,
        Object.entries(value).map(([key, content]) => ({ key, value: content })),
      );
    },
    read: (reader, wireType, before) => {
      const read = entries.read(reader, wireType, []);
      return { ...before, ...Object.fromEntries(read.map(({ key, value }) => [key, value])) };
    },
  };
}

function scalar<T>(
  number: number,
  wireType: number,
  absent: T,
  put: (writer: Writer, value: T) => void,
  take: (reader: Reader) => T,
): Field<T> {
  return {
    number,
    absent: () => absent,
    write: (writer, at, value) => {
      if (value !== absent) {
        put(writer.uint32(tag(at, wireType)), value);
      }
    },
    read: (reader, found) => {
      expect(found, wireType);
      return take(reader);
    },
  };
}

function tag(number: number, wireType: number): number {
  return (number << 3) | wireType;
}

function expect(found: number, wanted: number): void {
  if (found !== wanted) {
    throw new Error(`wire type ${found} where ${wanted} is expected`);
  }
}

/** The library gives 64-bit values as objects; in decimal digits they are numbers again. */
function wholeNumber(value: { toString(): string }): number {
  return Number(value.toString());
}
