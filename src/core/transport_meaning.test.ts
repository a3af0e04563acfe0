import { expect, test } from "vitest";
import { transportError } from "./transport_meaning.ts";

const HOST = "acme.my.salesforce.com";
const PROXY = "http://user:pass-word@proxy.example:3128";

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test.each<[string, Error, string]>([
  ["is down", coded("ECONNREFUSED"), "No answer from the proxy proxy.example:3128: the connection was refused."],
  [
    "has an unknown name",
    coded("ENOTFOUND"),
    "No answer from the proxy proxy.example:3128: the host name can't be resolved.",
  ],
  ["is out of reach", coded("EHOSTUNREACH"), "No answer from the proxy proxy.example:3128: the host can't be reached."],
  [
    "makes no tunnel, as Node says it",
    new Error(
      "Failed to establish tunnel to acme.my.salesforce.com:443 via http://proxy.example:3128/: HTTP/1.1 403 Forbidden",
    ),
    "The proxy proxy.example:3128 does not connect to acme.my.salesforce.com (status 403).",
  ],
  [
    "wants a password, as Elasticsearch's client says it",
    new Error("Bad response: 407"),
    "The proxy proxy.example:3128 does not connect to acme.my.salesforce.com (status 407).",
  ],
  [
    "lets the host's silence through",
    coded("ETIMEDOUT"),
    "No answer from acme.my.salesforce.com through the proxy proxy.example:3128: no answer in time (ETIMEDOUT).",
  ],
])("a proxy that %s is named, without its password", (_name, error, message) => {
  const told = transportError(HOST, error, { proxyUrl: PROXY });
  expect(told.message).toBe(message);
  expect(told.text).not.toContain("pass-word");
});

test("without a proxy the host is named", () => {
  for (const proxy of [undefined, ""]) {
    expect(transportError(HOST, coded("ECONNREFUSED"), { proxyUrl: proxy }).message).toBe(
      "No answer from acme.my.salesforce.com: the connection was refused (ECONNREFUSED).",
    );
  }
});

test.each<[string, Error, string]>([
  ["a refused connection", coded("ECONNREFUSED"), "Check the address, and the proxy and firewall on the way to it."],
  ["no answer in time", coded("ETIMEDOUT"), "Check the address, and the proxy and firewall on the way to it."],
  ["what has no code", new Error("it broke"), "Check the address, and the proxy and firewall on the way to it."],
  [
    "an expired certificate",
    coded("CERT_HAS_EXPIRED"),
    "The host needs a new certificate. If the one that it has is still valid, check this machine's clock.",
  ],
])("%s says what to do", (_name, error, cure) => {
  expect(transportError(HOST, error).cure).toBe(cure);
});
