import { asRunnerError } from "../../core/errors.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import { queryNames } from "../../org/name_query.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { hasRecord } from "../../org/query_pages.ts";

const STEP = "names";

const VIEW_ALL_USERS = "Assign the integration user a permission set with 'View All Users', or set names to none.";

/** Whether names of users other than the integration user can be read, and those of connected apps. None of it throws. */
export async function nameFindings(client: OrgClient, signal: AbortSignal): Promise<Finding[]> {
  try {
    // Everybody sees oneself: a second one is somebody else.
    const seesOthers = await hasRecord(client, "SELECT Username FROM User LIMIT 1 OFFSET 1", "names of User", signal);
    return [
      seesOthers
        ? ok(STEP, `Usernames are readable; ${await appSentence(client, signal)}.`)
        : warning(STEP, "Names of other users are not visible: events have the ids alone.", VIEW_ALL_USERS),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [warning(STEP, `${asRunnerError(error).message} Events have the ids alone.`, VIEW_ALL_USERS)];
  }
}

async function appSentence(client: OrgClient, signal: AbortSignal): Promise<string> {
  try {
    await queryNames(client, "app", ["0H4000000000000AAA"], false, signal);
    return "names of connected apps too";
  } catch {
    signal.throwIfAborted();
    return "those of connected apps are not, which stay ids";
  }
}
