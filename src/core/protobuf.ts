/**
 * Protocol Buffers messages, each declared once: its type and its coding follow from the declaration. The coding is the
 * library's. https://protobuf.dev/programming-guides/encoding/
 */
import protobuf from "protobufjs/light.js";
import { type JsonObject, STRUCT } from "./struct.ts";

/** One field of a message. `value` exists for the type checker alone: what the field holds in the program. */
export interface Field<T> {
  readonly number: number;
  readonly type: string;
  readonly rule?: "repeated";
  /** Of a map. */
  readonly keyType?: "string";
  readonly value?: T;
}

/**
 * A message with fields of these kinds. `decode` throws for bytes that are no such message; unknown fields are skipped, and
 * fields that are not there have their default: empty, 0, false, `null` for a message.
 */
export interface Message<T> {
  readonly name: string;
  encode(value: Partial<T>): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export type MessageType<M> = M extends Message<infer T> ? Readonly<T> : never;

/** Whole numbers beyond 2^53 lose their lowest digits; unknown enums stay numbers. */
const AS_PLAIN_DATA: protobuf.IConversionOptions = { longs: Number, defaults: true };

const root = new protobuf.Root().addJSON(STRUCT);

/** Declares the message `name`, unique in the program. */
export function message<T>(name: string, fields: { readonly [K in keyof T]: Field<T[K]> }): Message<T> {
  const declared = Object.entries<Field<unknown>>(fields).map(([field, { number: id, value: _, ...kind }]) => [
    field,
    { id, ...kind },
  ]);
  root.addJSON({ [name]: { fields: Object.fromEntries(declared) } }).resolveAll();
  const type = root.lookupType(name);
  return {
    name,
    encode: (value) => type.encode(type.fromObject(value)).finish(),
    decode: (bytes) => type.toObject(type.decode(bytes), AS_PLAIN_DATA) as T,
  };
}

export function text(number: number): Field<string> {
  return { number, type: "string" };
}

export function bytes(number: number): Field<Uint8Array> {
  return { number, type: "bytes" };
}

export function flag(number: number): Field<boolean> {
  return { number, type: "bool" };
}

/** An enum or an integer of up to 64 bits. */
export function integer<T extends number = number>(number: number): Field<T> {
  return { number, type: "int64" };
}

/** Enums, which proto3 packs into one field. */
export function integers(number: number): Field<readonly number[]> {
  return { number, type: "int64", rule: "repeated" };
}

/** A message within a message; read as `null` if it is not there. */
export function nested<T>(number: number, { name }: Message<T>): Field<T | null | undefined> {
  return { number, type: name };
}

export function repeated<T>(number: number, { name }: Message<T>): Field<readonly T[]> {
  return { number, type: name, rule: "repeated" };
}

/** `map<string, string>`. */
export function texts(number: number): Field<Readonly<Record<string, string>>> {
  return { number, type: "string", keyType: "string" };
}

/** A `google.protobuf.Struct`; read as `null` if it is not there. */
export function json(number: number): Field<JsonObject | null | undefined> {
  return { number, type: "google.protobuf.Struct" };
}
