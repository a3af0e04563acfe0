import { describe, expect, test } from "vitest";
import { inputBlock, outputOf, policyOf, problemsOf } from "./example_policy.fixture.ts";

describe("an output to Kafka", () => {
  const kafka = { type: "kafka", hosts: ["127.0.0.1"], topic: "salesforce" };

  test("as Kibana renders it, with what Beats know besides", () => {
    const block = {
      type: "kafka",
      hosts: ["k1.example:9093", "k2.example"],
      version: "2.6.0",
      client_id: "Elastic",
      key: "%{[organization.id]}",
      compression: "gzip",
      compression_level: 4,
      username: "writer",
      password: "a-password",
      sasl: { mechanism: "SCRAM-SHA-256" },
      ssl: { certificate_authorities: ["ca.pem"] },
      partition: { hash: { hash: "" } },
      topic: "salesforce-%{[data_stream.dataset]}",
      headers: [
        { key: "from", value: "aquila" },
        { key: "", value: "" },
      ],
      timeout: 30,
      broker_timeout: 10,
      required_acks: 1,
      keep_alive: 0,
    };
    const { inputs, warnings } = policyOf([inputBlock()], { default: block });
    expect(inputs[0]?.output).toMatchObject({
      hosts: ["k1.example:9093", "k2.example:9092"],
      sasl: { mechanism: "SCRAM-SHA-256", username: "writer" },
      topic: [{ text: "salesforce-" }, { field: "data_stream.dataset" }],
      key: [{ field: "organization.id" }],
      headers: [{ key: "from", value: "aquila" }],
      partition: { by: "hash", fields: [], reachableOnly: false },
      compression: "gzip",
      isAcknowledged: true,
      timeout: 30_000,
      brokerTimeout: 10_000,
    });
    expect(warnings).toEqual(["outputs.default.keep_alive has no effect in this runner."]);
  });

  test("is warned of where its way is open, or nobody says that an event has arrived", () => {
    const open = { ...kafka, hosts: ["k"], username: "a", password: "b-b-b-b", required_acks: "0" };
    expect(policyOf([inputBlock()], { default: open }).warnings).toEqual([
      "outputs.default has no ssl: the password and events go to Kafka unencrypted.",
      expect.stringMatching(/^outputs\.default\.required_acks is 0: .* may be lost/),
    ]);
  });

  test.each([
    [{ random: { group_events: 5 } }, { by: "random", groupEvents: 5 }],
    [{ round_robin: {} }, { by: "roundRobin", groupEvents: 1 }],
    [{ hash: { hash: "a.b, c", random: false } }, { by: "hash", fields: ["a.b", "c"], isRandomWithout: false }],
  ])("chooses a partition by %o", (partition, expected) => {
    expect(outputOf({ ...kafka, partition })).toMatchObject({ partition: expected });
  });

  test.each<[string, object, string[]]>([
    ["no topic", { ...kafka, topic: undefined }, [".topic: is missing"]],
    [
      "a topic that no broker takes",
      { ...kafka, topic: "sales force" },
      [
        ".topic: must be a topic's name, 1 to 249 letters, digits, dots, lines and hyphens, or hold a %{[field]} or %{+date}",
      ],
    ],
    [
      "a date in a topic that is none, and a key that is no format",
      { ...kafka, topic: "x-%{+yyyy.MMMM QQ}", key: "%{[a.b" },
      [
        '.topic: holds a date with "QQ"; its letters are y, Y, x, w, M, d, D, e, E, H, m, s, S, up to 9 of each, other text stands in single quotes',
        '.key: holds "%{[a.b", which is not %{[field]} or %{+date}',
      ],
    ],
    [
      "Kerberos, in both its ways",
      { ...kafka, kerberos: { realm: "X" }, sasl: { mechanism: "GSSAPI" } },
      [
        ".sasl.mechanism: is Kerberos, which this runner does not speak; use PLAIN, SCRAM or a client certificate",
        ".kerberos: is Kerberos, which this runner does not speak; use PLAIN, SCRAM or a client certificate",
      ],
    ],
    ["half a login", { ...kafka, username: "a" }, [": needs username and password together"]],
    [
      "more than one way to choose partitions, and acknowledgements that are none",
      { ...kafka, partition: { random: {}, hash: {} }, required_acks: 2 },
      [".partition: must have one way alone", ".required_acks: must be 1, 0 or -1"],
    ],
    [
      "topics as Kibana wrote them before",
      { ...kafka, topics: [{ topic: "a" }] },
      [".topics: is how Kibana wrote it up to 8.13; give one topic, which may hold a %{[field]}"],
    ],
  ])("is refused with %s", (_name, block, problems) => {
    expect(problemsOf(inputBlock(), { default: block })).toEqual(
      problems.map((problem) => `outputs.default${problem}`),
    );
  });
});
