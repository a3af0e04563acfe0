import { afterEach, expect, test } from "vitest";
import { type FakeLogstash, startFakeLogstash } from "../../../_dev/shared/fake_logstash/fake_logstash.ts";
import { makeAuthority } from "../../../_dev/shared/testing/certificates.ts";
import { type Finding, findingsOf } from "../../core/finding.ts";
import type { LogstashOutput } from "../../policy/policy.ts";
import { logstashSteps } from "./logstash_steps.ts";

const fakes: FakeLogstash[] = [];
afterEach(() => Promise.all(fakes.splice(0).map((fake) => fake.close())));

async function findings(hosts: readonly string[], ssl?: Partial<LogstashOutput["ssl"]>): Promise<Finding[]> {
  const output: LogstashOutput = {
    type: "logstash",
    name: "default",
    hosts,
    ssl: ssl === undefined ? undefined : { certificateAuthorities: [], verificationMode: "full", ...ssl },
    loadBalance: false,
    worker: 1,
    pipelining: 2,
    bulkMaxSize: 2_048,
    compressionLevel: undefined,
    timeout: 30_000,
  };
  const never = () => {
    throw new Error("nothing is too late here");
  };
  return await Array.fromAsync(findingsOf(logstashSteps(output, 5_000), never, new AbortController().signal));
}

async function aLogstash(...options: Parameters<typeof startFakeLogstash>): Promise<FakeLogstash> {
  const fake = await startFakeLogstash(...options);
  fakes.push(fake);
  return fake;
}

test("each host is reached, nothing is sent, and what keeps events once is said", async () => {
  const fake = await aLogstash();
  expect(await findings([fake.host, "127.0.0.1:1"])).toEqual([
    { step: "Logstash", verdict: "ok", message: `${fake.host} is reached, without TLS.` },
    expect.objectContaining({
      verdict: "failed",
      code: "output_unreachable",
      message: expect.stringContaining("127.0.0.1:1: the connection was refused"),
    }),
    expect.objectContaining({ verdict: "ok", message: expect.stringContaining("[@metadata][_id]") }),
  ]);
  expect({ windows: fake.windows, violations: fake.violations }).toEqual({ windows: [], violations: [] });
});

test("a certificate that is missing is found, also with TLS 1.3", async () => {
  const authority = await makeAuthority("CA");
  const { key, certificate } = await authority.issue("127.0.0.1");
  const fake = await aLogstash({ tls: { key, cert: certificate, ca: authority.certificate, requestCert: true } });
  const [refused] = await findings([fake.host], { certificateAuthorities: [authority.certificate] });
  expect(refused).toMatchObject({ verdict: "failed", cure: expect.stringContaining("client certificate") });
  const [unknown] = await findings([fake.host], {});
  expect(unknown).toMatchObject({ verdict: "failed", code: "tls_refused" });
});

test("an authority may be named by its fingerprint", async () => {
  const authority = await makeAuthority("CA");
  const { key, certificate } = await authority.issue("127.0.0.1");
  const fake = await aLogstash({ tls: { key, cert: `${certificate}\n${authority.certificate}` } });
  const { X509Certificate } = await import("node:crypto");
  const caTrustedFingerprint = new X509Certificate(authority.certificate).fingerprint256.replaceAll(":", "");
  const [reached] = await findings([fake.host], { caTrustedFingerprint });
  expect(reached).toMatchObject({ verdict: "ok", message: `${fake.host} is reached by TLS.` });
});
