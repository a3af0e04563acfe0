import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { NODE_FLAGS } from "../../../src/cli/component_files.ts";
import { FakeAgent } from "../../shared/fake_agent/fake_agent.ts";
import { buildBundle } from "../build_bundle.ts";

export interface AgentDemo {
  /** Folder for the component and its data. */
  readonly folder: string;
  /** Names the past that the component's data belong to. */
  readonly identity: string;
  readonly outputBlock: Readonly<Record<string, unknown>>;
  /** Inputs as the agent's policy has them. */
  readonly inputs: ReadonlyArray<{ readonly id: string; readonly name: string }>;
  readonly say: (line: string) => void;
}

/** What Fleet would show of one unit. */
export interface UnitRow {
  readonly unit: string;
  readonly state: string;
  readonly message: string;
}

/** Everything has been collected when each input says so, or says what a person must mend. */
const SETTLED = new Set(["HEALTHY", "FAILED"]);
const LONGEST_COLLECTION_MS = 15 * 60_000;

/**
 * Builds the component and lets a stand-in of Elastic Agent run it: start-up information on standard input, gRPC with mutual
 * TLS, the inputs as units. Gives the units' states once every one is settled.
 */
export async function collectUnderAgent({ folder, identity, outputBlock, inputs, say }: AgentDemo): Promise<UnitRow[]> {
  const component = join(folder, "component");
  mkdirSync(component, { recursive: true });
  say("Building the component …");
  const bundle = await buildBundle(component);
  const agent = new FakeAgent({
    component: {
      command: [process.execPath, ...NODE_FLAGS, bundle, "agent"],
      dataDirectory: join(folder, `agent-${identity}`),
    },
  });
  await agent.start();
  try {
    agent.output(outputBlock);
    for (const { id, ...config } of inputs) {
      agent.input(id, config);
    }
    agent.send();
    const settled = () => inputs.every(({ id }) => SETTLED.has(agent.state(id) ?? ""));
    await agent.until("every unit healthy or failed", settled, LONGEST_COLLECTION_MS);
    return [
      ...inputs.map(({ id, name }) => ({ unit: name, state: agent.state(id) ?? "", message: agent.message(id) })),
      outputRow(agent),
    ];
  } finally {
    await agent.stop();
  }
}

function outputRow(agent: FakeAgent): UnitRow {
  const output = agent.observed.get(agent.outputUnitId);
  return { unit: "output default", state: output?.state ?? "", message: output?.message ?? "" };
}
