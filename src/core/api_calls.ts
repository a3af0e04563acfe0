/** API calls to an org: its own allocation and this integration's part of it. */
export interface ApiCalls {
  /** Calls of everybody in the last 24 hours, as Salesforce told it last. */
  readonly used: number;
  /** Calls that the org may make in 24 hours. */
  readonly allocation: number;
  /** How many of them this integration may make. */
  readonly share: number;
  /** How many it has made in the last 24 hours, or since it was started. */
  readonly calls: number;
  readonly forecast: {
    /** Calls that this integration makes in 24 hours if it goes on as it did. */
    readonly calls: number;
    /** `used` at the end of the UTC day if it goes on as in the last hours. */
    readonly used: number;
  };
}
