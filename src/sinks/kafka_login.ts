import { type SASLOptions, saslPlain, saslScramSha } from "@platformatic/kafka";

type LogIn = NonNullable<SASLOptions["authenticate"]>;

/** The library logs in again after four fifths of the time for which a login is good. */
const SHORTEST_LOGIN_MS = 10_000n;
const LONGEST_LOGIN_MS = 24n * 3_600_000n;

/**
 * The library's own login, good for ten seconds at least and a day at most where the broker names a time: of a few milliseconds it
 * would be made again and again, and beyond 31 days its timer would overflow and fire at once.
 */
export const logIn: LogIn = (mechanism, connection, api, username = "", password = "", _token, callback) => {
  const bounded: typeof callback = (error, answer) => {
    if (answer !== undefined && answer.sessionLifetimeMs > 0n) {
      answer.sessionLifetimeMs = inBounds(answer.sessionLifetimeMs);
    }
    callback(error, answer);
  };
  if (mechanism === "PLAIN") {
    saslPlain.authenticate(api, connection, username, password, bounded);
  } else {
    const algorithm = mechanism.slice("SCRAM-".length) as keyof typeof saslScramSha.ScramAlgorithms;
    saslScramSha.authenticate(api, connection, algorithm, username, password, saslScramSha.defaultCrypto, bounded);
  }
};

function inBounds(lifetimeMs: bigint): bigint {
  return lifetimeMs < SHORTEST_LOGIN_MS
    ? SHORTEST_LOGIN_MS
    : lifetimeMs > LONGEST_LOGIN_MS
      ? LONGEST_LOGIN_MS
      : lifetimeMs;
}
