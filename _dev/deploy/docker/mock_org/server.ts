import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, textBody } from "./answer.ts";
import { controlRoute, isControlPath } from "./control_route.ts";
import type { Fault } from "./faults.ts";
import type { Given } from "./given.ts";
import type { OrgState } from "./org_state.ts";
import { answerRequest, kindOf } from "./routes.ts";
import { sendAnswer } from "./send_answer.ts";

/** Bodies that clients send are small: a form with one assertion, or a control call with the rows of a test. */
const LONGEST_REQUEST_BODY = 64 * 1024 * 1024;

const KEEP_ALIVE_MS = 60_000;

/** Bytes; addresses that are too long for Salesforce are to be refused by routes.ts, not by Node. */
const LONGEST_HEAD = 64 * 1024;

/** The HTTP side of one org. `closing` ends delays that faults have put in. */
export function createOrgServer(org: OrgState, given: Given, closing: AbortSignal): Server {
  const server = createServer({ maxHeaderSize: LONGEST_HEAD }, (request, response) => {
    handle(request, response, org, given, closing).catch((error: unknown) => {
      if (!response.headersSent) {
        response.writeHead(500, { "content-type": "text/plain" });
      }
      response.end(`The mock org failed: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  org: OrgState,
  given: Given,
  closing: AbortSignal,
): Promise<void> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
  const body = await bodyOf(request);
  if (isControlPath(url.pathname)) {
    await sendAnswer(response, await controlRoute(url.pathname, body, given), false, {});
    return;
  }
  const kind = kindOf(url.pathname);
  const target = decodedTarget(url);
  const fault = kind === undefined ? undefined : org.faults.strike(kind, target);
  const method = request.method ?? "GET";
  const log = (status: number) =>
    org.received({ at: org.now(), on: kind ?? "unknown", method, target, headers: textHeaders(request), status });
  if (fault !== undefined) {
    org.counters.faults++;
  }
  if (fault?.hang === true || fault?.resetConnection === true) {
    log(0);
    if (fault.resetConnection === true) {
      request.socket.resetAndDestroy();
    }
    return;
  }
  const cuts = fault?.cutAfterBytes !== undefined;
  if (fault?.killToken === true && !cuts) {
    org.tokens.kill();
  }
  if (fault?.delayMs !== undefined && !(await delayed(fault.delayMs, closing))) {
    return;
  }
  const answer = disturbed(fault, () => answerRequest({ method, url, headers: request.headers, body }, org));
  log(answer.status);
  response.sendDate = false;
  response.setHeader("date", new Date(org.now()).toUTCString());
  const gzip = org.settings.gzip && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  await sendAnswer(response, answer, gzip, fault ?? {});
  if (fault?.killToken === true && cuts) {
    org.tokens.kill();
  }
}

/** The answer with what a fault replaces in it. The real route is not even asked where status or body are replaced. */
function disturbed(fault: Fault | undefined, real: () => Answer): Answer {
  const replaced = fault?.status !== undefined || fault?.body !== undefined;
  const answer = replaced ? replacement(fault) : real();
  return fault?.headers === undefined ? answer : { ...answer, headers: { ...answer.headers, ...fault.headers } };
}

function replacement({ status = 200, body = "" }: Fault): Answer {
  const isText = typeof body === "string";
  return {
    status,
    headers: { "content-type": isText ? "text/html;charset=UTF-8" : "application/json;charset=UTF-8" },
    body: textBody(isText ? body : JSON.stringify(body)),
  };
}

/** False when the server closes before the delay is over. */
async function delayed(ms: number, closing: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal: closing });
    return true;
  } catch {
    return false;
  }
}

function decodedTarget(url: URL): string {
  try {
    return decodeURIComponent(`${url.pathname}${url.search}`.replaceAll("+", " "));
  } catch {
    return `${url.pathname}${url.search}`;
  }
}

function textHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_REQUEST_BODY) {
      throw new Error(`request body is longer than ${LONGEST_REQUEST_BODY} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
