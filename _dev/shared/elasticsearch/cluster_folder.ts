import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceUser } from "./cache_folder.ts";
import { type ClusterRecord, writeRecord } from "./cluster_record.ts";
import { freePort, isFree } from "./free_port.ts";
import { ADMINISTRATOR, elasticsearchYml, fileRealm, type NodePorts, quietJvmOptions } from "./node_config.ts";

/** The folder of a cluster with its configuration; the node's user owns what the node writes. */
export async function makeFolder(folder: string, user: ServiceUser | undefined): Promise<ClusterRecord> {
  rmSync(folder, { recursive: true, force: true });
  const parts = ["", "config", "data", "logs", "tmp"].map((part) => join(folder, part));
  for (const part of parts) {
    mkdirSync(part, { recursive: true, mode: 0o700 });
  }
  const ports = { http: await freePort(), transport: await freePort() };
  const url = urlOf(ports);
  const password = randomBytes(12).toString("base64url");
  const { users, usersRoles } = fileRealm(password);
  const config = join(folder, "config");
  writeFileSync(join(config, "elasticsearch.yml"), elasticsearchYml(folder, ports));
  writeFileSync(join(config, "users"), users);
  writeFileSync(join(config, "users_roles"), usersRoles);
  if (user !== undefined) {
    for (const path of [...parts, ...["elasticsearch.yml", "users", "users_roles"].map((file) => join(config, file))]) {
      chownSync(path, user.uid, user.gid);
    }
  }
  const record = { url, ports, username: ADMINISTRATOR, password };
  writeRecord(folder, record);
  return record;
}

/** A stopped cluster keeps its ports, unless another program has taken one meanwhile. */
export async function withFreePorts(folder: string, record: ClusterRecord): Promise<ClusterRecord> {
  const { http, transport } = record.ports;
  if ((await isFree(http)) && (await isFree(transport))) {
    return record;
  }
  const ports = { http: await freePort(), transport: await freePort() };
  writeFileSync(join(folder, "config/elasticsearch.yml"), elasticsearchYml(folder, ports));
  return { ...record, ports, url: urlOf(ports) };
}

function urlOf(ports: NodePorts): string {
  return `http://127.0.0.1:${ports.http}`;
}

/** The options that come with the distribution; a newer one may bring others. */
export function copyJvmOptions(home: string, folder: string): void {
  const config = join(folder, "config");
  copyFileSync(join(home, "config/log4j2.properties"), join(config, "log4j2.properties"));
  const jvmOptions = quietJvmOptions(readFileSync(join(home, "config/jvm.options"), "utf8"));
  writeFileSync(join(config, "jvm.options"), jvmOptions);
  for (const file of ["log4j2.properties", "jvm.options"]) {
    chmodSync(join(config, file), 0o644);
  }
}
