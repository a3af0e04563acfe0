import type { KnownDataset } from "../policy/input_block.ts";
import type { KnownType } from "../sources/kind.ts";
import { KINDS } from "../sources/kinds.ts";
import { COLLECTOR_DATASET } from "../sources/report_document.ts";

/** For each dataset the names that a policy may collect, by kind of source; none for the collector's own. */
export function knownDatasets(): Readonly<Record<string, KnownDataset>> {
  const types = KINDS.flatMap(({ types }) => types);
  const streams = new Set(types.map(({ stream }) => stream));
  const known = [...streams].map((stream): [string, KnownDataset] => {
    const ofStream = (listed: readonly KnownType[]) => listed.filter((type) => type.stream === stream);
    const onlyByName = ofStream(types).filter((type) => type.onlyByName === true);
    const names = KINDS.map((kind) => [kind.group, ofStream(kind.types).map(({ name }) => name)]);
    return [
      `aquila_salesforce.${stream}`,
      { names: Object.fromEntries(names), onlyByName: onlyByName.map(({ name }) => name) },
    ];
  });
  return Object.fromEntries([[COLLECTOR_DATASET, { names: {} }], ...known]);
}
