import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { FileFacts } from "../sources/event_log_files/body.ts";
import { Progress, ProgressDisplay } from "./progress.ts";

function file(id: string, length: number): FileFacts {
  return { id, eventType: "Login", interval: "hourly", sequence: 1, logDate: 0, created: 0, length };
}

const [one, two] = [file("0AT1", 1_000), file("0AT2", 3_000)];
const done = { rows: 10, rejected: 0, newestEvent: undefined };

describe("Progress", () => {
  test("tells files, events, rate and the time left by the bytes to read", () => {
    const clock = new ManualClock();
    const progress = new Progress(clock);
    expect(progress.line()).toBe("Looking for what is new");
    progress.see({ fact: "listed", files: [one, two], open: [one, two] });
    clock.advance(10_000);
    progress.see({ fact: "delivered", created: 12_000, existing: 0, refused: 0 });
    expect(progress.line()).toBe("0 of 2 files, 12,000 events, 1,200 a second");
    progress.see({ fact: "file_done", file: one, ...done });
    expect(progress.line()).toBe("1 of 2 files, 12,000 events, 1,200 a second, about 30s left");
    progress.see({ fact: "delivered", created: 0, existing: 8_000, refused: 1 });
    progress.see({ fact: "file_gone", file: two });
    expect(progress.outcome(false, [])).toBe(
      "Ended: 2 of 2 files, 12,000 events (8,000 were there already, 1 refused), in 10s.",
    );
    expect(progress.line()).toBe("2 of 2 files, 12,000 events (8,000 were there already, 1 refused), 2,000 a second");
  });

  test("says at the end what kept it from collecting everything", () => {
    const progress = new Progress(new ManualClock());
    const error = new RunnerError("request_limit_exceeded", "The share is used. It goes on at 10:00Z.", {
      next: RETRY,
    });
    progress.see({ fact: "listed", files: [one, two], open: [one, two] });
    expect(progress.outcome(false, [error, error]).split("\n")).toEqual([
      "Ended: 0 of 2 files, 0 events, in 0ms.",
      "Not everything was collected:",
      error.text,
    ]);
  });

  test.each([
    [[], "0 of 0 files, 0 events"],
    [[new RunnerError("host_unreachable", "It can't be reached.", { next: RETRY })], "nothing was read"],
  ])("tells nothing new from nothing that could be read", (errors, soFar) => {
    expect(new Progress(new ManualClock()).outcome(false, errors)).toContain(`Ended: ${soFar}, in 0ms.`);
  });

  test("a file that is listed again is counted once", () => {
    const progress = new Progress(new ManualClock());
    progress.see({ fact: "listed", files: [one, two], open: [one, two] });
    progress.see({ fact: "file_done", file: one, ...done });
    progress.see({ fact: "listed", files: [one, two], open: [two] });
    expect(progress.outcome(true, [])).toBe(
      "Stopped: 1 of 2 files, 0 events. The next run goes on behind the last row that was delivered.",
    );
  });
});

describe("ProgressDisplay", () => {
  test("keeps the line below what is printed, and leaves nothing behind", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let written = "";
    let number = 0;
    const write = (text: string) => {
      written += text;
    };
    const nextLine = () => {
      number += 1;
      return `line ${number} and more`;
    };
    const display = new ProgressDisplay({ columns: 10, write }, nextLine);
    const kept = display.keep(clock, stop.signal);
    expect(written).toBe("\r\u001b[Kline 1 an");
    display.print("a message");
    expect(written.slice(13)).toBe("\r\u001b[Ka message\n\r\u001b[Kline 2 an");
    written = "";
    clock.advance(250);
    await Promise.resolve();
    await Promise.resolve();
    expect(written).toBe("\r\u001b[Kline 3 an");
    stop.abort();
    await kept;
    expect(written).toBe("\r\u001b[Kline 3 an\r\u001b[K");
    written = "";
    display.print("after it");
    expect(written).toBe("after it\n");
  });
});
