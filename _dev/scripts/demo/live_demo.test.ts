import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDemoOrg } from "./demo_orgs.ts";
import { showLogin } from "./live_demo.ts";

test("a login that Salesforce pushes is stored, and it is said after how long; a second run shows it again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "demo-live-"));
  const out = join(folder, "out");
  const lines: string[] = [];
  try {
    for (const run of [1, 2]) {
      const org = await startDemoOrg(folder, { name: "Acme", sandbox: false, serial: 1, pubSub: true });
      const { url, clientId, username, privateKeyPath } = org;
      const auth = { login_url: url, client_id: clientId, username, private_key_path: privateKeyPath };
      const input = { id: "demo", type: "aquila-salesforce", organization: { name: "Acme" }, auth };
      const outputBlock = { type: "file", path: out };
      try {
        expect(await showLogin({ folder, outputBlock, org, input, say: (line) => lines.push(line) })).toBe(true);
      } finally {
        await org.stop();
      }
      expect(lines).toHaveLength(run);
      expect(lines.at(-1)).toMatch(
        /^Live: Salesforce pushed a login of mallory@acme\.example; \d+\.\d s later it was stored\.$/,
      );
      const stored = readFileSync(join(out, "logs-aquila_salesforce.login-default.ndjson"), "utf8");
      expect(stored.match(/mallory@acme\.example/g)).toHaveLength(run);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
