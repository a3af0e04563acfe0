import { Client, errors } from "@elastic/elasticsearch";
import { adminClientOptions, type ClusterAccess } from "../elasticsearch/cluster.ts";

/** What a data stream holds of one event log file. */
export interface StoredFile {
  readonly documents: number;
  /** Sum of the row numbers: n(n+1)/2 if rows 1 to n are there once each. */
  readonly sumOfRows: number;
  readonly lastRow: number;
}

interface FileBucket {
  readonly key: string;
  readonly doc_count: number;
  readonly rows: { readonly value: number };
  readonly last: { readonly value: number };
}

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
    const { aggregations } = await this.client.search<unknown, { files: { buckets: FileBucket[] } }>({
      index,
      ignore_unavailable: true,
      size: 0,
      aggs: {
        files: {
          terms: { field: "salesforce.collection.file.id", size: 1_000 },
          aggs: {
            rows: { sum: { field: "salesforce.collection.row" } },
            last: { max: { field: "salesforce.collection.row" } },
          },
        },
      },
    });
    return new Map(
      (aggregations?.files.buckets ?? []).map(({ key, doc_count, rows, last }) => [
        key,
        { documents: doc_count, sumOfRows: rows.value, lastRow: last.value },
      ]),
    );
  }
}

/** What `count` rows look like when each is there once. */
export function onceEach(count: number): StoredFile {
  return { documents: count, sumOfRows: (count * (count + 1)) / 2, lastRow: count };
}
