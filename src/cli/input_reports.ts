import type { StreamStanding } from "../agent/unit_health.ts";
import type { Standing } from "../coordination/standing.ts";
import type { Input, Stream } from "../policy/policy.ts";
import { afterFact, startOfReport } from "../reporting/facts.ts";
import type { AnyFact, StreamReport } from "../sources/fact.ts";
import { parseSourceId } from "./source_id.ts";

interface SourceReport {
  /** The data stream. */
  readonly dataset: string;
  /** As it is called in messages: the data stream, and the object if it is one. */
  readonly name: string;
  readonly report: StreamReport;
}

/** What the sources of every input have told since the input was started. */
export class InputReports {
  readonly #inputs = new Map<string, Map<string, SourceReport>>();
  readonly #shared = new Map<string, Standing>();

  /** Forgets what a former run of the input has told. */
  begin(input: Input): void {
    this.#inputs.set(input.id, new Map());
  }

  /** Takes in where the org of an input stands that several hosts share. */
  stand(standing: Standing, input: Input): void {
    this.#shared.set(input.id, standing);
  }

  /** `undefined` for an input whose state no other host has. */
  shared(input: Input): Standing | undefined {
    return input.state.store === "local" ? undefined : this.#shared.get(input.id);
  }

  /** Takes a fact in; gives true if the health of the source has changed by it. */
  observe(fact: AnyFact, input: Input, stream: Stream, sourceId: string): boolean {
    const reports = this.#inputs.get(input.id) ?? new Map<string, SourceReport>();
    this.#inputs.set(input.id, reports);
    const before = reports.get(sourceId) ?? { ...namesOf(stream, sourceId), report: startOfReport(stream.id) };
    const report = afterFact(before.report, fact);
    reports.set(sourceId, { ...before, report });
    const one = standing(before);
    const other = standing({ ...before, report });
    return (
      one.health !== other.health ||
      one.message !== other.message ||
      one.note !== other.note ||
      (one.events === 0 && other.events > 0)
    );
  }

  standings(inputId: string): StreamStanding[] {
    return [...(this.#inputs.get(inputId)?.values() ?? [])].map(standing);
  }

  /** By source. */
  of(inputId: string): Readonly<Record<string, StreamReport>> {
    const reports = this.#inputs.get(inputId) ?? new Map<string, SourceReport>();
    return Object.fromEntries([...reports].map(([id, { report }]) => [id, report]));
  }
}

function standing({ dataset, name, report }: SourceReport): StreamStanding {
  const { stream: streamId, health, message, eventsKept, rowsPossiblyDoubled, rowsCreated, rowsExisting } = report;
  const notes = [
    ...(eventsKept === 0 ? [] : [`${eventsKept} rejected rows or refused events are kept in the data directory.`]),
    ...(rowsPossiblyDoubled === 0 ? [] : [`${rowsPossiblyDoubled} events may be stored twice.`]),
  ];
  const note = notes.length === 0 ? {} : { note: notes.join(" ") };
  return { streamId, dataset, name, health, message, ...note, events: rowsCreated + rowsExisting };
}

/** A source is called `login`, or `login LoginEvent` if it is one of several of its kind. */
function namesOf(stream: Stream, sourceId: string): Pick<SourceReport, "dataset" | "name"> {
  const dataset = stream.dataStream.dataset.split(".").at(-1) ?? stream.dataStream.dataset;
  const part = parseSourceId(sourceId)?.part;
  return { dataset, name: part === undefined ? dataset : `${dataset} ${part}` };
}
