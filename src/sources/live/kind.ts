import { PUBLISHED_OBJECTS } from "../../catalog/catalog.ts";
import { MaybeAbsent } from "../absence.ts";
import type { KnownType, SourceKind } from "../kind.ts";
import { isPrimaryLive } from "../primary.ts";
import { topicFindings } from "./check.ts";
import { LIVE_FACTS } from "./facts.ts";
import { failedOfGap, retryGap, type StoredEvents, storedChanges, storedEntries } from "./gap.ts";
import { position } from "./position.ts";
import { LIVE_SETTINGS, type LiveSettings } from "./settings.ts";
import { LiveTopic } from "./source.ts";

/** Milliseconds until a topic that can't be subscribed to is tried again at the latest. */
const INTERVAL_MS = 60_000;

const TOPICS: readonly KnownType[] = PUBLISHED_OBJECTS.map(({ topic, stream, onlyByName }) => ({
  name: topic.name,
  stream,
  ...((onlyByName ?? topic.onlyByName) ? { onlyByName: true } : {}),
}));

/** The kind, with another one that reads past events. */
export function live(stored: StoredEvents): SourceKind<LiveSettings> {
  return {
    group: "live",
    title: "live events",
    settings: { beside: LIVE_SETTINGS, alone: LIVE_SETTINGS },
    list: "topics",
    isRepeating: true,
    types: TOPICS,
    facts: LIVE_FACTS,
    // What is past is not on the event bus.
    sources: ({ names }, stream) =>
      publishedOn(stream.range === undefined ? names : []).map((type) => ({
        part: type.topic.name,
        interval: INTERVAL_MS,
        open: (parts) => {
          const primary = isPrimaryLive(type.name, stream.collected);
          const topic = new LiveTopic({ parts, stream, type, primary, stored });
          const { tell } = parts;
          return type.mayBeAbsent === true
            ? new MaybeAbsent(topic, { name: type.topic.name, tell, clock: stream.clock })
            : topic;
        },
      })),
    nameOf: (part = "") => part,
    position,
    failed: (entries, part = "") =>
      publishedOn([part]).flatMap(({ name }) => [
        ...failedOfGap(entries, part),
        ...stored.failed(storedEntries(entries), name),
      ]),
    retry: (entries, part = "", id) =>
      publishedOn([part]).flatMap(({ name }) => [
        ...retryGap(entries, part, id),
        ...storedChanges(stored.retry(storedEntries(entries), name, id)),
      ]),
    check: async (streams, { pubSub, signal }) => {
      const names = streams.flatMap(({ settings }) => settings.names);
      return { findings: await topicFindings(publishedOn(names), pubSub, signal) };
    },
    callsADay: () => 0,
  };
}

function publishedOn(names: readonly string[]) {
  return PUBLISHED_OBJECTS.filter(({ topic }) => names.includes(topic.name));
}
