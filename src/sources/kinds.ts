import type { FileFact } from "./event_log_files/facts.ts";
import { EVENT_LOG_FILES } from "./event_log_files/kind.ts";
import type { SourceKind } from "./kind.ts";
import type { LiveFact } from "./live/facts.ts";
import { LIVE } from "./live/kind.ts";
import type { ObjectFact } from "./objects/facts.ts";
import { EVENT_OBJECTS } from "./objects/kind.ts";
import type { SourceFact } from "./source_facts.ts";

/** Every kind of source, in the order in which settings and reports name them. */
export const KINDS: readonly SourceKind[] = [EVENT_LOG_FILES, EVENT_OBJECTS, LIVE];

/** What may happen to a source. */
export type KindFact = SourceFact | FileFact | ObjectFact | LiveFact;
