import type { Client } from "@elastic/elasticsearch";
import type { NodeAbilities } from "./substitutions.ts";
import { SUBSTITUTABLE_TYPES } from "./substitutions.ts";

/** Asks a cluster which processors, field types and settings it has. Nothing is changed there. */
export async function probeAbilities(client: Client): Promise<NodeAbilities> {
  const [processors, lifecycle, ...types] = await Promise.all([
    processorsOf(client),
    accepts(client, { settings: { index: { lifecycle: { name: "logs" } } } }),
    ...SUBSTITUTABLE_TYPES.map(async (type) => ({ type, known: await knowsType(client, type) })),
  ]);
  return {
    processors,
    lifecycle,
    missingFieldTypes: new Set(types.filter(({ known }) => !known).map(({ type }) => type)),
  };
}

/** Processors that every node with the role `ingest` has. */
async function processorsOf(client: Client): Promise<Set<string>> {
  const { nodes } = await client.nodes.info({ metric: "ingest" });
  const perNode = Object.values(nodes).flatMap(({ ingest }) =>
    ingest === undefined ? [] : [new Set(ingest.processors.map(({ type }) => type))],
  );
  const [first = new Set<string>(), ...others] = perNode;
  return new Set([...first].filter((type) => others.every((processors) => processors.has(type))));
}

function knowsType(client: Client, type: string): Promise<boolean> {
  const options = type === "scaled_float" ? { scaling_factor: 1000 } : {};
  return accepts(client, { mappings: { properties: { probe: { type, ...options } } } });
}

/** Whether an index could be made of this template; a simulation, so that none is. */
async function accepts(client: Client, template: object): Promise<boolean> {
  const body = { index_patterns: ["aquila-salesforce-probe-*"], priority: 1_000, template };
  const path = "/_index_template/_simulate";
  const { statusCode } = await client.transport.request({ method: "POST", path, body }, { meta: true, ignore: [400] });
  return statusCode === 200;
}
