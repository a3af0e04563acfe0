import type { Type } from "avsc";

/** An event of the bus by the names of its fields; those of type long are numbers, or text beyond 2^53. */
export type BusRecord = Readonly<Record<string, unknown>>;

export interface EventSchema {
  readonly fields: readonly string[];
  /** Throws for bytes that are no event of this schema. */
  decode(payload: Uint8Array): BusRecord;
}

/** Reads a schema of Avro 1.11 that tells an event. Rejects for one that does not. */
export async function readEventSchema(json: string): Promise<EventSchema> {
  // The library is imported with the first event: whoever has none does without it.
  const { default: avro } = await import("avsc");
  const schema = JSON.parse(json);
  refuseEndless(schema);
  const long = avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => plainNumber(bytes.readBigInt64LE()),
    toBuffer: refuseToWrite,
    fromJSON: (value: unknown) => value,
    toJSON: (value: unknown) => value,
    isValid: (value: unknown) => typeof value === "number",
    compare: () => 0,
  });
  const type: Type = avro.Type.forSchema(schema, { registry: { long } });
  if (type.typeName !== "record") {
    throw new TypeError("The schema is no record.");
  }
  return {
    fields: (type as InstanceType<typeof avro.types.RecordType>).fields.map(({ name }) => name),
    decode: (payload) => type.fromBuffer(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)),
  };
}

/** Values of these types, and of a union, take a byte at least. */
const HAS_BYTES: readonly unknown[] = ["boolean", "int", "long", "float", "double", "bytes", "string"];

/** Of what needs no bytes an event could say that it has any number. */
function refuseEndless(schema: unknown): void {
  if (Array.isArray(schema)) {
    schema.forEach(refuseEndless);
  } else if (typeof schema === "object" && schema !== null) {
    const { type, items, values } = schema as Readonly<Record<string, unknown>>;
    const repeated = items ?? values;
    if ((type === "array" || type === "map") && !Array.isArray(repeated) && !HAS_BYTES.includes(repeated)) {
      throw new TypeError(`The schema repeats what events of the bus never repeat (${String(type)}).`);
    }
    Object.values(schema).forEach(refuseEndless);
  }
}

function plainNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function refuseToWrite(): never {
  throw new TypeError("Events are only read.");
}
