import type { CodeTable } from "../column.ts";

/** QUIDDITY: how Apex was started. Source: Object Reference, "Apex Execution Event Type" (…eventlogfile_apexexecution.htm). */
export const QUIDDITIES: CodeTable = {
  A: "ACS Batch Apex",
  B: "Bulk API",
  BA: "Batch Apex Start",
  C: "Scheduled Apex",
  CI: "Commerce Integration",
  DL: "Discoverable Login",
  E: "Inbound Email Service",
  F: "Future",
  FC: "Function Callback",
  H: "Apex REST",
  I: "Invocable Action",
  K: "Quick Action",
  L: "Lightning",
  M: "Remote Action",
  P: "Parallel Batch Apex",
  PEPC: "Platform Event Publish Callback",
  PI: "Post Install Script",
  Q: "Queueable",
  QTXF: "Transaction Finalizer",
  R: "Synchronous",
  S: "QueryLocator Batch Apex",
  TA: "Asynchronous Tests",
  TD: "Deployment Tests",
  TS: "Synchronous Tests",
  UD: "Undefined",
  V: "Visualforce",
  W: "SOAP Webservice",
  X: "Execute Anonymous",
};

/** TRIGGER_TYPE. Source: Object Reference, "Apex Trigger Event Type", and Apex Developer Guide, "Triggers", for the other events. */
export const TRIGGER_TYPES: CodeTable = {
  AfterDelete: "After delete",
  AfterInsert: "After insert",
  AfterUndelete: "After undelete",
  AfterUpdate: "After update",
  BeforeDelete: "Before delete",
  BeforeInsert: "Before insert",
  BeforeUpdate: "Before update",
};
