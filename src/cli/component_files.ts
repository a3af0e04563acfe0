/** The files that make the runner a component of Elastic Agent. */
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";

export const COMPONENT_NAME = "aquila-salesforce";

/** The input type of the policy, the executable and the spec have one name. */
export const SPEC_FILE = `${COMPONENT_NAME}.spec.yml`;
export const BUNDLE_FILE = `${COMPONENT_NAME}.mjs`;
/** A part of the bundle, which lies beside it and is imported when it is needed. */
export const partFile = (name: string) => `${COMPONENT_NAME}.${name}.mjs`;
const NODE_FILE = `${COMPONENT_NAME}-node`;

const PLATFORMS = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "container/amd64", "container/arm64"];

/** How the runner is started: its bundle, with the parts beside it, by a Node, or as a single executable. */
export type RunnerProgram =
  | { readonly kind: "bundle"; readonly bundle: string; readonly node: string }
  | { readonly kind: "executable"; readonly executable: string };

export interface ComponentFile {
  readonly name: string;
  readonly mode: number;
  readonly content: { readonly text: string } | { readonly copyOf: string };
}

/**
 * What belongs into the folder `components` of an agent, in the order in which it has to be written: an agent that finds a
 * spec without its executable does not start at all. Elastic Agent refuses an executable that others may write.
 */
export function componentFiles(program: RunnerProgram): readonly ComponentFile[] {
  if (program.kind === "executable") {
    return [{ name: COMPONENT_NAME, mode: 0o755, content: { copyOf: program.executable } }, specFile([])];
  }
  const folder = dirname(program.bundle);
  const besideLauncher: readonly ComponentFile[] = [
    { name: NODE_FILE, mode: 0o755, content: { copyOf: program.node } },
    ...partsIn(folder).map((name) => ({ name, mode: 0o644, content: { copyOf: join(folder, name) } })),
    { name: BUNDLE_FILE, mode: 0o644, content: { copyOf: program.bundle } },
  ];
  const launcher: ComponentFile = { name: COMPONENT_NAME, mode: 0o755, content: { text: LAUNCHER } };
  return [...besideLauncher, launcher, specFile(besideLauncher.map(({ name }) => name))];
}

/** Every file in the folder that any version or kind of program has there, in the order of their removal. */
export function removableFiles(folder: string): readonly string[] {
  return [SPEC_FILE, COMPONENT_NAME, BUNDLE_FILE, ...partsIn(folder), NODE_FILE];
}

/** Names of the bundle's parts in the folder, sorted. */
export function partsIn(folder: string): string[] {
  return globSync(partFile("*"), { cwd: folder }).toSorted();
}

/** As "Component specs" of Elastic Agent's documentation describes it. The log keys are those of ECS. */
function specFile(besideLauncher: readonly string[]): ComponentFile {
  const text = stringify(
    {
      version: 2,
      ...(besideLauncher.length > 0 ? { component_files: besideLauncher } : {}),
      inputs: [
        {
          name: COMPONENT_NAME,
          description: "Events of Salesforce orgs",
          platforms: PLATFORMS,
          outputs: ["elasticsearch", "logstash", "kafka"],
          command: {
            args: ["agent"],
            timeouts: { checkin: "30s", restart: "10s", stop: "30s" },
            log: {
              level_key: "log.level",
              time_key: "@timestamp",
              time_format: "2006-01-02T15:04:05.000Z0700",
              message_key: "message",
            },
          },
        },
      ],
    },
    { lineWidth: 0 },
  );
  return { name: SPEC_FILE, mode: 0o644, content: { text } };
}

/**
 * Flags of Node for the runner: a small young generation, and no port for a debugger at a signal, which would hand every secret to
 * whoever may connect. The first line of main.ts and the script in package.json have the same.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=2", "--disable-sigusr1"];

/**
 * Environment for glibc's allocator, by which memory that is no longer used goes back to the system: one arena for all threads,
 * and blocks from 32 kB on mapped by themselves. By its own rules it keeps, in each thread's arena, what a busy time has needed.
 * The script in package.json has the same; the first line of main.ts has no room for it (127 bytes on older kernels).
 */
export const ALLOCATOR_ENVIRONMENT: readonly string[] = [
  "MALLOC_ARENA_MAX=1",
  "MALLOC_MMAP_THRESHOLD_=32768",
  "MALLOC_TRIM_THRESHOLD_=131072",
];

/**
 * The Node beside it, which the agent's user can execute wherever its home is; without one, as in the folder that is built,
 * the Node of the PATH.
 */
const LAUNCHER = [
  "#!/bin/sh",
  "# Starts the runner as a component of Elastic Agent.",
  `here=\${0%/*}`,
  `node=$here/${NODE_FILE}`,
  '[ -e "$node" ] || node=node',
  `export ${ALLOCATOR_ENVIRONMENT.join(" ")}`,
  `exec "$node" ${NODE_FLAGS.join(" ")} --disable-warning=ExperimentalWarning "$here/${BUNDLE_FILE}" "$@"`,
  "",
].join("\n");
