import { z } from "zod";
import { GIVE_UP, RunnerError } from "../../core/errors.ts";
import type { DataStream } from "../../core/event.ts";
import { dataStreamName } from "../../core/event.ts";
import { type Finding, failed, ok, warning } from "../../core/finding.ts";

const PACKAGE = "AQUILA for Salesforce";

/** What the runner does with its key, and all it needs. */
export const NEEDED_PRIVILEGES = ["auto_configure", "create_doc"] as const;

/** What a key of its own should have besides: to look up, after a roll-over, what may have been stored already. */
export const LOOK_UP_PRIVILEGE = "read";

/** Privileges by which a stolen key would do harm. */
export const HARMFUL_PRIVILEGES = {
  cluster: ["manage", "manage_security"],
  index: ["delete", "delete_index", "manage"],
} as const;

const privileges = z.object({
  cluster: z.record(z.string(), z.boolean()),
  index: z.record(z.string(), z.record(z.string(), z.boolean())),
});

/** Whether the key may do what it must, and no more. `body` answers `POST /_security/user/_has_privileges`. Pure. */
export function privilegeFinding(body: unknown): Finding {
  const step = "key privileges";
  const { cluster, index } = privileges.parse(body);
  const missing = NEEDED_PRIVILEGES.flatMap((privilege) => {
    const lacking = Object.entries(index).flatMap(([name, may]) => (may[privilege] === false ? [name] : []));
    return lacking.length === 0 ? [] : [`${privilege} on ${lacking.join(", ")}`];
  });
  if (missing.length > 0) {
    return failed(
      step,
      new RunnerError("output_refused", `The key lacks ${missing.join("; ")}.`, {
        next: GIVE_UP,
        cure: "Give the key the privileges auto_configure and create_doc on logs-*.",
      }),
    );
  }
  const harmful = [
    ...HARMFUL_PRIVILEGES.cluster
      .filter((privilege) => cluster[privilege] === true)
      .map((privilege) => `${privilege} on the cluster`),
    ...HARMFUL_PRIVILEGES.index
      .filter((privilege) => Object.values(index).some((may) => may[privilege] === true))
      .map((privilege) => `${privilege} on its data streams`),
  ];
  const looksUp = Object.values(index).every((may) => may[LOOK_UP_PRIVILEGE] === true);
  const message = looksUp
    ? "The key may create documents and look them up, and nothing that could do harm."
    : "The key may create documents, and nothing that could do harm. It may not look them up (read): what is sent again after a roll-over is counted and reported as possibly doubled.";
  return harmful.length === 0
    ? ok(step, message)
    : warning(
        step,
        `The key may do more than it needs: ${harmful.join(", ")}.`,
        "Use a key with only monitor on the cluster, and auto_configure, create_doc and read on logs-*.",
      );
}

const components = z.object({
  component_templates: z.array(
    z.object({
      name: z.string(),
      component_template: z.object({
        template: z.object({
          settings: z.object({ index: z.object({ default_pipeline: z.string().optional() }).optional() }).optional(),
        }),
      }),
    }),
  ),
});

/**
 * Whether the package's templates are there, and of the runner's version: the version stands in the name of the pipeline that
 * they set. `body` answers `GET /_component_template/<base>@package`. Pure.
 */
export function templateFinding(body: unknown, stream: DataStream, version: string): Finding {
  const step = "templates";
  const base = `${stream.type}-${stream.dataset}`;
  const found = components.safeParse(body).data?.component_templates.find(({ name }) => name === `${base}@package`);
  const pipeline = found?.component_template.template.settings?.index?.default_pipeline;
  if (found === undefined) {
    return missingPackage(step, `Elasticsearch has no templates for ${base}.`);
  }
  const installed = pipeline?.startsWith(`${base}-`) === true ? pipeline.slice(base.length + 1) : undefined;
  return installed === version
    ? ok(step, `${base}: version ${version} is installed.`)
    : warning(
        step,
        `${base}: version ${installed ?? "unknown"} is installed, and this runner is ${version}.`,
        `Install version ${version} of the package ${PACKAGE}, or the runner of the package's version.`,
      );
}

export function missingPackage(step: string, message: string): Finding {
  const cure = `Install the package ${PACKAGE}.`;
  return failed(step, new RunnerError("output_refused", message, { next: GIVE_UP, cure }));
}

const simulation = z.object({
  docs: z
    .array(
      z.object({
        doc: z.object({
          executed_pipelines: z.array(z.string()).optional(),
          _source: z.object({ event: z.object({ kind: z.string().optional() }).optional() }).optional(),
          error: z.object({ type: z.string(), reason: z.string() }).optional(),
        }),
      }),
    )
    .length(1),
});

/** What becomes of a test document. `body` answers `POST /_ingest/<data stream>/_simulate`. Pure. */
export function simulationFinding(body: unknown, stream: DataStream, version: string): Finding {
  const step = "test document";
  const name = dataStreamName(stream);
  const doc = simulation.safeParse(body).data?.docs[0]?.doc;
  if (doc === undefined) {
    return warning(step, `${name}: Elasticsearch's answer to the simulation can't be read.`);
  }
  if (doc.error !== undefined) {
    return missingPackage(step, `${name} would not take a document (${doc.error.type}: ${doc.error.reason}).`);
  }
  if (doc._source?.event?.kind === "pipeline_error") {
    return warning(step, `${name}: the pipeline fails for a test document.`, `Install the package ${PACKAGE} anew.`);
  }
  const pipeline = `${stream.type}-${stream.dataset}-${version}`;
  return doc.executed_pipelines?.includes(pipeline) === true
    ? ok(step, `${name} takes a document, by the pipeline ${pipeline}.`)
    : missingPackage(step, `${name} takes a document without the pipeline ${pipeline}.`);
}
