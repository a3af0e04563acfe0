/**
 * A stand-in for the GeoIP processor on nodes that have none: the places that the GeoIP test databases know for the addresses of
 * generated traffic.
 */

import { BlockList, isIPv6 } from "node:net";
import type { Client } from "@elastic/elasticsearch";

interface Place {
  readonly networks: readonly (readonly [address: string, prefix: number])[];
  readonly country: readonly [iso: string, name: string];
  readonly location: { readonly lat: number; readonly lon: number };
  readonly network: readonly [number: number, organization: string];
}

const PLACES: readonly Place[] = [
  {
    networks: [["81.2.69.128", 25]],
    country: ["GB", "United Kingdom"],
    location: { lat: 51.5142, lon: -0.0931 },
    network: [20712, "Andrews & Arnold Ltd"],
  },
  {
    networks: [["89.160.20.0", 24]],
    country: ["SE", "Sweden"],
    location: { lat: 58.4167, lon: 15.6167 },
    network: [29518, "Bredband2 AB"],
  },
  {
    networks: [["216.160.83.0", 24]],
    country: ["US", "United States"],
    location: { lat: 47.2513, lon: -122.3149 },
    network: [209, "CenturyLink"],
  },
  {
    networks: [["1.128.0.0", 11]],
    country: ["AU", "Australia"],
    location: { lat: -33.494, lon: 143.2104 },
    network: [1221, "Telstra Corporation Ltd."],
  },
  {
    networks: [["175.16.199.0", 24]],
    country: ["CN", "China"],
    location: { lat: 43.88, lon: 125.3228 },
    network: [4837, "China Unicom"],
  },
  {
    networks: [["67.43.156.0", 24]],
    country: ["BT", "Bhutan"],
    location: { lat: 27.5, lon: 90.5 },
    network: [35908, "Krypt Technologies"],
  },
  {
    networks: [["2a02:cf40::", 29]],
    country: ["NO", "Norway"],
    location: { lat: 62, lon: 10 },
    network: [50304, "Blix Solutions AS"],
  },
];

const LISTS = PLACES.map((place) => {
  const list = new BlockList();
  for (const [address, prefix] of place.networks) {
    list.addSubnet(address, prefix, isIPv6(address) ? "ipv6" : "ipv4");
  }
  return { list, place };
});

/** `source.geo` and `source.as` of an address, undefined for one that no test database knows. */
function placeOf(address: string): { geo: object; as: object } | undefined {
  const found = LISTS.find(({ list }) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4"));
  if (found === undefined) {
    return undefined;
  }
  const { country, location, network } = found.place;
  return {
    geo: { country_iso_code: country[0], country_name: country[1], location },
    as: { number: network[0], organization: { name: network[1] } },
  };
}

interface Sourced {
  readonly source?: { readonly ip?: string; readonly geo?: object };
}

/** Puts places into the documents that have an address and no location. Does nothing where GeoIP has done it. */
export async function fillPlaces(client: Client, index: string): Promise<void> {
  const query = {
    bool: { filter: [{ exists: { field: "source.ip" } }], must_not: [{ exists: { field: "source.geo.location" } }] },
  };
  for await (const { documents } of pages(client, index, query)) {
    const operations = documents.flatMap(({ _source, ...at }) => {
      const place = placeOf(_source.source?.ip ?? "");
      if (place === undefined || _source.source === undefined) {
        return [];
      }
      const geo = { ...place.geo, ..._source.source.geo };
      return [{ index: at }, { ..._source, source: { ..._source.source, geo, as: place.as } }];
    });
    if (operations.length > 0) {
      const { errors, items } = await client.bulk({ operations, pipeline: "_none" });
      if (errors) {
        throw new Error(`places could not be filled in: ${JSON.stringify(items.find((item) => item.index?.error))}`);
      }
    }
  }
  await client.indices.refresh({ index });
}

interface Page {
  /** A document of a data stream can only be written again as the version that was read. */
  readonly documents: readonly {
    readonly _id: string;
    readonly _index: string;
    readonly if_seq_no: number;
    readonly if_primary_term: number;
    readonly _source: Sourced;
  }[];
}

async function* pages(client: Client, index: string, query: object): AsyncGenerator<Page> {
  let answer = await client.search<Sourced>({ index, query, size: 2_000, scroll: "1m", seq_no_primary_term: true });
  try {
    while (answer.hits.hits.length > 0) {
      const documents = answer.hits.hits.map(({ _id = "", _index, _seq_no = 0, _primary_term = 0, _source = {} }) => ({
        _id,
        _index,
        if_seq_no: _seq_no,
        if_primary_term: _primary_term,
        _source,
      }));
      yield { documents };
      answer = await client.scroll<Sourced>({ scroll_id: answer._scroll_id ?? "", scroll: "1m" });
    }
  } finally {
    await client.clearScroll({ scroll_id: answer._scroll_id ?? "" });
  }
}
