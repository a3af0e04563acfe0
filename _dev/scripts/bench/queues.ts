/** What the benches of queues have in common: the ceiling of this machine, which a rate has to be measured against. */
import type { SourceEvent } from "../../../src/core/event.ts";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import { benchCollect, type CollectFigures, type CollectOptions } from "./collect.ts";

/** As many rows as `bench -- collect` has, so that the second of the start weighs the same. */
export const ROWS: Pick<CollectOptions, "files" | "rowsPerFile"> = { files: 5, rowsPerFile: 100_000 };

/** Events a second of the runner with the least that an output can do, in the same minute. */
export async function rateOfCollection(): Promise<number> {
  return rateOf(await benchCollect(ROWS));
}

function rateOf({ rows, figures }: CollectFigures): number {
  return rows / figures.wallSeconds;
}

/** Documents that are sent again and again. */
const KEPT = 10_000;
const SENDS = 100;
const IN_ONE = 1_000;
const UNDER_WAY = 4;

/** The same events, as text and as a source gives them. */
export interface ReadyMade {
  readonly texts: readonly Buffer[];
  readonly events: readonly SourceEvent[];
}

/** Counts the Login events that a queue has received, and keeps some of them to send them again. */
export class ReceivedLogins {
  readonly #texts: string[] = [];
  #count = 0;

  /** Takes the text of a document. */
  readonly take = (json: string): void => {
    if (json.includes('"code":"Login"')) {
      this.#count += 1;
      if (this.#texts.length < KEPT) {
        this.#texts.push(json);
      }
    }
  };

  /** Throws unless so many have come. */
  readyMade(rows: number): ReadyMade {
    if (this.#count !== rows) {
      throw new Error(`${this.#count} of ${rows} events have come`);
    }
    const bytes = new EventBytes();
    const events = this.#texts.map((json) => {
      const { "@metadata": metadata, ...document } = JSON.parse(json);
      const start = bytes.length;
      bytes.text(JSON.stringify(document));
      return bytes.event("logs-aquila_salesforce.login-default", metadata._id, start);
    });
    return { texts: this.#texts.map((json) => Buffer.from(json)), events };
  }
}

/** Events a second of a client that has them ready-made; `send` resolves when those that it was given are acknowledged. */
export async function measureBare<T>(
  ready: readonly T[],
  send: (some: readonly T[]) => Promise<void>,
): Promise<number> {
  const parts = Array.from({ length: Math.floor(ready.length / IN_ONE) }, (_, n) =>
    ready.slice(n * IN_ONE, (n + 1) * IN_ONE),
  );
  const sendAll = async (times: number) => {
    let next = 0;
    const worker = async () => {
      while (next < times) {
        const part = parts[next % parts.length] ?? [];
        next += 1;
        await send(part);
      }
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  };
  await sendAll(SENDS / 4);
  const start = performance.now();
  await sendAll(SENDS);
  return (SENDS * IN_ONE) / ((performance.now() - start) / 1_000);
}

/** How the runner, and its output alone, compare with the ceilings: the bare client, and the runner without such an output. */
export function shareLines(
  name: string,
  figures: CollectFigures,
  rates: { readonly sink: number; readonly bare: number; readonly collection: number },
): string[] {
  const whole = rateOf(figures);
  const percent = (rate: number, of: number) => `${Math.round((rate / of) * 100)} %`;
  const shown = (rate: number) => `${Math.round(rate).toLocaleString("en")} a second, ${percent(rate, rates.bare)}`;
  return [
    `${name}: ready-made events by the bare client ${shown(rates.bare)}; by the output alone ${shown(rates.sink)}; the whole runner ${shown(whole)}`,
    `${name}: the whole runner ${percent(whole, rates.collection)} of what it collects into files, ${Math.round(rates.collection).toLocaleString("en")} a second`,
  ];
}
