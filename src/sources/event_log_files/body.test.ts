import { expect, test } from "vitest";
import { MEGABYTE } from "../../core/http.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { type EventLogFile, logFileBody, longestBody } from "./body.ts";

const file: EventLogFile = {
  id: "0AT1",
  eventType: "Login",
  interval: "hourly",
  sequence: 1,
  logDate: 0,
  created: 0,
  length: 1_000,
  path: "/services/data/v66.0/sobjects/EventLogFile/0AT1/LogFile",
};

/** Reads a body whose chunks come from a download; gives the bytes that were passed on and what it ended with. */
async function read(chunks: () => AsyncGenerator<Uint8Array>): Promise<{ bytes: number; error: unknown }> {
  const client = { openDownload: async () => ({ chunks: chunks() }) } as unknown as OrgClient;
  let bytes = 0;
  try {
    for await (const chunk of logFileBody(client, file, new AbortController().signal)) {
      bytes += chunk.length;
    }
    return { bytes, error: undefined };
  } catch (error) {
    return { bytes, error };
  }
}

function of(...lengths: number[]) {
  return async function* () {
    for (const length of lengths) {
      yield new Uint8Array(length);
    }
  };
}

test("is complete with the bytes that the listing says, in however many pieces", async () => {
  expect(await read(of(400, 600))).toEqual({ bytes: 1_000, error: undefined });
});

test("is cut with one byte less", async () => {
  expect(await read(of(400, 599))).toMatchObject({
    bytes: 999,
    error: { code: "file_truncated", next: { do: "retry" } },
  });
});

test("may have grown since it was listed", async () => {
  const longest = longestBody(file.length);
  expect(longest).toBe(2_000 + 16 * MEGABYTE);
  expect(await read(of(longest))).toEqual({ bytes: longest, error: undefined });
});

test("that never ends is left, and counts as a failure of this file alone", async () => {
  let isLeft = false;
  const { bytes, error } = await read(async function* () {
    try {
      for (;;) {
        yield new Uint8Array(MEGABYTE);
      }
    } finally {
      isLeft = true;
    }
  });
  expect(error).toMatchObject({ code: "answer_unreadable", scope: "part" });
  expect(String(error)).toContain("lists it with 1000");
  expect(bytes).toBe(16 * MEGABYTE);
  expect(isLeft).toBe(true);
});
