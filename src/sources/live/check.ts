import type { PublishedObject } from "../../catalog/column.ts";
import { asRunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok } from "../../core/finding.ts";
import type { PubSub } from "../../org/pub_sub.ts";
import { notAllowed, withTopicCure } from "./access.ts";
import { readEventSchema } from "./avro.ts";

const STEP = "live events";

/** Asks for each topic and the schema of its events, as the runner would. One finding for each; none of them throws. */
export async function topicFindings(
  types: readonly PublishedObject[],
  pubSub: PubSub,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const type of types) {
    findings.push(await topicFinding(type, pubSub, signal));
  }
  return findings;
}

async function topicFinding(type: PublishedObject, pubSub: PubSub, signal: AbortSignal): Promise<Finding> {
  const { name } = type.topic;
  try {
    const { canSubscribe, schemaId } = await pubSub.topic(name, signal);
    if (!canSubscribe) {
      return failed(STEP, notAllowed(type), "warning");
    }
    await readEventSchema(await pubSub.schema(schemaId, signal));
    return ok(
      STEP,
      `${name}: can be subscribed to (can_subscribe is true). Whether events come is switched per event in Setup > Event Manager (Streaming).`,
    );
  } catch (caught) {
    signal.throwIfAborted();
    return failed(STEP, withTopicCure(asRunnerError(caught), type), "warning");
  }
}
