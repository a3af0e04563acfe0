import { type SASLOptions, saslPlain, saslScramSha } from "@platformatic/kafka";

type LogIn = NonNullable<SASLOptions["authenticate"]>;

/** The library logs in again after four fifths of the time for which a login is good. */
const LONGEST_LOGIN_MS = 24 * 3_600_000;

/** The library's own login, good for a day at most: beyond 31 days its timer would overflow, fire at once, and so again and again. */
export const logIn: LogIn = (mechanism, connection, api, username = "", password = "", _token, callback) => {
  const bounded: typeof callback = (error, answer) => {
    if (answer !== undefined && answer.sessionLifetimeMs > LONGEST_LOGIN_MS) {
      answer.sessionLifetimeMs = BigInt(LONGEST_LOGIN_MS);
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
