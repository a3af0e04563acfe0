import type { Client } from "@elastic/elasticsearch";

/** A document as it stands in a queue. */
export type QueuedDocument = Readonly<Record<string, unknown>> & { readonly "@metadata": { readonly _id: string } };

/**
 * Writes documents of a queue as the documentation has Logstash do it: into the event's own data stream, under its own id. One
 * that is there already is dropped. Throws for every other refusal.
 */
export async function writeAsDocumented(client: Client, documents: readonly QueuedDocument[]): Promise<void> {
  const { total } = await client.helpers.bulk({
    datasource: [...documents],
    onDocument({ "@metadata": { _id }, ...document }) {
      const { type, dataset, namespace } = document.data_stream as Record<string, string>;
      return [{ create: { _index: `${type}-${dataset}-${namespace}`, _id } }, document];
    },
    onDrop({ status, error }) {
      if (status !== 409) {
        throw new Error(`refused (${status}): ${JSON.stringify(error)}`);
      }
    },
  });
  if (total !== documents.length) {
    throw new Error(`${total} of ${documents.length} documents were written`);
  }
}
