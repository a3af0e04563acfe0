/** The program that collects. */
export interface AgentFacts {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  /** The Elastic Agent that has started the program; none where it runs by itself. */
  readonly elasticAgent?: { readonly id: string; readonly version: string; readonly snapshot: boolean };
}

/** The members `agent` and, under Elastic Agent, `elastic_agent` of every document. */
export function agentMembers({ elasticAgent, ...agent }: AgentFacts): Readonly<Record<string, object>> {
  return elasticAgent === undefined ? { agent } : { agent, elastic_agent: elasticAgent };
}
