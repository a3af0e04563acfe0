import { asRunnerError } from "../../core/errors.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import { queryNames } from "../../org/name_query.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { hasRecord } from "../../org/query_pages.ts";
import { soqlText } from "../../org/soql.ts";
import type { NamesSetting } from "../../policy/settings.ts";

const STEP = "names";

const VIEW_ALL_USERS = "Assign the integration user a permission set with 'View All Users', or set names to none.";

/** Whether names of users other than the integration user can be read, and those of connected apps. None of it throws. */
export async function nameFindings(names: NamesSetting, client: OrgClient, signal: AbortSignal): Promise<Finding[]> {
  const { userId } = await client.identity(signal);
  try {
    const others = `SELECT Id FROM User WHERE Id != ${soqlText(userId)} LIMIT 1`;
    const [own, seesOthers] = [
      await queryNames(client, "user", [userId], names === "full", signal),
      await hasRecord(client, others, "query of User", signal),
    ];
    const isReadable = own.size > 0 && seesOthers;
    return [
      isReadable
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
