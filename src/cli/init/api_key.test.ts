import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunnerError } from "../../core/errors.ts";
import type { Http, HttpRequest } from "../../core/http.ts";
import { init } from "../init.ts";
import { API_KEY_BODY } from "./api_key.ts";
import { InitializedFolder } from "./initialized_folder.fixture.ts";

const KEY_ANSWER = '{"id":"VuaCfGcB","name":"aquila-salesforce","api_key":"ui2lp2ax","encoded":"VnVh"}';
const LOGIN = {
  ELASTICSEARCH_URL: "http://127.0.0.1:9200/",
  ELASTICSEARCH_USERNAME: "elastic",
  ELASTICSEARCH_PASSWORD: "changeme",
};

let at: InitializedFolder;
beforeEach(() => {
  at = new InitializedFolder();
});
afterEach(() => at.close());

const asked: HttpRequest[] = [];
const made = (status: number, body: string, environment: Record<string, string> = LOGIN, more: object = {}) => {
  asked.length = 0;
  const http: Http = {
    async send(request) {
      asked.push(request);
      return { status, headers: {}, body };
    },
    open: () => Promise.reject(new Error("nothing is downloaded")),
    close: () => {},
  };
  const options = { createApiKey: true as const, out: at.out, force: false, ...more };
  return init(options, { environment, print: (line) => at.printed.push(line), http });
};

test("an API key is kept for the user alone, as lines that a shell takes over", async () => {
  expect(await made(200, KEY_ANSWER)).toBe(0);
  const path = join(at.out, "elasticsearch.env");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const read = execFileSync("sh", ["-c", `. ${path}; echo "$ELASTICSEARCH_URL $ELASTICSEARCH_API_KEY"`]);
  expect(read.toString().trim()).toBe("http://127.0.0.1:9200 VuaCfGcB:ui2lp2ax");
  expect(at.printed.join("\n")).not.toMatch(/ui2lp2ax|changeme/);
  expect(asked[0]).toMatchObject({ method: "POST", url: "http://127.0.0.1:9200/_security/api_key" });
  expect(JSON.parse(String(asked[0]?.body)).role_descriptors.aquila_salesforce).toEqual({
    cluster: ["monitor"],
    indices: [{ names: ["logs-*"], privileges: expect.arrayContaining(["auto_configure", "create_doc"]) }],
  });
  await expect(made(200, KEY_ANSWER)).rejects.toMatchObject({ code: "usage" });
  expect(asked).toEqual([]);
});

test("an API key is made with a login to Kibana, which passes the request on", async () => {
  const login = {
    ELASTICSEARCH_URL: "https://es.example:9200",
    KIBANA_URL: "https://kibana.example/s/security/",
    KIBANA_USERNAME: "ana",
    KIBANA_PASSWORD: "changeme",
  };
  expect(await made(200, KEY_ANSWER, login)).toBe(0);
  expect(at.text("elasticsearch.env")).toBe(
    "export ELASTICSEARCH_URL=https://es.example:9200\nexport ELASTICSEARCH_API_KEY=VuaCfGcB:ui2lp2ax\n",
  );
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    url: "https://kibana.example/s/security/api/console/proxy?path=%2F_security%2Fapi_key&method=POST",
    headers: { "kbn-xsrf": "aquila-salesforce", "x-elastic-internal-origin": "aquila-salesforce" },
  });
  expect(JSON.parse(Buffer.from(asked[0]?.body as Uint8Array).toString())).toEqual(API_KEY_BODY);
  await expect(made(403, "{}", login, { force: true })).rejects.toMatchObject({
    code: "kibana_login_refused",
    cure: expect.stringContaining("manage_own_api_key"),
  });
});

test.each<[number, string, Record<string, string>, string, RegExp]>([
  [401, "{}", LOGIN, "output_refused", /refused the login of elastic.*Check ELASTICSEARCH_USERNAME/],
  [403, "{}", LOGIN, "output_refused", /may not make API keys.*manage_own_api_key/],
  [404, "<html>Kibana</html>", LOGIN, "output_refused", /status 404, with a web page.*not Kibana's/],
  [200, '{"id":"a;rm -rf","api_key":"b"}', LOGIN, "output_refused", /made no API key/],
  [503, "", LOGIN, "output_unreachable", /Try again/],
  [200, KEY_ANSWER, {}, "usage", /ELASTICSEARCH_URL is not set.*KIBANA_URL/],
  [200, KEY_ANSWER, { ELASTICSEARCH_URL: "https://es.example" }, "usage", /no login for Elasticsearch or Kibana/],
  [200, KEY_ANSWER, { ...LOGIN, ELASTICSEARCH_URL: "http://es.example:9200" }, "usage", /must start with https/],
])("%i %s is refused with its cure", async (status, body, environment, code, words) => {
  const error = await made(status, body, environment).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code, text: expect.stringMatching(words) });
  expect((error as RunnerError).text).not.toContain("changeme");
});
