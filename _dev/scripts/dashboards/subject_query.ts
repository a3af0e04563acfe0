import type { Kql, Stream, Subject } from "../../shared/kibana/vocabulary.ts";

export const PACKAGE = "aquila_salesforce";

export function datasetOf(stream: Stream): string {
  return `${PACKAGE}.${stream}`;
}

/** The collector's reports have one source; of other events a second source may bring copies, which are not primary. */
export const PRIMARY: Kql = "salesforce.collection.primary : true";

/** The query of a panel: its data streams, no copies, and its own condition. */
export function subjectQuery({ streams, where }: Subject): Kql {
  const salesforce = streams.filter((stream) => stream !== "collector");
  const events = salesforce.length === 0 ? [] : [`${inDatasets(salesforce)} and ${PRIMARY}`];
  const reports = streams.includes("collector") ? [inDatasets(["collector"])] : [];
  const [only, other] = [...events, ...reports];
  const documents = other === undefined ? only : `((${only}) or ${other})`;
  return [documents, ...(where === undefined ? [] : [inParentheses(where)])].join(" and ");
}

function inDatasets(streams: readonly Stream[]): Kql {
  const datasets = streams.map((stream) => `"${datasetOf(stream)}"`).join(" or ");
  return `data_stream.dataset : ${streams.length === 1 ? datasets : `(${datasets})`}`;
}

function inParentheses(where: Kql): Kql {
  return / or | and /i.test(where) ? `(${where})` : where;
}
