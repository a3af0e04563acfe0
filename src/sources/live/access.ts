import type { PublishedObject } from "../../catalog/column.ts";
import { GIVE_UP, RunnerError } from "../../core/errors.ts";
import { isAbsence } from "../absence.ts";

/** What an administrator does so that the integration user may subscribe (Security Guide, "Enable Access to Real-Time Event Monitoring"). */
function topicCure({ topic, permission }: PublishedObject): string {
  const { label } = topic.permission ?? permission;
  return `Assign the integration user a permission set with 'API Enabled', '${label}' and read access to ${topic.name}, and enable its streaming in Setup > Event Manager; or take ${topic.name} out of live.topics.`;
}

/** An error of the org about the topic; where the user is refused it, its cure names what this topic needs. */
export function withTopicCure(error: RunnerError, type: PublishedObject): RunnerError {
  return isAbsence(error) && error.cure === undefined
    ? new RunnerError(error.code, error.message, { next: error.next, cure: topicCure(type), cause: error })
    : error;
}

/** Salesforce shows the topic to the user, and does not let it subscribe. */
export function notAllowed(type: PublishedObject): RunnerError {
  const message = `Salesforce does not let the integration user subscribe to ${type.topic.name} (can_subscribe is false).`;
  return withTopicCure(new RunnerError("permission_missing", message, { next: GIVE_UP }), type);
}
