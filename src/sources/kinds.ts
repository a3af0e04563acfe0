import { FILE_FACTS, type FileFact } from "./event_log_files/facts.ts";
import type { AnyFact, Meanings } from "./fact.ts";
import { OBJECT_FACTS, type ObjectFact } from "./objects/facts.ts";
import type { SourceFact } from "./source_facts.ts";

export const KINDS: readonly { readonly facts: Meanings<AnyFact> }[] = [{ facts: FILE_FACTS }, { facts: OBJECT_FACTS }];

/** What may happen to a source. */
export type KindFact = SourceFact | FileFact | ObjectFact;
