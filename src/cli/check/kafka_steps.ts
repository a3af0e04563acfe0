import { systemClock } from "../../core/clock.ts";
import { asRunnerError } from "../../core/errors.ts";
import { type DataStream, dataStreamName } from "../../core/event.ts";
import { type Finding, failed, ok, type Step, warning } from "../../core/finding.ts";
import type { KafkaOutput } from "../../policy/policy.ts";
import { KafkaCluster } from "../../sinks/kafka_cluster.ts";
import { kafkaProblem } from "../../sinks/kafka_meaning.ts";
import { fieldsOf, formatted } from "../../sinks/kafka_routing.ts";
import { kafkaOptions } from "../open_output.ts";

/**
 * What is looked at in an output to Kafka: each host, with TLS and login; each topic, with the right to write to it; and whether
 * brokers know again what they are sent twice. Nothing is written.
 */
export async function kafkaSteps(
  output: KafkaOutput,
  streams: readonly DataStream[],
  timeout: number,
): Promise<{ readonly steps: readonly Step[]; close(): Promise<void> }> {
  const { hosts, ssl, sasl, isAcknowledged } = output;
  const cluster = new KafkaCluster({ ...(await kafkaOptions(output)), timeout }, systemClock);
  const asked = async <T>(where: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw kafkaProblem(where, error, hosts).error;
    }
  };
  const way = `${ssl === undefined ? "without TLS" : "by TLS"}${sasl === undefined ? "" : `, as ${sasl.username}`}`;
  const reach = hosts.map((host) => ({
    name: "Kafka",
    needed: false,
    run: async () => {
      await asked(host, cluster.reach(host));
      return [ok("Kafka", `${host} is reached, ${way}.`)];
    },
  }));

  async function topicFindings(topic: string): Promise<Finding> {
    try {
      const { partitions, mayWrite } = await asked(topic, cluster.inspect(topic));
      const has = `The topic ${topic} is there, with ${partitions} ${partitions === 1 ? "partition" : "partitions"}`;
      return mayWrite === false
        ? failed(
            TOPIC,
            kafkaProblem(topic, Object.assign(new Error(topic), { apiId: "TOPIC_AUTHORIZATION_FAILED" })).error,
          )
        : ok(TOPIC, `${has}${mayWrite === true ? ", and may be written to" : ""}.`);
    } catch (error) {
      return failed(TOPIC, error);
    }
  }
  const topics = topicsOf(output, streams);
  const look = {
    name: TOPIC,
    needed: false,
    run: async () => {
      const findings = await Promise.all(topics.map(topicFindings));
      const said =
        topics.length === 0
          ? [ok(TOPIC, "Each event's own fields name its topic, which can't be looked up before.")]
          : [];
      return [...findings, ...said];
    },
  };
  const once = {
    name: ONCE,
    needed: false,
    run: async () => {
      if (!isAcknowledged) {
        const cure = "Write required_acks: 1.";
        return [
          warning(ONCE, "With required_acks 0 brokers acknowledge nothing: events may be lost without a word.", cure),
        ];
      }
      try {
        await asked(hosts.join(", "), cluster.newProducer());
      } catch (error) {
        return [failed(ONCE, error, asRunnerError(error).code === "output_busy" ? "warning" : "failed")];
      }
      return [
        ok(
          ONCE,
          "Each event carries its id as @metadata._id: what writes it into Elasticsearch must take it as its _id.",
        ),
      ];
    },
  };
  return { steps: [...reach, look, once], close: () => cluster.close() };
}

const TOPIC = "topic";
const ONCE = "each event once";

/** The topics that the data streams alone decide, of events of this moment. */
function topicsOf({ topic }: KafkaOutput, streams: readonly DataStream[]): string[] {
  const names = streams.flatMap((stream) => {
    const values = fieldsOf({ index: dataStreamName(stream), id: "", json: "{}" });
    const made = formatted(topic, values, systemClock.now());
    return "text" in made ? [made.text] : [];
  });
  return [...new Set(names)];
}
