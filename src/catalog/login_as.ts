import { type Home, type LogFileType, logFileTypesOf, objectReference } from "./column.ts";
import { ENDING, requestColumns, TRANSACTION, USUAL_FIELDS, WHEN, WHO } from "./request_columns.ts";

export const LOGIN_AS_HOME: Home = {
  name: "login_as",
  stream: "login",
  description: "Logins of one user as another: by the org's administrators and by Salesforce's support.",
  fieldAliases: {},
  columns: {
    ...requestColumns({ ...USUAL_FIELDS, sessionKey: "session.key", user: "user.effective" }),
    DELEGATED_USER_ID_DERIVED: {
      field: "delegated_user.id",
      ecs: "user.id",
      kind: "id",
      description: "Id of the administrator who acts as the user, 18 characters.",
    },
    DELEGATED_USER_ID: {
      field: "delegated_user.id",
      ecs: "user.id",
      kind: "id",
      fallback: true,
      description: "Id of the administrator who acts as the user, 18 characters.",
    },
    DELEGATED_USER_NAME: {
      field: "delegated_user.name",
      ecs: "user.name",
      kind: "keyword",
      description: "Username of the administrator who acts as the user.",
    },
    ACTUAL_USER_ID: {
      field: "actual_user_id",
      ecs: "user.id",
      kind: "id",
      description: "Id of the member of Salesforce's support who acts as the user, 18 characters.",
    },
    OPERATION: { field: "operation", kind: "keyword", description: "What Salesforce's support did." },
    IP_ADDRESS: {
      field: "client.ip",
      ecs: "source.ip",
      kind: "ip",
      description: "Address of the client that used Salesforce's services.",
    },
    CASE_ID: {
      field: "case_id",
      kind: "keyword",
      description: "Support case for which Salesforce's support logged in.",
    },
  },
};

export const LOGIN_AS: LogFileType = logFileTypesOf(LOGIN_AS_HOME)({
  name: "LoginAs",
  tells: "Which administrator acted as which user, from where.",
  columns: [...TRANSACTION, "DELEGATED_USER_NAME", "DELEGATED_USER_ID", ...ENDING, "DELEGATED_USER_ID_DERIVED"],
});

export const SALESFORCE_LOGIN_AS: LogFileType = logFileTypesOf(LOGIN_AS_HOME)({
  name: "SalesforceLoginAs",
  tells: "When Salesforce's support logged in to the org, as whom and for which case.",
  page: objectReference("salesforceloginaseventlog"),
  columns: [...WHO, "ACTUAL_USER_ID", "OPERATION", "IP_ADDRESS", "CASE_ID", ...WHEN],
});
