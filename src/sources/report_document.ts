import { isoTime } from "../core/clock.ts";
import { type DataStream, dataStreamName, type SourceEvent } from "../core/event.ts";

/** The dataset of what the runner itself reports. */
export const COLLECTOR_DATASET = "aquila_salesforce.collector";

/** What a report says. Members that are undefined are left out. */
export interface Report {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** `event.code` and what else of `event` is told, without id, dataset and module. */
  readonly event: Readonly<Record<string, unknown>> & { readonly code: string };
  readonly message?: string | undefined;
  readonly error?: unknown;
  /** The data stream that it is about, or any of its namespace. */
  readonly dataStream: DataStream;
  readonly organization: { readonly id: string | undefined; readonly name: string } | undefined;
  readonly instanceUrl: string | undefined;
  /** `salesforce.collector`. */
  readonly collector: Readonly<Record<string, unknown>>;
  /** `salesforce.collection`. */
  readonly collection: Readonly<Record<string, unknown>> | undefined;
  /** `agent` and `elastic_agent`. */
  readonly program: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
}

/** A document of the collector's data stream. `event.id` comes first in `event`, as in every document. Pure. */
export function reportDocument(report: Report): SourceEvent {
  const { id, time, event, message, error, organization, instanceUrl, collector, collection, program, tags } = report;
  const dataStream = { ...report.dataStream, dataset: COLLECTOR_DATASET };
  const json = JSON.stringify({
    "@timestamp": isoTime(time),
    event: { id, ...event, dataset: COLLECTOR_DATASET, module: COLLECTOR_DATASET.split(".")[0] },
    message,
    error,
    data_stream: dataStream,
    organization,
    salesforce: { instance_url: instanceUrl, collector, collection },
    input: { type: "aquila-salesforce" },
    ...program,
    tags,
  });
  return { index: dataStreamName(dataStream), id, json };
}
