import type { Fact } from "../../../src/core/fact.ts";

/** Counts what the runner tells and shows it: one changing line on a terminal, a line every few seconds elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #started = performance.now();
  #files = 0;
  #created = 0;
  #existing = 0;
  #refused = 0;
  #rejected = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  get existing(): number {
    return this.#existing;
  }

  see(fact: Fact): void {
    if (fact.fact === "file_done") {
      this.#files += 1;
    } else if (fact.fact === "row_rejected") {
      this.#rejected += 1;
    } else if (fact.fact === "delivered") {
      this.#created += fact.created;
      this.#existing += fact.existing;
      this.#refused += fact.refused;
    }
  }

  start(): void {
    this.#timer = setInterval(
      () => {
        this.#out.write(this.#out.isTTY ? `\r\u001b[K${this.#line()}` : `${this.#line()}\n`);
      },
      this.#out.isTTY ? 200 : 5_000,
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#out.write(`${this.#out.isTTY ? "\r\u001b[K" : ""}${this.#line()}\n`);
  }

  #line(): string {
    const seconds = (performance.now() - this.#started) / 1_000;
    const events = this.#created + this.#existing;
    const rate = Math.round(events / Math.max(seconds, 0.001)).toLocaleString("en");
    const extra = [
      ...(this.#rejected > 0 ? [`${this.#rejected} rows rejected`] : []),
      ...(this.#refused > 0 ? [`${this.#refused} events refused`] : []),
    ];
    return [
      `${this.#files} files`,
      `${this.#created.toLocaleString("en")} new events`,
      `${this.#existing.toLocaleString("en")} there already`,
      ...extra,
      `${rate} events/s`,
    ].join(" · ");
  }
}
