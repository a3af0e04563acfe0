import { visible } from "./visible.ts";

/** Levels as ECS `log.level` has them, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Flat ECS field names or own labels; never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the runner says what it does. A line is a sentence a person can act on. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields on every line. */
  with(fields: LogFields): Log;
}

export type WriteLine = (level: LogLevel, message: string, fields: LogFields) => void;

/** A log that hands every line of at least `level` to `write`. */
export function createLog(write: WriteLine, level: () => LogLevel = () => "info", fields: LogFields = {}): Log {
  const say = (lineLevel: LogLevel) => (message: string, more?: LogFields) => {
    if (LOG_LEVELS.indexOf(lineLevel) >= LOG_LEVELS.indexOf(level())) {
      write(lineLevel, message, more === undefined ? fields : { ...fields, ...more });
    }
  };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    with: (more) => createLog(write, level, { ...fields, ...more }),
  };
}

/** One line of ECS JSON, for pipes and agents. */
export function ecsLine(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ "@timestamp": time.toISOString(), "log.level": level, message, ...fields });
}

/** One line for a terminal. */
export function terminalLine(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const input = fields["organization.name"];
  const stream = fields.stream;
  const subject = [input, stream].filter((part) => part !== undefined).join(" · ");
  return visible(
    `${time.toISOString().slice(11, 19)} ${level.padEnd(5)} ${subject === "" ? "" : `${subject}: `}${message}`,
  );
}

/** Says nothing; the default where no log is given. */
export const silentLog: Log = createLog(() => {});
