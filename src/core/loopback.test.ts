import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

test.each([
  ["http://localhost:9200", true],
  ["http://LOCALHOST", true],
  ["http://es.localhost", true],
  ["http://127.0.0.1:9200", true],
  ["http://127.8.9.10", true],
  ["http://[::1]:9200", true],
  ["http://0.0.0.0:9200", false],
  ["http://127.0.0.1.example.com", false],
  ["http://localhost.example.com", false],
  ["http://10.0.0.1", false],
  ["http://[::2]", false],
])("%s is this machine: %s", (url, expected) => {
  expect(isLoopback(new URL(url).hostname)).toBe(expected);
});
