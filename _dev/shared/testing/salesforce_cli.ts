/**
 * Stands in for the Salesforce CLI (`sf`) before the mock org that MOCK_ORG_URL names: deploys the app and the permission set
 * of a project in source format, and assigns the permission set. Fails for everything else, and for what is not there.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { PERMISSIONS, type Permission } from "../../deploy/docker/mock_org/sobject.ts";

const given = connectMockOrg(process.env.MOCK_ORG_URL ?? "");
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    alias: { type: "string" },
    "instance-url": { type: "string" },
    "source-dir": { type: "string" },
    "target-org": { type: "string" },
    name: { type: "string" },
    "on-behalf-of": { type: "string" },
  },
});

switch (positionals.join(" ")) {
  case "org login web":
    break;
  case "project deploy start":
    await deploy(values["source-dir"] ?? "");
    break;
  case "org assign permset":
    await assign(values.name ?? "", values["on-behalf-of"] ?? "");
    break;
  default:
    throw new Error(`sf ${positionals.join(" ")} is not known here`);
}

/** An app that only its permission set's holders may use has none at first. */
async function deploy(folder: string): Promise<void> {
  const files = globSync("**/*-meta.xml", { cwd: folder });
  if (files.length === 0) {
    throw new Error(`nothing to deploy in ${folder}`);
  }
  const app = files.find((path) => path.endsWith(".ecaGlblOauth-meta.xml"));
  if (app !== undefined) {
    const text = readFileSync(join(folder, app), "utf8");
    const policy = readFileSync(join(folder, one(files, ".ecaOauthPlcy-meta.xml")), "utf8");
    const permittedUsers =
      element(policy, "permittedUsersPolicyType") === "AdminApprovedPreAuthorized" ? "adminApproved" : "selfAuthorize";
    const [clientId, certificate] = [element(text, "consumerKey"), element(text, "certificate")];
    await given.app({ clientId, certificate, permittedUsers, approvedUsers: [] });
  }
}

async function assign(permissionSet: string, username: string): Promise<void> {
  const metadata = readFileSync(one(globSync("**/*-meta.xml"), `${permissionSet}.permissionset-meta.xml`), "utf8");
  const names = [...metadata.matchAll(/<name>([^<]*)<\/name>/g)].map(([, name]) => name);
  const permissions: Permission[] = PERMISSIONS.filter((permission) => names.includes(permission));
  await given.user({ username, permissions });
  const app = readFileSync(one(globSync("**/*-meta.xml"), ".ecaGlblOauth-meta.xml"), "utf8");
  const policy = readFileSync(one(globSync("**/*-meta.xml"), ".ecaOauthPlcy-meta.xml"), "utf8");
  if (element(policy, "commaSeparatedPermissionSet") === permissionSet) {
    await given.app({ clientId: element(app, "consumerKey"), approvedUsers: [username] });
  }
}

function one(paths: readonly string[], ending: string): string {
  const found = paths.find((path) => path.endsWith(ending));
  if (found === undefined) {
    throw new Error(`there is no ${ending}`);
  }
  return found;
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
}
