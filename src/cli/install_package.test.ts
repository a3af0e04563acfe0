import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeKibana, startFakeKibana } from "../../_dev/shared/fake_kibana/fake_kibana.ts";
import { rejectionOf } from "../../_dev/shared/testing/failures.ts";
import { installPackage, kibanaCredentials } from "./install_package.ts";

const ENCODED = Buffer.from("id:kibana-secret").toString("base64");
const ZIP = Buffer.from("504b0304140000000000", "hex");

let kibana: FakeKibana;
let folder: string;
let zip: string;
let printed: string[];

beforeEach(async () => {
  kibana = await startFakeKibana({ authorization: `ApiKey ${ENCODED}` });
  folder = mkdtempSync(join(tmpdir(), "install-package-"));
  zip = join(folder, "aquila_salesforce-0.1.0.zip");
  writeFileSync(zip, ZIP);
  printed = [];
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await kibana.close();
});

function install(changes: { kibana?: string; package?: string; environment?: Record<string, string> } = {}) {
  return installPackage(
    { kibana: changes.kibana ?? kibana.url, package: changes.package ?? zip },
    { environment: changes.environment ?? { KIBANA_API_KEY: ENCODED }, print: (line) => printed.push(line) },
  );
}

describe("install-package", () => {
  test("uploads the zip and says what Fleet has installed", async () => {
    expect(await install()).toBe(0);
    expect(kibana.uploads).toEqual([ZIP]);
    expect(printed).toEqual([
      "Fleet has installed aquila_salesforce: 3 assets.",
      "     1 dashboard",
      "     2 ingest pipeline",
    ]);
  });

  test.each([
    ["", "/api/fleet/epm/packages"],
    ["/", "/api/fleet/epm/packages"],
    ["/s/security", "/s/security/api/fleet/epm/packages"],
    ["/s/security/app/integrations/browse", "/s/security/api/fleet/epm/packages"],
  ])("takes Kibana's address with %j", async (path, asked) => {
    await install({ kibana: `${kibana.url}${path}` });
    expect(kibana.asked).toEqual([asked]);
  });

  test.each([
    [401, "kibana_login_refused", "Check KIBANA_API_KEY"],
    [403, "kibana_login_refused", "needs the Kibana privilege Integrations: All"],
    [404, "kibana_refused", "Check the address"],
    [409, "kibana_busy", "Try again"],
    [413, "kibana_refused", "larger requests"],
    [429, "kibana_busy", "Try again"],
    [302, "kibana_refused", "Check the address"],
    [503, "kibana_busy", "is not available"],
  ])("says what %i means", async (status, code, cure) => {
    kibana.faults.push({ status, body: '{"message":"what Kibana says"}' });
    const error = await rejectionOf(install());
    expect(error).toMatchObject({ code });
    expect(error.text).toContain(cure);
    expect(error.text).toContain(`(${status}: what Kibana says)`);
  });

  test("a page instead of an answer is no success", async () => {
    kibana.faults.push({ status: 200, body: "<html>login</html>" });
    expect(await rejectionOf(install())).toMatchObject({ code: "kibana_refused" });
    expect(printed).toEqual([]);
  });

  test("tells why Fleet refuses a package", async () => {
    writeFileSync(zip, "no zip at all");
    const error = await rejectionOf(install());
    expect(error.text).toContain("does not accept the package (400: Archive seems empty.)");
  });

  test.each([
    [{ kibana: "http://kibana.example.com" }, "https://"],
    [{ kibana: "kibana" }, "is not a web address"],
    [{ environment: {} }, "KIBANA_API_KEY"],
    [{ package: "/nonexistent.zip" }, "npm run package"],
  ])("%j is refused before anything is sent", async (changes, text) => {
    const error = await rejectionOf(install(changes));
    expect(error).toMatchObject({ code: "usage" });
    expect(error.text).toContain(text);
    expect(kibana.asked).toEqual([]);
  });

  test("never shows the credentials", async () => {
    const errors = [
      await rejectionOf(install({ environment: { KIBANA_API_KEY: "id:other-secret" } })),
      await rejectionOf(install({ environment: { KIBANA_USERNAME: "elastic", KIBANA_PASSWORD: "pass-secret" } })),
    ];
    for (const { text, code } of errors) {
      expect(code).toBe("kibana_login_refused");
      expect(text).not.toMatch(/secret/);
    }
  });

  test("takes an API key in both of its forms", () => {
    for (const KIBANA_API_KEY of [ENCODED, "id:kibana-secret"]) {
      const credentials = kibanaCredentials({ KIBANA_API_KEY });
      expect("apiKey" in credentials && credentials.apiKey.reveal()).toBe(ENCODED);
    }
  });
});
