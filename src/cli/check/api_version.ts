import { z } from "zod";
import { GIVE_UP, RETRY, RunnerError } from "../../core/errors.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";

const STEP = "API version";
const answer = z.array(z.object({ version: z.string().regex(/^\d+\.\d$/) })).min(1);

/** Versions up to this one are unsupported from Summer '27 and gone from Summer '28 (API End-of-Life Policy). */
const NEWEST_WITH_AN_END = 40;

/** Salesforce announces the end of the oldest versions about a year ahead; this many from the oldest is too near. */
const NEAR_THE_END = 3;

/**
 * Whether the org offers the version of the policy. `body` is its answer to `/services/data`. Throws `api_version_retired`,
 * or `answer_unreadable`. Pure.
 */
export function versionFinding(body: string, wanted: string): Finding {
  const offered = versionsOf(body);
  const oldest = Math.min(...offered);
  const newest = Math.max(...offered);
  const range = `${oldest.toFixed(1)} to ${newest.toFixed(1)}`;
  if (!offered.includes(Number(wanted))) {
    throw new RunnerError("api_version_retired", `The org does not offer API version ${wanted}, only ${range}.`, {
      next: GIVE_UP,
      cure: `Set api.version to "${newest.toFixed(1)}".`,
    });
  }
  if (Number(wanted) <= NEWEST_WITH_AN_END) {
    return warning(
      STEP,
      `${wanted} is unsupported from Summer '27 and gone from Summer '28 (the org offers ${range}).`,
      `Set api.version to "${newest.toFixed(1)}".`,
    );
  }
  return Number(wanted) - oldest < NEAR_THE_END
    ? warning(
        STEP,
        `${wanted} is among the oldest that the org offers (${range}).`,
        `Set api.version to "${newest.toFixed(1)}".`,
      )
    : ok(STEP, `${wanted} is used; the org offers ${range}.`);
}

function versionsOf(body: string): number[] {
  try {
    return answer.parse(JSON.parse(body)).map(({ version }) => Number(version));
  } catch {
    throw new RunnerError("answer_unreadable", "The org's list of API versions can't be read.", {
      next: RETRY,
      cure: "Check that nothing between here and Salesforce changes its answers.",
    });
  }
}
