import { systemClock } from "../../core/clock.ts";
import { ok, type Step } from "../../core/finding.ts";
import type { LogstashOutput } from "../../policy/policy.ts";
import { connectionTo, logstashProblem } from "../../sinks/logstash.ts";
import { logstashOptions } from "../open_output.ts";

/** With TLS 1.3 a host refuses the client's certificate, or that it has none, after the handshake is over for the client. */
const SETTLED_MS = 500;

/** What is looked at in an output to Logstash: each host, to the end of the TLS handshake. Nothing is sent. */
export function logstashSteps(output: LogstashOutput, timeout: number): readonly Step[] {
  const reach = output.hosts.map((host) => ({
    name: "Logstash",
    needed: false,
    run: async (signal: AbortSignal) => {
      const options = { ...(await logstashOptions(output)), timeout };
      const connection = await connectionTo(host, options);
      const refusal = await Promise.race([connection.ended, systemClock.sleep(SETTLED_MS, signal)]);
      connection.close();
      if (refusal !== undefined) {
        throw logstashProblem(host, refusal);
      }
      return [ok("Logstash", `${host} is reached${options.tls === undefined ? ", without TLS" : " by TLS"}.`)];
    },
  }));
  const once = async () => [
    ok(
      "each event once",
      "Each event carries its id as [@metadata][_id]: what writes it into Elasticsearch must take it as document_id.",
    ),
  ];
  return [...reach, { name: "each event once", needed: false, run: once }];
}
