import type { OrgClient } from "../org/org_client.ts";
import type { Tell } from "./fact.ts";
import type { SourceFact } from "./source_facts.ts";

/** What time it is at Salesforce for one source; tells when this machine's clock starts or ends to differ from it. */
export class TimeAtSalesforce {
  readonly #client: OrgClient;
  readonly #tell: Tell<SourceFact>;
  #toldAhead = 0;

  constructor(client: OrgClient, tell: Tell<SourceFact>) {
    this.#client = client;
    this.#tell = tell;
  }

  /** Milliseconds since the epoch. */
  async now(signal: AbortSignal): Promise<number> {
    const { now, machineAhead } = await this.#client.time(signal);
    if (Math.sign(machineAhead) !== Math.sign(this.#toldAhead)) {
      this.#tell({ fact: "clock_compared", ahead: machineAhead });
    }
    this.#toldAhead = machineAhead;
    return Math.floor(now);
  }
}
