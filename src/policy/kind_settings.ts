import type { CheckedStream, KindSettings, SourceKind } from "../sources/kind.ts";
import { KINDS } from "../sources/kinds.ts";
import type { Stream } from "./policy.ts";

/** The kinds that a stream has enabled, with their settings. */
export function kindsOf({ sources }: Pick<Stream, "sources">): { kind: SourceKind; settings: KindSettings }[] {
  return KINDS.flatMap((kind) => {
    const settings = sources[kind.group];
    return settings?.enabled === true ? [{ kind, settings }] : [];
  });
}

/** The names of what a stream collects, of whatever kind. */
export function collectedNames(stream: Pick<Stream, "sources">): readonly string[] {
  return kindsOf(stream).flatMap(({ settings }) => settings.names);
}

/** Whether one of the names that are listed for a kind, or a pattern among them, stands for this one. */
export function isListed(
  { standsFor }: Pick<SourceKind, "standsFor">,
  listed: readonly string[],
  name: string,
): boolean {
  return listed.includes(name) || (standsFor !== undefined && listed.some((one) => standsFor(one, name)));
}

/** Each kind that one of the streams has enabled, with these streams. */
export function enabledKinds(
  streams: readonly Stream[],
): { kind: SourceKind; streams: readonly CheckedStream<KindSettings>[] }[] {
  return KINDS.map((kind) => ({
    kind,
    streams: streams.flatMap(({ dataStream: { dataset }, sources }) => {
      const settings = sources[kind.group];
      return settings?.enabled === true ? [{ dataset, settings }] : [];
    }),
  })).filter((one) => one.streams.length > 0);
}
