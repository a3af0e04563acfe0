import avro from "avsc";
import { expect, test } from "vitest";
import { readEventSchema } from "./avro.ts";

const nullable = (name: string, type: unknown) => ({ name, type: ["null", type], default: null });
const SCHEMA = {
  type: "record",
  name: "LoginEventStream",
  namespace: "com.sforce.eventbus",
  fields: [
    { name: "CreatedDate", type: "long", doc: "CreatedDate:DateTime" },
    { name: "CreatedById", type: "string" },
    nullable("EventDate", "long"),
    nullable("EvaluationTime", "double"),
    nullable("ElapsedTime", "int"),
    nullable("IsScheduled", "boolean"),
    nullable("Username", "string"),
  ],
};
const JSON_TEXT = JSON.stringify(SCHEMA);
const EVENT = {
  CreatedDate: 1_784_548_800_000,
  CreatedById: "0055e000001mKpCAAU",
  EventDate: 1_784_548_799_123,
  EvaluationTime: 2.5,
  ElapsedTime: 17,
  IsScheduled: true,
  Username: "ann@acme.example",
};
const written = avro.Type.forSchema(SCHEMA as avro.Schema);

test("an event is read by the names of its fields", async () => {
  const { fields, decode } = await readEventSchema(JSON_TEXT);
  expect(fields).toEqual(SCHEMA.fields.map(({ name }) => name));
  expect({ ...decode(written.toBuffer(EVENT)) }).toEqual(EVENT);
  const empty = { CreatedDate: 1, CreatedById: "" };
  expect({ ...decode(written.toBuffer(empty)) }).toMatchObject({ ...empty, EventDate: null, Username: null });
});

test("a long beyond 2^53 keeps its digits", async () => {
  const long = { type: "record", name: "A", fields: [{ name: "n", type: "long" }] };
  const { decode } = await readEventSchema(JSON.stringify(long));
  const bytes = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  expect({ ...decode(bytes) }).toEqual({ n: "-9223372036854775808" });
});

test.each<[string, Buffer]>([
  ["that is cut", written.toBuffer(EVENT).subarray(0, -1)],
  ["with something behind it", Buffer.concat([written.toBuffer(EVENT), Buffer.from([0])])],
  ["without a byte", Buffer.alloc(0)],
])("an event %s is an error", async (_, payload) => {
  const { decode } = await readEventSchema(JSON_TEXT);
  expect(() => decode(payload)).toThrow();
});

const array = (items: unknown) =>
  JSON.stringify({ type: "record", name: "A", fields: [{ name: "a", type: { type: "array", items } }] });

test.each<[string, string]>([
  ["no JSON", "{"],
  ["no schema", "{}"],
  ["no record", '"string"'],
  ["a name that is none", JSON.stringify({ ...SCHEMA, name: "a;b" })],
  ["a repetition of nothing", array("null")],
  ["a repetition of empty records", array({ type: "record", name: "B", fields: [] })],
])("a schema that is %s is an error", async (_, json) => {
  await expect(readEventSchema(json)).rejects.toThrow();
});

test("a list of texts can be read", async () => {
  const { decode } = await readEventSchema(array("string"));
  expect({ ...decode(Buffer.from([2, 2, 0x61, 0])) }).toEqual({ a: ["a"] });
});
