import { expect, test } from "vitest";
import { cacheFolder } from "./cache_folder.ts";

test.each([
  { uid: 0, environment: { XDG_CACHE_HOME: "/root/.cache" }, folder: "/var/cache/aquila-salesforce" },
  { uid: 0, environment: { AQUILA_SALESFORCE_CACHE: "/big/elastic" }, folder: "/big/elastic" },
  { uid: 1000, environment: { AQUILA_SALESFORCE_CACHE: "/big/elastic" }, folder: "/big/elastic" },
  { uid: 1000, environment: { XDG_CACHE_HOME: "/big/cache" }, folder: "/big/cache/aquila-salesforce" },
  { uid: 1000, environment: { XDG_CACHE_HOME: "" }, folder: "/home/eva/.cache/aquila-salesforce" },
  { uid: 1000, environment: {}, folder: "/home/eva/.cache/aquila-salesforce" },
])("user $uid with $environment keeps it in $folder", ({ uid, environment, folder }) => {
  expect(cacheFolder(uid, environment, "/home/eva")).toBe(folder);
});
