import { existsSync } from "node:fs";
import { ARCHIVE } from "./archive.ts";
import { MAVEN } from "./maven.ts";
import type { Log } from "./unpacking.ts";

/** An Elasticsearch that can be started here. */
export interface Installed {
  readonly home: string;
  /** Undefined if it brings its own. */
  readonly javaHome?: string | undefined;
}

/** Files of an Elasticsearch that are fetched and unpacked once per user. */
export interface Distribution {
  /** As a sentence names it. */
  readonly name: string;
  /** Where it lies in the cache once it is unpacked. */
  folder(cache: string): string;
  /** Fetches it unless it is there. Throws ElasticsearchUnavailable. */
  open(cache: string, environment: NodeJS.ProcessEnv, log: Log): Promise<Installed>;
}

/** In the order in which they are tried: what is on the machine already comes before what has to be fetched. */
export function distributions(cache: string): readonly Distribution[] {
  const isHere = (one: Distribution) => existsSync(one.folder(cache));
  return [ARCHIVE, MAVEN].toSorted((one, other) => Number(isHere(other)) - Number(isHere(one)));
}
