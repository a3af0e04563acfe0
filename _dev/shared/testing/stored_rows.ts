import { Client, errors } from "@elastic/elasticsearch";
import { adminClientOptions, type ClusterAccess } from "../elasticsearch/cluster.ts";

/** What a data stream holds of one event log file. */
export interface StoredFile {
  readonly documents: number;
  /** Different ones, of which each row that the mock org makes has its own. */
  readonly requests: number;
}

interface RequestPage {
  readonly buckets: ReadonlyArray<{
    readonly key: Readonly<Record<"file" | "request", string>>;
    readonly doc_count: number;
  }>;
  readonly after_key?: Record<string, string>;
}

const PAGE = 10_000;

/** Looks into data streams as a test's independent witness. */
export class StoredRows {
  readonly client: Client;

  constructor(access: ClusterAccess) {
    this.client = new Client(adminClientOptions(access));
  }

  /** Documents that can be counted by now: 0 too while the data stream is being made. */
  async count(index: string): Promise<number> {
    try {
      await this.client.indices.refresh({ index, ignore_unavailable: true });
      return (await this.client.count({ index, ignore_unavailable: true })).count;
    } catch (error) {
      if (error instanceof errors.ResponseError && error.statusCode === 503) {
        return 0;
      }
      throw error;
    }
  }

  /** By the id of the event log file. */
  async files(index: string): Promise<Map<string, StoredFile>> {
    await this.client.indices.refresh({ index, ignore_unavailable: true });
    const files = new Map<string, StoredFile>();
    const sources = [
      { file: { terms: { field: "salesforce.collection.file.id" } } },
      { request: { terms: { field: "transaction.id" } } },
    ];
    let after: Record<string, string> | undefined;
    do {
      const composite = { sources, size: PAGE, ...(after === undefined ? {} : { after }) };
      const aggs = { requests: { composite } };
      const { aggregations } = await this.client.search<unknown, { requests: RequestPage }>({
        index,
        ignore_unavailable: true,
        size: 0,
        aggs,
      });
      for (const { key, doc_count } of aggregations?.requests.buckets ?? []) {
        const { documents, requests } = files.get(key.file) ?? { documents: 0, requests: 0 };
        files.set(key.file, { documents: documents + doc_count, requests: requests + 1 });
      }
      after = aggregations?.requests.after_key;
    } while (after !== undefined);
    return files;
  }
}

/** What `count` rows look like when each is there once. */
export function onceEach(count: number): StoredFile {
  return { documents: count, requests: count };
}
