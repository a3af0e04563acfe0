import { describe, expect, test } from "vitest";
import type { Document, StreamContent } from "./demo_output.ts";
import { type Ending, lastWords, SCREEN } from "./last_words.ts";

const CODES = Array.from({ length: 20 }, (_, n) => [`AnEventTypeWithALongName${n}`, 1_234_567] as const);

function content(stream: string, events: number): StreamContent {
  return { stream, events, oldest: "2026-11-27T00:00:00.000Z", newest: "2026-11-28T20:58:43.369Z", byCode: CODES };
}

const LOGIN: Document = {
  "@timestamp": "2026-11-28T20:58:43.369Z",
  data_stream: { dataset: "aquila_salesforce.login" },
  event: { code: "Login", action: "login", outcome: "failure", reason: `Failed:\n${"a long reason ".repeat(20)}` },
  user: { name: "ben@acme.example" },
  source: { ip: "192.0.2.1", geo: { country_name: "Norway" } },
  user_agent: { name: "Firefox" },
  url: { path: "/index.jsp" },
  organization: { name: "Acme production" },
};
const APEX: Document = { "@timestamp": "t", data_stream: { dataset: "aquila_salesforce.apex" }, event: { code: "A" } };

const FULL: Ending = {
  contents: ["apex", "api", "collector", "login", "threat", "setup_audit_trail", "data_access", "other"].map((name) =>
    content(name, 1_000_000),
  ),
  existing: 1_234_567,
  samples: [APEX, LOGIN],
  lacking: Array.from({ length: 9 }, (_, n) => `something that it lacks ${n}`),
  dashboards: { command: "npm run preview -- --serve --keep-data --namespace default" },
  search: [
    "npm run elasticsearch -- start",
    "curl -su admin:abcdefghijklmnop 'http://127.0.0.1:45933/logs-*/_count?q=event.outcome:failure'",
  ],
  command: "npm run demo --",
  details: false,
};

describe("the demo's last words", () => {
  test("fit on a screen of 40 lines and 100 columns, whatever was collected", () => {
    const lines = lastWords(FULL);
    // Before them an empty line, after them the question for Enter.
    expect(lines.length + 2).toBeLessThanOrEqual(SCREEN.lines);
    expect(lines.filter((line) => line.length > SCREEN.columns || line.includes("\n"))).toEqual([]);
  });

  test("say what this run brought and what was there already", () => {
    expect(lastWords(FULL)[0]).toBe("This run brought 8,000,000 events. 1,234,567 were there already.");
    expect(lastWords({ ...FULL, existing: 0 })[0]).toBe("This run brought 8,000,000 events.");
  });

  test("show a login in a few lines, and it whole only on request", () => {
    const lines = lastWords(FULL);
    const at = lines.indexOf("The newest of them:");
    expect(lines.slice(at + 1, at + 5).map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ["@timestamp", "2026-11-28T20:58:43.369Z"],
      ["event.code", "Login"],
      ["event.action", "login"],
      ["event.outcome", "failure"],
    ]);
    expect(lines.join("\n")).not.toContain('"data_stream"');
    const all = lastWords({ ...FULL, details: true }).join("\n");
    expect(all).toContain(JSON.stringify(LOGIN, null, 2));
    expect(all).toContain("something that it lacks 8");
  });

  test("name --fresh where everything was collected before", () => {
    const lines = lastWords({ ...FULL, contents: [], samples: [], command: "npm run demo -- --files logs" });
    expect(lines.slice(0, 2)).toEqual([
      "This run brought nothing new: all of it was collected before. To start anew:",
      "  npm run demo -- --files logs --fresh",
    ]);
  });

  test("give the dashboards and the search as lines to be copied", () => {
    const lines = lastWords(FULL);
    for (const line of [...FULL.search, "npm run preview -- --serve --keep-data --namespace default"]) {
      expect(lines).toContain(`  ${line}`);
    }
    expect(lastWords({ ...FULL, dashboards: { url: "http://127.0.0.1:1/" } })).toContain("  http://127.0.0.1:1/");
  });
});
