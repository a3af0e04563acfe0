import { REFUSAL_BACKOFF, REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { asRunnerError, RunnerError } from "../core/errors.ts";
import { orAborted } from "../core/or_aborted.ts";
import type { Session, SessionState, Token } from "./session_token.ts";
import { type Login, type LoginSurroundings, requestToken } from "./token_request.ts";

/** A token whose end is known is replaced this long before it. */
const RENEW_BEFORE_MS = 2 * 60_000;

/** A token that is handed out again and refused again within this time after its login is dead for good. */
const SAME_TOKEN_MS = 5 * 60_000;

/** A login under way, shared by everyone who waits for it. */
interface Reload {
  readonly outcome: Promise<Token>;
  readonly abandon: AbortController;
  waiting: number;
}

/** The session of one org. Nothing is sent before the first call. */
export function createSession(login: Login, surroundings: LoginSurroundings): Session {
  return new OrgSession(login, surroundings);
}

class OrgSession implements Session {
  readonly #login: Login;
  readonly #surroundings: LoginSurroundings;
  #token: Token | undefined;
  #loggedInAt = 0;
  /** The refused token that the latest login was to replace. */
  #replaced: Token | undefined;
  #reload: Reload | undefined;
  #coolDown: { readonly until: number; readonly error: RunnerError } | undefined;
  /** Failed logins in a row. */
  #failures = 0;
  #clockOffset = 0;

  constructor(login: Login, surroundings: LoginSurroundings) {
    this.#login = login;
    this.#surroundings = surroundings;
  }

  get state(): SessionState {
    if (this.#reload !== undefined) {
      return { is: "reloading" };
    }
    if (this.#token !== undefined) {
      return { is: "fresh", token: this.#token };
    }
    if (this.#coolDown !== undefined && this.#now() < this.#coolDown.until) {
      return { is: "coolingDown", ...this.#coolDown };
    }
    return { is: "signedOut" };
  }

  async token(signal?: AbortSignal): Promise<Token> {
    signal?.throwIfAborted();
    const { expiresAt } = this.#token ?? {};
    if (this.#token === undefined || (expiresAt !== undefined && expiresAt <= this.#now())) {
      this.#token = undefined;
      return await this.#reloaded(signal);
    }
    const ending = expiresAt !== undefined && expiresAt - RENEW_BEFORE_MS <= this.#now();
    return ending ? await this.#renewedEarly(this.#token, signal) : this.#token;
  }

  async renew(dead: Token, signal?: AbortSignal): Promise<Token> {
    signal?.throwIfAborted();
    if (this.#token === dead) {
      this.#token = undefined;
      if (this.#wasReplacedByItself(dead)) {
        this.#startCoolDown(sameTokenAgain());
      }
      this.#replaced = dead;
    }
    return this.#token ?? (await this.#reloaded(signal));
  }

  /** While the old token still lives, a login that fails is no failure of the caller's. */
  async #renewedEarly(ending: Token, signal: AbortSignal | undefined): Promise<Token> {
    if (this.#isCoolingDown()) {
      return ending;
    }
    try {
      return await this.#reloaded(signal);
    } catch (error) {
      signal?.throwIfAborted();
      this.#surroundings.log.warn(
        `The login that was to replace a token in time failed; the old one is still used. ${asRunnerError(error).text}`,
      );
      return ending;
    }
  }

  #wasReplacedByItself(dead: Token): boolean {
    return (
      this.#replaced !== undefined && isSame(this.#replaced, dead) && this.#now() - this.#loggedInAt < SAME_TOKEN_MS
    );
  }

  async #reloaded(signal: AbortSignal | undefined): Promise<Token> {
    if (this.#reload === undefined && this.#coolDown !== undefined && this.#isCoolingDown()) {
      throw this.#coolDown.error;
    }
    this.#reload ??= this.#startReload();
    const reload = this.#reload;
    reload.waiting += 1;
    try {
      return await orAborted(reload.outcome, signal);
    } finally {
      reload.waiting -= 1;
      if (reload.waiting === 0) {
        this.#forget(reload.abandon.signal);
        reload.abandon.abort();
      }
    }
  }

  #startReload(): Reload {
    const abandon = new AbortController();
    const outcome = this.#logIn(abandon.signal).finally(() => this.#forget(abandon.signal));
    // A login that everyone has left ends in a rejection that nobody awaits.
    outcome.catch(() => {});
    return { outcome, abandon, waiting: 0 };
  }

  /** Ends the sharing of the login with this signal, unless another one has begun. */
  #forget(signal: AbortSignal): void {
    if (this.#reload?.abandon.signal === signal) {
      this.#reload = undefined;
    }
  }

  async #logIn(signal: AbortSignal): Promise<Token> {
    try {
      const { token, clockOffset } = await requestToken(this.#login, this.#surroundings, this.#clockOffset, signal);
      signal.throwIfAborted();
      this.#token = token;
      this.#clockOffset = clockOffset;
      this.#loggedInAt = this.#now();
      this.#coolDown = undefined;
      if (this.#replaced === undefined || !isSame(this.#replaced, token)) {
        this.#replaced = undefined;
        this.#failures = 0;
      }
      this.#surroundings.log.info("Logged in to Salesforce.", {
        "organization.id": token.organizationId,
        "url.full": token.instanceUrl,
      });
      return token;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#startCoolDown(asRunnerError(error));
    }
  }

  #isCoolingDown(): boolean {
    return this.#coolDown !== undefined && this.#now() < this.#coolDown.until;
  }

  /** Remembers `error` for everyone who asks before its time is over, and gives it with that time. */
  #startCoolDown(error: RunnerError): RunnerError {
    this.#failures += 1;
    const until = this.#retryAt(error);
    const remembered = new RunnerError(error.code, error.message, {
      next: { do: "waitUntil", at: until },
      cause: error,
      cure: error.cure,
    });
    this.#coolDown = { until, error: remembered };
    return remembered;
  }

  #retryAt(error: RunnerError): number {
    if (error.next.do === "waitUntil") {
      return error.next.at;
    }
    const backoff = error.next.do === "giveUp" ? REFUSAL_BACKOFF : REMOTE_BACKOFF;
    return this.#now() + waitBefore(this.#failures, backoff, this.#surroundings.clock.random());
  }

  #now(): number {
    return this.#surroundings.clock.now();
  }
}

function isSame(one: Token, other: Token): boolean {
  return one.accessToken.reveal() === other.accessToken.reveal();
}

function sameTokenAgain(): RunnerError {
  return new RunnerError(
    "session_expired",
    "Salesforce refuses the session, and hands out the same session at each login.",
    {
      next: { do: "giveUp" },
      cure: "If it stays so, end the user's sessions under Setup > Session Management, and check the session policies of the app.",
    },
  );
}
