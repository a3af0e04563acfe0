import { isIPv4 } from "node:net";

/**
 * Whether a host name, as `URL.hostname` gives it, is this machine itself: the only host that may be spoken to without TLS.
 * A name that merely resolves to 127.0.0.1 is not taken, because a DNS server decides that.
 */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    name === "::1" ||
    (isIPv4(name) && name.startsWith("127."))
  );
}
