import { randomUUID } from "node:crypto";
import type { Session, Token } from "../auth/session_token.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import { type Http, type HttpAnswer, type HttpDownload, MEGABYTE } from "../core/http.ts";
import type { ApiBudget } from "./api_budget.ts";
import { OrgTime } from "./org_time.ts";
import { responseMeaning, shareUsed } from "./response_meaning.ts";

/** Bytes of a page of a query: 2,000 records of usual events take 5 MB. */
const LONGEST_PAGE = 32 * MEGABYTE;

export interface OrgClientOptions {
  readonly http: Http;
  readonly session: Session;
  readonly budget: ApiBudget;
  /** `66.0` */
  readonly apiVersion: string;
  /** Milliseconds: for a query until the whole answer is here, for a download the longest silence. */
  readonly requestTimeout: number;
  readonly clock?: Clock;
  /** 32 hexadecimal characters; becomes REQUEST_ID of the call in the org's own logs. */
  readonly newRequestId?: () => string;
}

/** The smallest query that every user who may read event log files can ask. */
const PROBE = encodeURIComponent("SELECT Id FROM EventLogFile LIMIT 1");

/**
 * Asks one org. Every call carries the session's token; when Salesforce no longer knows it, the session is renewed once
 * (all streams of the org share it) and the same call repeated once. Anything else that is no success is thrown as the
 * RunnerError of response_meaning.ts, whose `next` the caller follows; nothing is repeated here beyond that.
 */
export class OrgClient {
  readonly #options: OrgClientOptions;
  readonly #clock: Clock;
  readonly #newRequestId: () => string;
  readonly #time: OrgTime;

  constructor(options: OrgClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#time = new OrgTime(this.#clock);
    this.#newRequestId = options.newRequestId ?? (() => randomUUID().replaceAll("-", ""));
  }

  get apiVersion(): string {
    return this.#options.apiVersion;
  }

  /** Who we are in the org; logs in if need be. */
  identity(signal: AbortSignal): Promise<Token> {
    return this.#options.session.token(signal);
  }

  /**
   * What time it is at Salesforce, in milliseconds since the epoch, and how far this machine's clock is ahead of it. Before
   * the first answer it is asked for, by the one request that needs no login and counts as no API call (REST API Developer
   * Guide, "Versions"); where no answer tells it, the machine's clock is believed.
   */
  async time(signal: AbortSignal): Promise<{ readonly now: number; readonly machineAhead: number }> {
    if (this.#time.now === undefined) {
      const { http, requestTimeout } = this.#options;
      const { instanceUrl } = await this.identity(signal);
      const url = `${instanceUrl}/services/data`;
      const headers = this.#callHeaders();
      this.#time.hear((await http.send({ method: "GET", url, headers, timeout: requestTimeout, signal })).headers.date);
    }
    return { now: this.#time.now ?? this.#clock.now(), machineAhead: this.#time.machineAhead ?? 0 };
  }

  /** Whether there are API calls for what collection can do without: most of this integration's share is left. */
  hasSpareCalls(): boolean {
    return this.#options.budget.hasSpare(this.#clock.now());
  }

  /** A JSON answer of `path`, which starts with `/services/`, of at most `longest` bytes. `asked` names it in messages. */
  async getJson(path: string, asked: string, signal: AbortSignal, longest = LONGEST_PAGE): Promise<unknown> {
    const answer = await this.#authorised(signal, (token) => this.#send(token, path, asked, longest, signal));
    try {
      return JSON.parse(answer.body);
    } catch (cause) {
      throw new RunnerError("answer_unreadable", `Salesforce's answer is no JSON (${asked}).`, { next: RETRY, cause });
    }
  }

  /**
   * The body of `path` as a stream; see HttpDownload for how it ends. A refused session is renewed only if a query says so too:
   * one file's 401 costs no login, and leaves the session of all others alone.
   */
  async openDownload(path: string, asked: string, signal: AbortSignal): Promise<HttpDownload> {
    this.#takeFromBudget();
    const { session } = this.#options;
    const token = await session.token(signal);
    try {
      return await this.#open(token, path, asked, signal);
    } catch (error) {
      if (!(error instanceof RunnerError) || error.next.do !== "refresh") {
        throw error;
      }
      await this.getJson(`/services/data/v${this.apiVersion}/query?q=${PROBE}`, "query after a refusal", signal);
      const current = await session.token(signal);
      if (current === token) {
        throw error;
      }
      return await this.#open(current, path, asked, signal);
    }
  }

  async #authorised<T>(signal: AbortSignal, call: (token: Token) => Promise<T>): Promise<T> {
    const { session } = this.#options;
    this.#takeFromBudget();
    const token = await session.token(signal);
    try {
      return await call(token);
    } catch (error) {
      if (error instanceof RunnerError && error.next.do === "refresh") {
        return await call(await session.renew(token, signal));
      }
      throw error;
    }
  }

  #takeFromBudget(): void {
    const used = this.#options.budget.take(this.#clock.now());
    if (used !== undefined) {
      throw shareUsed(used);
    }
  }

  async #send(token: Token, path: string, asked: string, longest: number, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#options.http.send({ ...this.#request(token, path, signal), longest });
    this.#count(answer);
    if (answer.status !== 200) {
      throw responseMeaning({ ...answer, asked, host: new URL(token.instanceUrl).host }, this.#clock.now());
    }
    return answer;
  }

  async #open(token: Token, path: string, asked: string, signal: AbortSignal): Promise<HttpDownload> {
    const download = await this.#options.http.open(this.#request(token, path, signal));
    this.#count(download);
    if (download.status !== 200) {
      const body = await firstKilobytes(download.chunks);
      throw responseMeaning(
        { status: download.status, headers: download.headers, body, asked, host: new URL(token.instanceUrl).host },
        this.#clock.now(),
      );
    }
    return download;
  }

  #count(answer: { readonly headers: Readonly<Record<string, string | undefined>> }): void {
    this.#options.budget.count(this.#clock.now(), answer.headers["sforce-limit-info"]);
    this.#time.hear(answer.headers.date);
  }

  #request(token: Token, path: string, signal: AbortSignal) {
    return {
      method: "GET",
      url: token.instanceUrl + path,
      headers: { authorization: `Bearer ${token.accessToken.reveal()}`, ...this.#callHeaders() },
      timeout: this.#options.requestTimeout,
      signal,
    } as const;
  }

  #callHeaders(): Record<string, string> {
    return {
      accept: "application/json",
      "sforce-call-options": "client=aquila-salesforce",
      "x-sfdc-request-id": this.#newRequestId(),
    };
  }
}

/** Enough of an error's body to know its meaning. */
async function firstKilobytes(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > 16 * 1024) {
      break;
    }
  }
  return Buffer.concat(parts).toString("utf8");
}
