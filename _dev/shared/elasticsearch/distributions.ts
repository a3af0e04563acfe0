import { existsSync } from "node:fs";
import { ARCHIVE } from "./archive.ts";
import type { Distribution } from "./distribution.ts";
import { MAVEN } from "./maven.ts";

/** In the order in which they are tried: what is on the machine already comes before what has to be fetched. */
export function distributions(cache: string): readonly Distribution[] {
  const isHere = (one: Distribution) => existsSync(one.folder(cache));
  return [ARCHIVE, MAVEN].toSorted((one, other) => Number(isHere(other)) - Number(isHere(one)));
}
