import { formatDuration } from "../core/duration.ts";
import type { RunnerError } from "../core/errors.ts";
import type { Host } from "./lease.ts";

/** Where an org stands that several hosts share, as one of them knows it. */
export type Standing = {
  readonly term: number;
  /** When its holder took it, an ISO time by the holder's clock. */
  readonly since: string | undefined;
  /** What keeps this host from the shared state. */
  readonly problem?: RunnerError;
} & (
  | {
      readonly is: "holding";
      /** This host. */
      readonly holder: Host;
      /** Milliseconds that it goes on if it does not reach the shared state again. */
      readonly left: number;
    }
  | { readonly is: "standing by"; readonly holder: Host }
  /** Nobody holds it, as far as this host knows. */
  | { readonly is: "waiting"; readonly holder: undefined }
);

/** Who collects the org and what this host does meanwhile, as sentences. Pure. */
export function standingText(standing: Standing): string {
  const { problem } = standing;
  return problem === undefined ? whoText(standing) : `${problem.text} ${withoutStateText(standing)}`;
}

function whoText({ is, holder, term, since }: Standing): string {
  switch (is) {
    case "holding":
      return `${holder.name} (this host) collects the org, in term ${term}.`;
    case "standing by":
      return `Standing by: ${holder.name} collects the org${since === undefined ? "" : ` since ${since}`}, in term ${term}.`;
    case "waiting":
      return "Waiting to collect the org.";
  }
}

function withoutStateText(standing: Standing): string {
  switch (standing.is) {
    case "holding":
      return `This host goes on with the org for ${formatDuration(standing.left)}, and stops then until the shared state answers; nothing is lost.`;
    case "standing by":
    case "waiting":
      return "This host collects nothing of the org until the shared state answers; nothing is lost.";
  }
}
