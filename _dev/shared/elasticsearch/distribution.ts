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
