import { describe, test } from "vitest";
import { KafkaUnavailable, openKafka } from "./distribution.ts";

/** A suite that starts a broker. Where none can be had it shows as one skipped test with the reason; where CI is set it fails. */
export async function describeOnKafka(name: string, suite: () => void): Promise<void> {
  try {
    await openKafka();
  } catch (error) {
    if (!(error instanceof KafkaUnavailable) || process.env.CI !== undefined) {
      throw error;
    }
    process.stderr.write(`\nNOT TESTED: everything that needs Kafka.\n${error.message}\n\n`);
    describe(name, () => test.skip(`not tested: ${error.message}`));
    return;
  }
  describe(name, suite);
}
