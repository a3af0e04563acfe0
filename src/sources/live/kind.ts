import { PUBLISHED_OBJECTS } from "../../catalog/catalog.ts";
import type { KnownType, SourceKind } from "../kind.ts";
import { isPrimaryLive } from "../primary.ts";
import { topicFindings } from "./check.ts";
import { LIVE_FACTS } from "./facts.ts";
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

export const LIVE: SourceKind<LiveSettings> = {
  group: "live",
  title: "live events",
  settings: { beside: LIVE_SETTINGS, alone: LIVE_SETTINGS },
  list: "topics",
  isRepeating: true,
  types: TOPICS,
  facts: LIVE_FACTS,
  // What is past is not on the event bus.
  sources: ({ names }, { collected, context, range, clock }) =>
    publishedOn(range === undefined ? names : []).map((type) => ({
      part: type.topic.name,
      interval: INTERVAL_MS,
      open: ({ id, client, pubSub, memory, tell }) => {
        const primary = isPrimaryLive(type.name, collected);
        return new LiveTopic({ id, client, pubSub, memory, tell, type, primary, stream: context, clock });
      },
    })),
  nameOf: (part = "") => part,
  position,
  failed: () => [],
  retry: () => [],
  check: async (streams, { pubSub, signal }) => {
    const names = streams.flatMap(({ settings }) => settings.names);
    return { findings: await topicFindings(publishedOn(names), pubSub, signal) };
  },
  callsADay: () => 0,
};

function publishedOn(names: readonly string[]) {
  return PUBLISHED_OBJECTS.filter(({ topic }) => names.includes(topic.name));
}
