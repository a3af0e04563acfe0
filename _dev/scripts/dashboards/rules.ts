/**
 * What Kibana's objects of the package must keep beyond what the package specification asks: nothing dangles, every field is
 * declared, every panel counts each event once. Pure; the package's check runs them over the files below `kibana/`.
 */
import { basename, dirname } from "node:path";
import { z } from "zod";
import type { DeclaredFields } from "./declared_fields.ts";
import { fieldsOf, parseKql } from "./kql.ts";
import { lensProblems } from "./lens_rules.ts";
import { meaningProblems, openingProblems } from "./reader_rules.ts";
import {
  type StoredDashboard,
  type StoredPanel,
  storedAlertTemplate,
  storedDashboard,
  storedSearch,
} from "./stored_dashboard.ts";
import { datasetOf, PACKAGE, PRIMARY } from "./subject_query.ts";

/** One file below `kibana/`: its path from the package's root, and its JSON. */
export interface KibanaFile {
  readonly path: string;
  readonly object: unknown;
}

/** Fields of every event that Kibana adds itself. */
const OWN_FIELDS = new Set(["_id", "_index", "_source"]);
const DATA_VIEW = "logs-*";
const COLLECTOR = datasetOf("collector");
const GRID_COLUMNS = 48;
/** An alert about silence looks back so far. */
const LONG_SILENCE_DAYS = 30;

const identified = z.object({
  id: z.string(),
  type: z.string(),
  references: z.array(z.object({ type: z.string(), id: z.string(), name: z.string() })).default([]),
});

const byReference = z.object({
  attributes: z.object({
    panelsJSON: z.array(z.object({ type: z.string(), panelIndex: z.string(), panelRefName: z.string().optional() })),
  }),
});

/** One line for each breach, with the file's path in front; none if all is well. */
export function kibanaProblems(files: readonly KibanaFile[], declared: DeclaredFields): string[] {
  const known = new Set([...declared.values()].flatMap((fields) => [...fields.keys()]));
  const ids = new Set(files.map(({ path }) => `${typeOfFolder(path)}/${basename(path, ".json")}`));
  return files.flatMap((file) => {
    const problems = [...identityProblems(file, ids), ...contentProblems(file, known, ids)];
    return problems.map((problem) => `${file.path}: ${problem}`);
  });
}

function identityProblems({ path, object }: KibanaFile, ids: ReadonlySet<string>): string[] {
  const read = identified.safeParse(object);
  if (!read.success) {
    return [unreadable(read.error)];
  }
  const { id, type, references } = read.data;
  const problems: string[] = [];
  if (id !== basename(path, ".json")) {
    problems.push(`the id ${id} is not the file's name`);
  }
  if (!id.startsWith(`${PACKAGE}-`)) {
    problems.push(`the id does not begin with ${PACKAGE}-`);
  }
  if (type !== typeOfFolder(path)) {
    problems.push(`the type ${type} is not that of the folder`);
  }
  for (const { type, id, name } of references) {
    if (type === "index-pattern" ? id !== DATA_VIEW : !ids.has(`${type}/${id}`)) {
      problems.push(`the reference ${name} leads to ${type} ${id}, which the package does not have`);
    }
  }
  return problems;
}

function contentProblems({ path, object }: KibanaFile, known: ReadonlySet<string>, ids: ReadonlySet<string>): string[] {
  switch (typeOfFolder(path)) {
    case "dashboard":
      return dashboardProblems(object, known);
    case "search": {
      const read = storedSearch.safeParse(object);
      if (!read.success) {
        return [unreadable(read.error)];
      }
      const { columns, sort, kibanaSavedObjectMeta } = read.data.attributes;
      const { query } = kibanaSavedObjectMeta.searchSourceJSON.query;
      const fields = [...columns, ...sort.map(([field]) => field)];
      return [...unknownFields(fields, known), ...queryProblems(query, known), ...countingProblems(query)];
    }
    case "alerting_rule_template":
      return alertProblems(object, ids);
    default:
      return [];
  }
}

function dashboardProblems(object: unknown, known: ReadonlySet<string>): string[] {
  const references = byReference.safeParse(object);
  const referring = references.success
    ? references.data.attributes.panelsJSON.filter(
        ({ type, panelRefName }) => panelRefName !== undefined && type !== "search",
      )
    : [];
  if (referring.length > 0) {
    return referring.map(({ panelIndex, type }) => `panel ${panelIndex} is a ${type} by reference, not by value`);
  }
  const read = storedDashboard.safeParse(object);
  if (!read.success) {
    return [unreadable(read.error)];
  }
  const dashboard = read.data;
  const { panelsJSON, controlGroupInput, kibanaSavedObjectMeta } = dashboard.attributes;
  const controls = Object.values(controlGroupInput.panelsJSON).map(({ explicitInput }) => explicitInput.fieldName);
  const { query, filter } = kibanaSavedObjectMeta.searchSourceJSON;
  return [
    ...(filter.length === 0 ? [] : ["the dashboard saves a filter, which every link carries into the next dashboard"]),
    ...openingProblems(dashboard),
    ...queryProblems(query.query, known),
    ...unknownFields(controls, known),
    ...referenceProblems(dashboard),
    ...layoutProblems(panelsJSON),
    ...panelsJSON.flatMap((panel) =>
      [...panelProblems(panel, known), ...meaningProblems(panel)].map(
        (problem) => `panel ${panel.panelIndex}: ${problem}`,
      ),
    ),
  ];
}

/** Names that something of the dashboard asks for without a reference, and references that nothing asks for. */
function referenceProblems(dashboard: StoredDashboard): string[] {
  const { panelsJSON, controlGroupInput, kibanaSavedObjectMeta } = dashboard.attributes;
  const wanted = new Set([
    ...kibanaSavedObjectMeta.searchSourceJSON.filter.flatMap(({ meta }) => meta?.indexRefName ?? []),
    ...Object.keys(controlGroupInput.panelsJSON).map((id) => `controlGroup_${id}:optionsListDataView`),
    ...panelsJSON.flatMap((panel) => namesWanted(panel).map((name) => `${panel.panelIndex}:${name}`)),
  ]);
  const present = new Set(dashboard.references.map(({ name }) => name));
  return [
    ...[...wanted].filter((name) => !present.has(name)).map((name) => `the reference ${name} is missing`),
    ...[...present].filter((name) => !wanted.has(name)).map((name) => `nothing asks for the reference ${name}`),
  ];
}

function namesWanted(panel: StoredPanel): string[] {
  switch (panel.type) {
    case "lens": {
      const { layers } = panel.embeddableConfig.attributes.state.datasourceStates.formBased;
      return Object.keys(layers).map((id) => `indexpattern-datasource-layer-${id}`);
    }
    case "map":
      return panel.embeddableConfig.attributes.layerListJSON.flatMap(
        ({ sourceDescriptor }) => sourceDescriptor.indexPatternRefName ?? [],
      );
    case "search":
      return [panel.panelRefName];
    case "links":
      return panel.embeddableConfig.attributes.links.map(({ destinationRefName }) => destinationRefName);
    case "visualization":
      return [];
  }
}

function panelProblems(panel: StoredPanel, known: ReadonlySet<string>): string[] {
  switch (panel.type) {
    case "lens": {
      const { attributes } = panel.embeddableConfig;
      const { query } = attributes.state.query;
      return [
        ...queryProblems(query, known),
        ...countingProblems(query),
        ...lensProblems(attributes, {
          unknownFields: (fields) => unknownFields(fields, known),
          queryProblems: (kql) => queryProblems(kql, known),
        }),
      ];
    }
    case "map":
      return panel.embeddableConfig.attributes.layerListJSON.flatMap(({ query, sourceDescriptor: { geoField } }) =>
        geoField === undefined
          ? []
          : [
              ...unknownFields([geoField], known),
              ...queryProblems(query?.query ?? "", known),
              ...countingProblems(query?.query ?? ""),
            ],
      );
    default:
      return [];
  }
}

function layoutProblems(panels: readonly StoredPanel[]): string[] {
  const seen = new Map<string, string>();
  const problems: string[] = [];
  for (const { panelIndex, gridData } of panels) {
    const { i, x, y, w, h } = gridData;
    if (i !== panelIndex) {
      problems.push(`panel ${panelIndex} stands in the grid as ${i}`);
    }
    if (x < 0 || x + w > GRID_COLUMNS) {
      problems.push(`panel ${panelIndex} leaves the grid of ${GRID_COLUMNS} columns`);
    }
    const cells = Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`);
    const under = cells.map((cell) => seen.get(cell)).find((other) => other !== undefined);
    if (under !== undefined) {
      problems.push(`panel ${panelIndex} covers panel ${under}`);
    }
    for (const cell of cells) {
      seen.set(cell, panelIndex);
    }
  }
  return problems;
}

function alertProblems(object: unknown, ids: ReadonlySet<string>): string[] {
  const read = storedAlertTemplate.safeParse(object);
  if (!read.success) {
    return [unreadable(read.error)];
  }
  const { params, artifacts } = read.data.attributes;
  const days = params.timeWindowUnit === "d" ? params.timeWindowSize : params.timeWindowSize / 24;
  const { esql } = params.esqlQuery;
  const isCollector = esql.includes(`FROM logs-${COLLECTOR}-*`);
  const primary = /\bsalesforce\.collection\.primary == true\b/.test(esql);
  return [
    ...(esql.startsWith(`FROM logs-${PACKAGE}.`) ? [] : ["the query does not read a data stream of the package"]),
    ...(isCollector || primary ? [] : [`the query counts copies of events: it lacks ${PRIMARY}`]),
    ...(params.timeField === "@timestamp"
      ? []
      : [`it goes by ${params.timeField}: a daily file or a backfill brings the events of days in one hour`]),
    ...(esql.includes("salesforce.api.rows_processed") && !esql.includes("salesforce.api.records_processed")
      ? ["it counts the rows of requests and not those of Bulk jobs"]
      : []),
    ...(/\blast_report <|MAX\(@timestamp\) <=/.test(esql) && days < LONG_SILENCE_DAYS
      ? [`it ends after ${days} days of silence, while the silence lasts`]
      : []),
    ...(/"005\w{12,15}"/.test(esql) ? ["it finds nothing until somebody puts a user's id into the query"] : []),
    ...artifacts.dashboards
      .filter(({ id }) => !ids.has(`dashboard/${id}`))
      .map(({ id }) => `it names the dashboard ${id}, which the package does not have`),
  ];
}

function queryProblems(kql: string, known: ReadonlySet<string>): string[] {
  try {
    return unknownFields(fieldsOf(parseKql(kql)), known);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** A query of Salesforce's events asks for the primary ones; only the collector's reports have no copies. */
function countingProblems(kql: string): string[] {
  if (!kql.includes("data_stream.dataset")) {
    return ["the query names no data stream"];
  }
  const onlyCollector = kql.startsWith(`data_stream.dataset : "${COLLECTOR}"`);
  return onlyCollector || kql.includes(PRIMARY) ? [] : [`the query counts copies of events: it lacks ${PRIMARY}`];
}

function unknownFields(fields: readonly string[], known: ReadonlySet<string>): string[] {
  return fields
    .filter((field) => !known.has(field) && !OWN_FIELDS.has(field))
    .map((field) => `no data stream declares the field ${field}`);
}

function typeOfFolder(path: string): string {
  return basename(dirname(path));
}

function unreadable(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll("\n", " ");
}
