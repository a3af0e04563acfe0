import type { FileFact } from "./event_log_files/facts.ts";
import { EVENT_LOG_FILES } from "./event_log_files/kind.ts";
import type { SourceKind } from "./kind.ts";
import type { LiveFact } from "./live/facts.ts";
import { live } from "./live/kind.ts";
import type { ObjectFact } from "./objects/facts.ts";
import { EVENT_OBJECTS, objectRange } from "./objects/kind.ts";
import type { SourceFact } from "./source_facts.ts";

/** Live events, with the stored ones for what the event bus no longer has. */
const LIVE = live({ ...EVENT_OBJECTS, open: objectRange });

/** Every kind of source, in the order in which settings and reports name them. */
export const KINDS: readonly SourceKind[] = [EVENT_LOG_FILES, EVENT_OBJECTS, LIVE];

/** What may happen to a source. */
export type KindFact = SourceFact | FileFact | ObjectFact | LiveFact;
