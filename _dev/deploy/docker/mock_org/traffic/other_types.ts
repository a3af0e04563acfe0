import { type EventType, eventType } from "./event_type.ts";

/** Two of the types that no collector has to know: pages and flows. */
export const OTHER_TYPES: readonly EventType[] = [
  eventType(
    "LightningInteraction",
    "data",
    "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID CLIENT_ID SESSION_KEY LOGIN_KEY USER_TYPE APP_NAME DEVICE_PLATFORM " +
      "OS_NAME USER_AGENT BROWSER_NAME UI_EVENT_ID UI_EVENT_TYPE UI_EVENT_SOURCE DURATION PAGE_ENTITY_TYPE PAGE_URL " +
      "TIMESTAMP_DERIVED USER_ID_DERIVED CLIENT_IP",
    (draws, { person }) => {
      const entity = draws.pickEarly(["Account", "Contact", "Opportunity", "Case"]);
      return {
        APP_NAME: "one:one",
        DEVICE_PLATFORM: "SFX:BROWSER:DESKTOP",
        USER_AGENT: person.browser,
        UI_EVENT_ID: "ltng:interaction",
        UI_EVENT_TYPE: "user",
        UI_EVENT_SOURCE: draws.pick(["click", "hover"]),
        DURATION: String(draws.skewed(5, 4_000)),
        PAGE_ENTITY_TYPE: entity,
        PAGE_URL: `/lightning/o/${entity}/list`,
      };
    },
  ),
  eventType(
    "FlowExecution",
    "data",
    "T U FLOW_VERSION_ID FLOW_LOAD_TIME TOTAL_EXECUTION_TIME PROCESS_TYPE E",
    (draws) => {
      const runTime = draws.skewed(20, 9_000);
      return {
        RUN_TIME: String(runTime),
        URI: "/flow/Onboarding",
        FLOW_VERSION_ID: `30130000${String(draws.between(1, 60)).padStart(7, "0")}`,
        FLOW_LOAD_TIME: String(draws.skewed(1, 90)),
        TOTAL_EXECUTION_TIME: String(runTime),
        PROCESS_TYPE: draws.pick(["Flow", "AutoLaunchedFlow"]),
      };
    },
  ),
];
