import { pbkdf2Sync, randomBytes } from "node:crypto";

/** The one user of a cluster's file realm. */
export const ADMINISTRATOR = "admin";

export interface NodePorts {
  readonly http: number;
  readonly transport: number;
}

/** `elasticsearch.yml` of a single node that only this machine can reach. Pure. */
export function elasticsearchYml(folder: string, ports: NodePorts): string {
  return Object.entries({
    "cluster.name": "aquila-salesforce",
    "node.name": "local",
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    "http.port": ports.http,
    "transport.port": ports.transport,
    "path.data": JSON.stringify(`${folder}/data`),
    "path.logs": JSON.stringify(`${folder}/logs`),
    "cluster.routing.allocation.disk.threshold_enabled": false,
    "xpack.security.enabled": true,
    "xpack.security.http.ssl.enabled": false,
    "xpack.security.transport.ssl.enabled": false,
  })
    .map(([setting, value]) => `${setting}: ${value}\n`)
    .join("");
}

/** The distribution's JVM options without garbage collection logs and heap dumps, which nobody reads here. Pure. */
export function quietJvmOptions(options: string): string {
  return options
    .split("\n")
    .filter((line) => !/^(-Xlog:gc|-XX:\+HeapDumpOnOutOfMemoryError|-XX:ErrorFile=)/.test(line))
    .join("\n");
}

/** The files `users` and `users_roles` of the file realm: one superuser. */
export function fileRealm(password: string, salt: Buffer = randomBytes(32)): { users: string; usersRoles: string } {
  const iterations = 10_000;
  const hash = pbkdf2Sync(password, salt, iterations, 32, "sha512");
  const stored = `{PBKDF2}${iterations}$${salt.toString("base64")}$${hash.toString("base64")}`;
  return { users: `${ADMINISTRATOR}:${stored}\n`, usersRoles: `superuser:${ADMINISTRATOR}\n` };
}
