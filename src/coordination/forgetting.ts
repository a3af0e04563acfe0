import { membersOf } from "./lease.ts";
import type { StateIndex } from "./state_index.ts";

const DAY_MS = 86_400_000;
/**
 * Days after which what nobody has written to is taken out of the state that hosts share: of an org or a source that left the policy.
 * Whatever comes back within them goes on where it was. It is longer than Salesforce keeps event log files.
 */
export const FORGOTTEN_AFTER_DAYS = 90;
/** What is collected is written to in at least so many days, even if nothing changes. */
export const WRITTEN_WITHIN_MS = 7 * DAY_MS;

/**
 * Takes out what is older, by Elasticsearch's clock and by this host's (`now`), unless somebody writes to it meanwhile; a lease only when
 * nothing else is left of its org. Gives how many documents that were. Rejects as StateIndex does.
 */
export async function forgetStale(
  { stale, find, read, write }: Pick<StateIndex, "stale" | "find" | "read" | "write">,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  const found = await read(await stale(FORGOTTEN_AFTER_DAYS, signal), signal);
  const old = [...found].flatMap(([id, { value, version }]) => {
    const { written, org, source } = membersOf(value);
    const isOld = typeof written === "string" && Date.parse(written) < now - FORGOTTEN_AFTER_DAYS * DAY_MS;
    return isOld && typeof org === "string" ? [{ id, org, isLease: source === undefined, version }] : [];
  });
  const takeOut = async (documents: typeof old) => {
    const writes = documents.map(({ id, version }) => ({ id, value: undefined, expected: version }));
    const versions = writes.length === 0 ? [] : await write(writes, signal);
    return documents.filter((_, at) => versions[at] !== undefined);
  };
  const gone = await takeOut(old.filter(({ isLease }) => !isLease));
  const leases = old.filter(({ isLease }) => isLease);
  const goneIds = new Set(gone.map(({ id }) => id));
  const left = leases.length === 0 ? [] : await find("org", [...new Set(leases.map(({ org }) => org))], signal);
  const alive = new Set(left.filter(({ id }) => !goneIds.has(id)).map(({ org }) => org));
  return gone.length + (await takeOut(leases.filter(({ org }) => !alive.has(org)))).length;
}
