import { expect, test } from "vitest";
import { elasticsearchYml, fileRealm, quietJvmOptions } from "./node_config.ts";

test("the node listens on loopback only and keeps its files in its folder", () => {
  const lines = elasticsearchYml("/cache/clusters/local", { http: 9201, transport: 9301 }).split("\n");
  expect(lines).toContain("network.host: 127.0.0.1");
  expect(lines).toContain("http.port: 9201");
  expect(lines).toContain("transport.port: 9301");
  expect(lines).toContain('path.data: "/cache/clusters/local/data"');
  expect(lines).toContain("xpack.security.enabled: true");
});

test("options that only write files for nobody are dropped", () => {
  const options =
    "-XX:+UseG1GC\n-Xlog:gc*,gc+age=trace:file=gc.log\n-XX:+HeapDumpOnOutOfMemoryError\n-XX:+ExitOnOutOfMemoryError";
  expect(quietJvmOptions(options)).toBe("-XX:+UseG1GC\n-XX:+ExitOnOutOfMemoryError");
});

test("the password is stored as PBKDF2 with SHA-512, 10,000 rounds and 32 bytes", () => {
  const { users, usersRoles } = fileRealm("correct horse", Buffer.alloc(32, 7));
  expect(users).toBe(
    "admin:{PBKDF2}10000$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=$" +
      "IqPNX3bg5sdfzRYXZx91r2dpQgM0Msevx2kt7jfGJR8=\n",
  );
  expect(usersRoles).toBe("superuser:admin\n");
});
