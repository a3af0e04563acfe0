/** What the benches of queues have in common: the ceiling of this machine, which a rate has to be measured against. */
import type { SourceEvent } from "../../../src/core/event.ts";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import type { CollectFigures } from "./collect.ts";

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

/** Some of the documents that the runner has sent; throws unless each Login row is among them once. */
export function readyMade(
  documents: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly "@metadata": { readonly _id: string } }>,
  rows: number,
): ReadyMade {
  const logins = documents.filter(({ event }) => (event as { code?: string }).code === "Login");
  if (logins.length !== rows) {
    throw new Error(`${logins.length} of ${rows} events have come`);
  }
  const some = logins.slice(0, KEPT);
  const bytes = new EventBytes();
  const events = some.map(({ "@metadata": { _id }, ...document }) => {
    const start = bytes.length;
    bytes.text(JSON.stringify(document));
    return bytes.event("logs-aquila_salesforce.login-default", _id, start);
  });
  return { texts: some.map((document) => Buffer.from(JSON.stringify(document))), events };
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

/** How the runner, and its output alone, compare with the ceiling. */
export function shareLine(
  name: string,
  { rows, figures }: CollectFigures,
  rates: { readonly sink: number; readonly bare: number },
): string {
  const shown = (rate: number) => `${Math.round(rate).toLocaleString("en")} a second, ${share(rate)} %`;
  const share = (rate: number) => Math.round((rate / rates.bare) * 100);
  return `${name}: ready-made events by the bare client ${shown(rates.bare)}; by the output alone ${shown(rates.sink)}; the whole runner ${shown(rows / figures.wallSeconds)}`;
}
