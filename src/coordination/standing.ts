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
