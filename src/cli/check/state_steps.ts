import { z } from "zod";
import { STATE_PRIVILEGES, stateProblem } from "../../coordination/state_answer.ts";
import type { StateIndex } from "../../coordination/state_index.ts";
import { GIVE_UP, RunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok, type Step, warning } from "../../core/finding.ts";
import type { SharedState } from "../../policy/policy.ts";
import { openStateIndex } from "../open_state_index.ts";
import { HARMFUL_PRIVILEGES } from "./elasticsearch_answers.ts";

const STEP = "state key";

/** What is looked at in a state that hosts share; nothing is written. */
export async function stateSteps(
  state: SharedState,
  requestTimeout: number,
): Promise<{ readonly steps: readonly Step[]; close(): Promise<void> }> {
  const documents = await openStateIndex(state, requestTimeout);
  const { index, cluster } = state;
  const hasKey = cluster.credentials !== undefined;
  return {
    steps: [
      { name: STEP, needed: true, run: async (signal) => [await keyFinding(documents, index, hasKey, signal)] },
      {
        name: "state index",
        needed: false,
        run: async (signal) => {
          await documents.read(["members"], signal);
          return [ok("state index", `${index} can be read; the first host to write makes it if it is not there.`)];
        },
      },
    ],
    close: () => documents.close(),
  };
}

async function keyFinding(
  documents: Pick<StateIndex, "ask">,
  index: string,
  hasKey: boolean,
  signal: AbortSignal,
): Promise<Finding> {
  if (!hasKey) {
    return warning(
      STEP,
      "The state has no key, so anybody who reaches this Elasticsearch can change it.",
      "Switch its security on, and give state.api_key.",
    );
  }
  const answer = await documents.ask(
    "POST",
    "/_security/user/_has_privileges",
    {
      cluster: HARMFUL_PRIVILEGES.cluster,
      index: [{ names: [index], privileges: [...STATE_PRIVILEGES, ...MORE_THAN_NEEDED] }],
    },
    signal,
  );
  if (answer.status !== 200) {
    throw stateProblem(index, answer);
  }
  return stateKeyFinding(index, answer.body);
}

const MORE_THAN_NEEDED = ["manage", "delete_index"] as const;

const privileges = z.object({
  cluster: z.record(z.string(), z.boolean()),
  index: z.record(z.string(), z.record(z.string(), z.boolean())),
});

/** Whether the key may do what it must, and no more. `body` answers `POST /_security/user/_has_privileges`. Pure. */
function stateKeyFinding(index: string, body: unknown): Finding {
  const read = privileges.safeParse(body).data;
  const may = read?.index[index];
  if (read === undefined || may === undefined) {
    return warning(STEP, "Elasticsearch does not tell what the key in state.api_key may do.");
  }
  const missing = STATE_PRIVILEGES.filter((privilege) => may[privilege] !== true);
  if (missing.length > 0) {
    return failed(
      STEP,
      new RunnerError("shared_state_refused", `The key in state.api_key lacks ${missing.join(", ")} on ${index}.`, {
        next: GIVE_UP,
        cure: `Make a key with the privileges ${STATE_PRIVILEGES.join(", ")} on ${index}.`,
      }),
    );
  }
  const harmful = [
    ...HARMFUL_PRIVILEGES.cluster.filter((one) => read.cluster[one] === true).map((one) => `${one} on the cluster`),
    ...MORE_THAN_NEEDED.filter((one) => may[one] === true).map((one) => `${one} on ${index}`),
  ];
  return harmful.length === 0
    ? ok(STEP, `The key may make, read and write ${index}, and nothing that could do harm.`)
    : warning(
        STEP,
        `The key in state.api_key may do more than it needs: ${harmful.join(", ")}.`,
        `Use a key with only ${STATE_PRIVILEGES.join(", ")} on ${index}.`,
      );
}
