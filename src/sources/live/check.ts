import type { PublishedObject } from "../../catalog/column.ts";
import { asRunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok } from "../../core/finding.ts";
import type { PubSub } from "../../org/pub_sub.ts";
import { isAbsence } from "../absence.ts";
import { notAllowed, withTopicCure } from "./access.ts";
import { readEventSchema } from "./avro.ts";

const STEP = "live events";

/**
 * Asks for each topic and the schema of its events, as the runner would. One finding for each, and one for all that not every org
 * has and this one does not; none of them throws.
 */
export async function topicFindings(
  types: readonly PublishedObject[],
  pubSub: Pick<PubSub, "topic" | "schema">,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const absent: string[] = [];
  for (const type of types) {
    const finding = await topicFinding(type, pubSub, signal);
    if (finding === ABSENT) {
      absent.push(type.topic.name);
    } else {
      findings.push(finding);
    }
  }
  return absent.length === 0 ? findings : [...findings, absenceFinding(absent)];
}

const ABSENT = Symbol("a topic that not every org has");

/** That they are not there is no fault, but whoever has paid for them wants to know it. */
function absenceFinding(names: readonly string[]): Finding {
  return ok(
    STEP,
    `Not there for the integration user, and not collected live: ${names.join(", ")}. They come with Salesforce Shield or the Event Monitoring add-on; if the org has it, assign a permission set with 'View Real-Time Event Monitoring Data', and enable streaming of each in Setup > Event Manager.`,
  );
}

async function topicFinding(
  type: PublishedObject,
  pubSub: Pick<PubSub, "topic" | "schema">,
  signal: AbortSignal,
): Promise<Finding | typeof ABSENT> {
  const { name } = type.topic;
  try {
    const { canSubscribe, schemaId } = await pubSub.topic(name, signal);
    if (!canSubscribe) {
      throw notAllowed(type);
    }
    await readEventSchema(await pubSub.schema(schemaId, signal));
    return ok(
      STEP,
      `${name}: can be subscribed to (can_subscribe is true). Whether events come is switched per event in Setup > Event Manager (Streaming).`,
    );
  } catch (caught) {
    signal.throwIfAborted();
    const error = withTopicCure(asRunnerError(caught), type);
    return type.mayBeAbsent === true && isAbsence(error) ? ABSENT : failed(STEP, error, "warning");
  }
}
