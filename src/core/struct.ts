/**
 * `google.protobuf.Struct`: JSON values within a message. All its numbers are doubles.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */
import protobuf from "protobufjs/light.js";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** The messages, as the library wants them declared. */
export const STRUCT: Record<string, protobuf.AnyNestedObject> = {
  google: {
    nested: {
      protobuf: {
        nested: {
          Struct: {
            fields: { fields: { keyType: "string", type: "Value", id: 1 } } as Record<string, protobuf.IField>,
          },
          Value: {
            fields: {
              nullValue: { type: "int32", id: 1 },
              numberValue: { type: "double", id: 2 },
              stringValue: { type: "string", id: 3 },
              boolValue: { type: "bool", id: 4 },
              structValue: { type: "Struct", id: 5 },
              listValue: { type: "ListValue", id: 6 },
            },
            oneofs: {
              kind: { oneof: ["nullValue", "numberValue", "stringValue", "boolValue", "structValue", "listValue"] },
            },
          },
          ListValue: { fields: { values: { rule: "repeated", type: "Value", id: 1 } } },
        },
      },
    },
  },
};

/** A `Value` as the library's plain data: the one of its fields that is there. */
interface Value {
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  /** A nested `Struct` is JSON already. */
  readonly structValue?: JsonObject;
  readonly listValue?: { readonly values?: readonly Value[] };
}

// The library asks these for every message of the name, at whatever depth of another; `this` is the type without them.
protobuf.wrappers[".google.protobuf.Struct"] = {
  fromObject(object: Readonly<Record<string, unknown>>, ...depth: unknown[]) {
    return Reflect.apply(this.fromObject, this, [{ fields: mapped(object as JsonObject, valueFields) }, ...depth]);
  },
  toObject(message, options, ...depth: unknown[]) {
    const { fields } = Reflect.apply(this.toObject, this, [message, options, ...depth]) as {
      fields?: Record<string, Value>;
    };
    return mapped(fields ?? {}, jsonFrom);
  },
};

function valueFields(json: Json): object {
  switch (typeof json) {
    case "number":
      return { numberValue: json };
    case "string":
      return { stringValue: json };
    case "boolean":
      return { boolValue: json };
    default:
      if (json === null) {
        return { nullValue: 0 };
      }
      return Array.isArray(json) ? { listValue: { values: json.map(valueFields) } } : { structValue: json };
  }
}

function jsonFrom({ numberValue, stringValue, boolValue, structValue, listValue }: Value): Json {
  return numberValue ?? stringValue ?? boolValue ?? structValue ?? listValue?.values?.map(jsonFrom) ?? null;
}

/** `Object.fromEntries` makes plain data of any name, `__proto__` too. */
function mapped<A, B>(object: Readonly<Record<string, A>>, to: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, to(value)]));
}
