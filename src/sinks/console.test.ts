import { PassThrough } from "node:stream";
import { describe } from "vitest";
import { Memory } from "../core/memory.ts";
import { createConsoleSink } from "./console.ts";
import { sinkContract } from "./sink.contract.ts";

describe("console sink keeps the contract", () => {
  sinkContract(
    async () => {
      const out = new PassThrough({ highWaterMark: 64 });
      let text = "";
      const read = (chunk: Buffer) => {
        text += chunk;
      };
      out.on("data", read);
      return {
        sink: createConsoleSink(out, new Memory().share()),
        // A console holds lines of all data streams together: the second one's are told apart by being asked for.
        stored: async (index) => idsOf(text).filter((id) => (id === "c-b" || id === "h-2") === index.includes(".api-")),
        indexes: ["logs-aquila_salesforce.login-default", "logs-aquila_salesforce.api-default"],
        block: async () => {
          out.off("data", read);
          out.pause();
          out.write(`${" ".repeat(1_000)}\n`);
          out.write(`${" ".repeat(1_000)}\n`);
        },
      };
    },
    { remembers: false },
  );
});

function idsOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line).event.id)
    .sort();
}
