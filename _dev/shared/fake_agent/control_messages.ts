/** The messages of the agent's control protocol as the agent's side has them, with their field numbers. */
import protobuf from "protobufjs";

const text = (id: number) => ({ type: "string", id });
const bytes = (id: number) => ({ type: "bytes", id });
const uint64 = (id: number) => ({ type: "uint64", id });
const int32 = (id: number) => ({ type: "int32", id });
const of = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: "repeated" as const, type, id });
const map = (type: string, id: number): protobuf.IMapField => ({ keyType: "string", type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    Value: {
      oneofs: { kind: { oneof: ["nullValue", "numberValue", "stringValue", "boolValue", "structValue", "listValue"] } },
      fields: {
        nullValue: int32(1),
        numberValue: of("double", 2),
        stringValue: text(3),
        boolValue: of("bool", 4),
        structValue: of("Struct", 5),
        listValue: of("ListValue", 6),
      },
    },
    ListValue: { fields: { values: list("Value", 1) } },
    Struct: { fields: { fields: map("Value", 1) } },
    Timestamp: { fields: { seconds: of("int64", 1), nanos: int32(2) } },
    AgentInfo: { fields: { id: text(1), version: text(2), snapshot: of("bool", 3), mode: int32(4) } },
    StartUpInfo: {
      fields: {
        addr: text(1),
        serverName: text(2),
        token: text(3),
        caCert: bytes(4),
        peerCert: bytes(5),
        peerKey: bytes(6),
        services: list("int32", 7),
        supports: list("int32", 8),
        maxMessageSize: uint64(9),
        agentInfo: of("AgentInfo", 10),
      },
    },
    UnitObserved: {
      fields: {
        id: text(1),
        type: int32(2),
        configStateIdx: uint64(3),
        state: int32(4),
        message: text(5),
        payload: of("Struct", 6),
      },
    },
    VersionInfo: { fields: { name: text(1), meta: map("string", 3), buildHash: text(4) } },
    CheckinObserved: {
      fields: {
        token: text(1),
        units: list("UnitObserved", 2),
        versionInfo: of("VersionInfo", 3),
        featuresIdx: uint64(5),
        componentIdx: uint64(6),
        unitsTimestamp: of("Timestamp", 7),
        supports: list("int32", 8),
        pid: uint64(9),
      },
    },
    UnitExpectedConfig: {
      fields: { source: of("Struct", 1), id: text(2), type: text(3), name: text(4), revision: uint64(5) },
    },
    UnitExpected: {
      fields: {
        id: text(1),
        type: int32(2),
        state: int32(3),
        configStateIdx: uint64(4),
        config: of("UnitExpectedConfig", 5),
        logLevel: int32(6),
      },
    },
    CheckinExpected: {
      fields: {
        units: list("UnitExpected", 1),
        agentInfo: of("AgentInfo", 2),
        featuresIdx: uint64(4),
        componentIdx: uint64(6),
        unitsTimestamp: of("Timestamp", 7),
      },
    },
    ActionRequest: {
      fields: {
        id: text(1),
        name: text(2),
        params: bytes(3),
        unitId: text(4),
        unitType: int32(5),
        type: int32(6),
        level: int32(7),
      },
    },
    DiagnosticFile: {
      fields: {
        name: text(1),
        filename: text(2),
        description: text(3),
        contentType: text(4),
        content: bytes(5),
        generated: of("Timestamp", 6),
      },
    },
    ActionResponse: {
      fields: {
        token: text(1),
        id: text(2),
        status: int32(3),
        result: bytes(4),
        diagnostic: list("DiagnosticFile", 5),
      },
    },
  },
});

/** The plain object of an encoded message; absent fields have their default values. */
export function decoded<T>(type: string, data: Uint8Array): T {
  const found = root.lookupType(type);
  return found.toObject(found.decode(data), { longs: Number, defaults: true, arrays: true, oneofs: true }) as T;
}

export function encoded(type: string, value: object): Buffer {
  const found = root.lookupType(type);
  return Buffer.from(found.encode(found.fromObject(value)).finish());
}

/** A JSON value as `google.protobuf.Value`. */
function protoValue(json: unknown): object {
  if (json === null || json === undefined) {
    return { nullValue: 0 };
  }
  switch (typeof json) {
    case "number":
      return { numberValue: json };
    case "string":
      return { stringValue: json };
    case "boolean":
      return { boolValue: json };
    default:
      return Array.isArray(json) ? { listValue: { values: json.map(protoValue) } } : { structValue: structOf(json) };
  }
}

export function structOf(json: object): object {
  return { fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, protoValue(value)])) };
}

interface StructLike {
  readonly fields?: Readonly<Record<string, ValueLike>>;
}
interface ValueLike {
  readonly kind?: string;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: StructLike;
  readonly listValue?: { readonly values?: readonly ValueLike[] };
}

/** The JSON value of a decoded `google.protobuf.Struct`. */
export function jsonOf(struct: StructLike | null | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, jsonValue(value)]));
}

function jsonValue(value: ValueLike): unknown {
  switch (value.kind) {
    case "numberValue":
      return value.numberValue;
    case "stringValue":
      return value.stringValue;
    case "boolValue":
      return value.boolValue;
    case "structValue":
      return jsonOf(value.structValue);
    case "listValue":
      return (value.listValue?.values ?? []).map(jsonValue);
    default:
      return null;
  }
}
