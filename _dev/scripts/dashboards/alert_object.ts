/** Alert templates as the objects that a package holds and Kibana offers as rules. Pure. */
import type { AlertTemplateSpec } from "../../shared/kibana/alert_condition.ts";
import { esqlOf } from "./alert_esql.ts";
import { type KibanaObject, objectId } from "./dashboard_object.ts";
import { type DeclaredFields, typeIn } from "./declared_fields.ts";

const TIME_FIELD = "@timestamp";

/** Throws an Error that names the template where its condition names an undeclared field. */
export function alertTemplateObject(spec: AlertTemplateSpec, declared: DeclaredFields): KibanaObject {
  const { condition, window, name, description, guide, tags, dashboard, interval } = spec;
  const { stream, where, by, measures } = condition;
  const inMeasures = Object.values(measures).flatMap((measure) =>
    measure.of === "total"
      ? []
      : [...("field" in measure ? [measure.field] : []), ...(measure.where ?? []).map(({ field }) => field)],
  );
  for (const field of [TIME_FIELD, ...where.map(({ field }) => field), ...by, ...inMeasures]) {
    if (field !== undefined && typeIn(declared, [stream], field) === undefined) {
      throw new Error(`alert template ${spec.key}: ${field} is not declared in ${stream}`);
    }
  }
  return {
    id: objectId(spec.key),
    type: "alerting_rule_template",
    managed: true,
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "10.1.0",
    references: [],
    attributes: {
      name,
      description,
      ruleTypeId: ".es-query",
      tags: [...tags],
      schedule: { interval },
      artifacts: { dashboards: [{ id: objectId(dashboard) }], investigation_guide: { blob: guide } },
      params: {
        searchType: "esqlQuery",
        esqlQuery: { esql: esqlOf(condition) },
        timeField: TIME_FIELD,
        timeWindowSize: window.size,
        timeWindowUnit: window.unit,
        size: 0,
        threshold: [0],
        thresholdComparator: ">",
        groupBy: "row",
      },
    },
  };
}
