import { to15 } from "../salesforce_id.ts";
import { Draws } from "./draws.ts";
import type { Actor, EventType } from "./event_type.ts";
import type { World } from "./world.ts";

/**
 * Rows of one event type, ready but for what differs from request to request: time, request id and the day in session keys. Those cells
 * have a fixed width, so the length of any number of rows is known without writing them, and a row costs one copy and a few bytes.
 */
export interface TemplateBank {
  readonly templates: readonly Template[];
  /** Bytes of the first n templates; one entry more than templates. */
  readonly lengths: readonly number[];
  readonly rowsPerRequest: number;
}

export interface Template {
  readonly bytes: Uint8Array;
  readonly patches: readonly Patch[];
}

/** A cell to fill in, by its place in the row's bytes. */
export interface Patch {
  readonly kind: keyof typeof PATCHED_WIDTHS;
  readonly at: number;
}

/** What is filled in, with its width in bytes. `isoOffset` is TIMESTAMP in the form that ends in `+0000`. */
const PATCHED_WIDTHS = { timestamp: 18, isoZulu: 24, isoOffset: 28, requestId: 22, day: 4 } as const;

/** Requests that a bank knows; the next one starts again with the first actor, at another time and with another id. */
const REQUESTS = 1_024;

/** A bank of `requests` different requests with their rows; all rows differ from each other. */
export function makeBank(type: EventType, world: World, requests: number = REQUESTS): TemplateBank {
  const templates: Template[] = [];
  const lengths = [0];
  const seen = new Set<string>();
  for (let request = 0; request < requests; request++) {
    const actor = makeActor(world, type, request);
    for (let row = 0; row < type.rowsPerRequest; row++) {
      const template = distinctTemplate(type, actor, world, `${request}/${row}`, seen);
      templates.push(template);
      lengths.push((lengths.at(-1) ?? 0) + template.bytes.length);
    }
  }
  return { templates, lengths, rowsPerRequest: type.rowsPerRequest };
}

function makeActor(world: World, type: EventType, request: number): Actor {
  const draws = new Draws(`${world.seed}/${type.family}/${type.byIntegration}/${request}`);
  const loginAsIntegration = type.name === "Login" && type.family === "login" && draws.chance(0.3);
  const integration = type.byIntegration || loginAsIntegration ? draws.pick(world.integrations) : undefined;
  const person = integration ?? draws.pickEarly(world.people);
  const session = new Draws(`${world.seed}/session/${person.id}`);
  return { person, integration, ip: person.home.ip, sessionKey: session.text(16), loginKey: session.text(16) };
}

/** Rows whose few columns leave little room for chance may come out equal; then the draw is repeated. */
function distinctTemplate(type: EventType, actor: Actor, world: World, place: string, seen: Set<string>): Template {
  for (let attempt = 0; ; attempt++) {
    const draws = new Draws(`${world.seed}/${type.family}/${type.name}/${place}/${attempt}`);
    const template = makeTemplate(type, cellsOf(type, draws, actor, world));
    const text = Buffer.from(template.bytes).toString("latin1");
    const fewChoices = attempt >= 20;
    if (fewChoices || !seen.has(text)) {
      seen.add(text);
      return template;
    }
  }
}

function cellsOf(type: EventType, draws: Draws, actor: Actor, world: World): Readonly<Record<string, string>> {
  const runTime = draws.skewed(2, 4_000);
  return {
    EVENT_TYPE: type.name,
    ORGANIZATION_ID: world.orgId15,
    USER_ID: to15(actor.person.id),
    USER_ID_DERIVED: actor.person.id,
    RUN_TIME: String(runTime),
    CPU_TIME: String(Math.floor(runTime / 2)),
    URI: "/aura",
    SESSION_KEY: actor.sessionKey,
    LOGIN_KEY: actor.loginKey,
    USER_TYPE: actor.person.userType,
    REQUEST_STATUS: "S",
    CLIENT_IP: actor.ip,
    ...type.row(draws, actor, world),
  };
}

const PATCHED_COLUMNS: Readonly<Record<string, Patch["kind"]>> = {
  TIMESTAMP: "timestamp",
  TIMESTAMP_DERIVED: "isoZulu",
  REQUEST_ID: "requestId",
};

function makeTemplate(type: EventType, cells: Readonly<Record<string, string>>): Template {
  const parts: Buffer[] = [];
  const patches: Patch[] = [];
  let length = 0;
  const push = (text: string) => {
    const part = Buffer.from(text);
    parts.push(part);
    length += part.length;
  };
  for (const [index, column] of type.header.entries()) {
    push(index === 0 ? '"' : ',"');
    const usual = PATCHED_COLUMNS[column];
    const kind = usual === "timestamp" && type.isoTimestamp ? "isoOffset" : usual;
    if (kind !== undefined) {
      patches.push({ kind, at: length });
      push("0".repeat(PATCHED_WIDTHS[kind]));
    } else {
      const cell = cells[column] ?? "";
      push(cell.replaceAll('"', '""'));
      if ((column === "SESSION_KEY" || column === "LOGIN_KEY") && cell !== "") {
        patches.push({ kind: "day", at: length - PATCHED_WIDTHS.day });
      }
    }
    push('"');
  }
  push("\n");
  return { bytes: Buffer.concat(parts), patches };
}
