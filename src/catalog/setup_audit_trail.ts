import { type Home, type ObjectType, objectReference } from "./column.ts";

const SETUP_AUDIT_TRAIL_HOME: Home = {
  name: "setup_audit_trail",
  stream: "setup_audit_trail",
  description: "Changes that were made in Setup.",
  columns: {},
  fieldAliases: { created_date: "@timestamp" },
};

/** Display is in English; Action is an open set of names. Records are kept for 180 days. */
export const SETUP_AUDIT_TRAIL: ObjectType = {
  name: "SetupAuditTrail",
  provider: "Object",
  stream: "setup_audit_trail",
  home: SETUP_AUDIT_TRAIL_HOME,
  free: true,
  tells: "Each change in Setup: who changed what, also on behalf of whom. Salesforce keeps it for 180 days.",
  page: objectReference("setupaudittrail"),
  storage: "standard object",
  permission: { name: "ViewSetup", label: "View Setup and Configuration" },
  timeColumn: "CreatedDate",
  identityColumn: "Id",
  columns: {
    Id: { field: "id", kind: "id", description: "Id of the record of the change, 18 characters." },
    Action: {
      field: "action",
      kind: "keyword",
      description: "What was done, by Salesforce's name for it, such as PermSetAssign.",
    },
    CreatedById: {
      field: "created_by_id",
      ecs: "user.id",
      kind: "id",
      description: "Id of the user who made the change, or in whose name an administrator made it, 18 characters.",
    },
    CreatedByContext: {
      field: "created_by_context",
      kind: "keyword",
      description: "Program or process that made the change in the name of the user, such as a package.",
    },
    CreatedByIssuer: {
      field: "created_by_issuer",
      kind: "keyword",
      description: "Reserved by Salesforce.",
    },
    DelegateUser: {
      field: "delegate_user",
      kind: "keyword",
      description: "Username of the administrator who was logged in as the user and made the change.",
    },
    Display: {
      field: "display",
      ecs: "message",
      kind: "text",
      description: "The change in words, as Setup shows it: with names, and with old and new values.",
    },
    ResponsibleNamespacePrefix: {
      field: "responsible_namespace_prefix",
      kind: "keyword",
      description: "Namespace of the managed package that made the change.",
    },
    Section: {
      field: "section",
      kind: "keyword",
      description: "Section of Setup that was changed, such as Manage Users.",
    },
  },
};
