/** What the benches of queues have in common: the ceiling of this machine, which a rate has to be measured against. */
import type { CollectFigures } from "./collect.ts";

/** Documents that are sent again and again. */
const KEPT = 10_000;
const SENDS = 100;
const IN_ONE = 1_000;
const UNDER_WAY = 4;

/** Some of the documents that the runner has sent, as text; throws unless each Login row is among them once. */
export function textsOf(documents: ReadonlyArray<Readonly<Record<string, unknown>>>, rows: number): readonly Buffer[] {
  const logins = documents.filter(({ event }) => (event as { code?: string }).code === "Login");
  if (logins.length !== rows) {
    throw new Error(`${logins.length} of ${rows} events have come`);
  }
  return logins.slice(0, KEPT).map((document) => Buffer.from(JSON.stringify(document)));
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

export function shareLine(name: string, { rows, figures }: CollectFigures, who: string, ceiling: number): string {
  const share = Math.round((rows / figures.wallSeconds / ceiling) * 100);
  return `${name}: ${share} % of what ${who} does with ready-made events, ${Math.round(ceiling).toLocaleString("en")} a second`;
}
