import { expect, test } from "vitest";
import { PUBLISHED_OBJECTS } from "../../catalog/catalog.ts";
import { topicFindings } from "./check.ts";

test("a check that is stopped while Salesforce is asked ends with the reason, and finds nothing", async () => {
  const stop = new AbortController();
  const asked: string[] = [];
  const pubSub = {
    async topic(name: string, signal: AbortSignal): Promise<never> {
      asked.push(name);
      stop.abort(new Error("stopped"));
      throw signal.reason;
    },
    schema: () => Promise.reject(new Error("not asked for")),
  };
  await expect(topicFindings(PUBLISHED_OBJECTS, pubSub, stop.signal)).rejects.toThrow("stopped");
  expect(asked).toHaveLength(1);
});
