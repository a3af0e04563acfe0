import type { Kql, Stream, Subject } from "../../shared/kibana/vocabulary.ts";

export const PACKAGE = "aquila_salesforce";

export function datasetOf(stream: Stream): string {
  return `${PACKAGE}.${stream}`;
}

/** The collector's reports have one source; of other events a second source may bring copies, which are not primary. */
export const PRIMARY: Kql = "salesforce.collection.primary : true";

/** The query of a panel: its data streams, no copies, and its own condition. */
export function subjectQuery({ streams, where }: Subject): Kql {
  const datasets = streams.map((stream) => `"${datasetOf(stream)}"`).join(" or ");
  const dataset = `data_stream.dataset : ${streams.length === 1 ? datasets : `(${datasets})`}`;
  const ofSalesforce = streams.some((stream) => stream !== "collector");
  if (ofSalesforce && streams.includes("collector")) {
    throw new Error("a panel is about Salesforce's events or about the collector's reports");
  }
  return [dataset, ...(ofSalesforce ? [PRIMARY] : []), ...(where === undefined ? [] : [inParentheses(where)])].join(
    " and ",
  );
}

function inParentheses(where: Kql): Kql {
  return / or | and /i.test(where) ? `(${where})` : where;
}
