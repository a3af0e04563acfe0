import { describe, expect, test } from "vitest";
import { z } from "zod";
import { camelKeys } from "../core/camel_keys.ts";
import { declaredSettings, INPUT_SETTINGS, SSL_SETTINGS, STREAM_SETTINGS } from "./settings.ts";

const BLOCKS = { input: INPUT_SETTINGS, stream: STREAM_SETTINGS, ssl: SSL_SETTINGS };
const every = Object.values(BLOCKS).flatMap((block) => declaredSettings(block));

describe("declared settings", () => {
  test("are listed in their order, with what a person has to know", () => {
    const paths = declaredSettings(INPUT_SETTINGS).map(({ path }) => path);
    expect(paths).toEqual([
      "organization.name",
      "auth.login_url",
      "auth.audience",
      "auth.client_id",
      "auth.username",
      "auth.private_key",
      "auth.private_key_path",
      "auth.private_key_passphrase",
      "api.version",
      "api.daily_request_share",
      "api.request_timeout",
      "api.pub_sub_url",
      "api.proxy_url",
      "api.ssl",
      "state.store",
      "state.hosts",
      "state.index",
      "state.api_key",
      "state.lease",
      "state.ssl",
      "names",
      "processors",
    ]);
  });

  test("have defaults as they are written in a policy", () => {
    const defaults = Object.fromEntries(every.map((setting) => [setting.path, setting.default]));
    expect(defaults).toMatchObject({
      "auth.login_url": "https://login.salesforce.com",
      "auth.client_id": undefined,
      "api.version": "66.0",
      "api.daily_request_share": 20,
      "api.request_timeout": "60s",
      "event_log_files.enabled": true,
      "event_log_files.interval": "hourly+daily",
      "event_log_files.poll_interval": "10m",
      "event_log_files.initial_lookback": "24h",
      "objects.enabled": false,
      "objects.poll_interval": "1m",
      "objects.initial_lookback": "1h",
      "objects.settle_time": "2m",
      "api.pub_sub_url": "https://api.pubsub.salesforce.com:7443",
      "live.enabled": false,
      preserve_original_event: false,
    });
  });

  test("say which of them are required, secret or a choice", () => {
    expect(every.filter(({ required }) => required).map(({ path }) => path)).toEqual([
      "auth.client_id",
      "auth.username",
    ]);
    expect(every.filter(({ kind }) => kind === "secret").map(({ path }) => path)).toEqual([
      "auth.private_key",
      "auth.private_key_passphrase",
      "api.proxy_url",
      "state.api_key",
      "key",
      "key_passphrase",
    ]);
    expect(every.find(({ path }) => path === "event_log_files.interval")?.options).toEqual([
      "hourly+daily",
      "hourly",
      "daily",
    ]);
  });

  test("that share a schema keep their own words", () => {
    const titles = declaredSettings(INPUT_SETTINGS).map(({ title }) => title);
    expect(titles.slice(3, 5)).toEqual(["Consumer key", "User name"]);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test.each(every.map((setting) => [setting.path, setting] as const))(
    "%s has a title and a help text",
    (_path, one) => {
      expect(one.title).toMatch(/^[A-Z].*[^.]$/);
      expect(one.help).toMatch(/^\S.*\.$/s);
      expect(one.kind === "choice").toBe(one.options.length > 0);
    },
  );

  test.each(Object.entries(BLOCKS))("of the block %s take their own defaults", (_name, block) => {
    for (const { path, default: written } of declaredSettings(block)) {
      const schema = schemaAt(block, path.split("."));
      expect({ path, isTaken: schema.safeParse(written).success || written === undefined }).toEqual({
        path,
        isTaken: true,
      });
    }
  });
});

function schemaAt(block: z.ZodType, path: readonly string[]): z.ZodType {
  let schema = block;
  for (const key of path) {
    const inner = schema instanceof z.ZodPrefault ? (schema.def.innerType as z.ZodType) : schema;
    if (!(inner instanceof z.ZodObject)) {
      throw new Error(`${path.join(".")} leads nowhere`);
    }
    schema = inner.shape[key] as z.ZodType;
  }
  return schema;
}

test("names become those of the code", () => {
  const settings = camelKeys({ ca_trusted_fingerprint: "ab", enabled: true, "X-Header": 1 });
  expect(settings).toEqual({ caTrustedFingerprint: "ab", enabled: true, "X-Header": 1 });
});
