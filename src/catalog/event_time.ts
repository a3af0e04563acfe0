const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `2026-07-17T09:22:41.123Z`, as TIMESTAMP_DERIVED has it. */
const ISO_LENGTH = 24;

const FRACTION = /^\.(\d{1,9})$/;
const WITH_OFFSET = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|([+-]\d\d):?(\d\d))$/;

/**
 * A time of Salesforce in ISO form with milliseconds and `Z`; undefined if the text is not a time. Takes the three forms that
 * it writes: `2026-07-17T09:22:41.123Z`, `20260717092241.123` (UTC) and `2026-07-17T09:22:41.123+0000`.
 */
export function eventTime(text: string): string | undefined {
  if (isIsoMilliseconds(text)) {
    return text;
  }
  if (digits(text, 0, 14) >= 0) {
    return compactTime(text);
  }
  const parts = WITH_OFFSET.exec(text);
  if (parts === null) {
    return undefined;
  }
  const [, date, time, fraction = ".", hours, minutes] = parts;
  const local = `${date}T${time}${fraction.slice(0, 4).padEnd(4, "0")}Z`;
  if (!isIsoMilliseconds(local)) {
    return undefined;
  }
  if (hours === undefined) {
    return local;
  }
  const shift = (Math.abs(Number(hours)) * 60 + Number(minutes)) * (hours.startsWith("-") ? -1 : 1);
  return new Date(Date.parse(local) - shift * 60_000).toISOString();
}

/** `20260717092241.123`, the fraction with any number of digits or none. */
function compactTime(text: string): string | undefined {
  let milliseconds = text.slice(15);
  if (text.length !== 18 || text.charCodeAt(14) !== 46) {
    const fraction = text.length === 14 ? "0" : FRACTION.exec(text.slice(14))?.[1];
    if (fraction === undefined) {
      return undefined;
    }
    milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  }
  const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const iso = `${date}T${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12, 14)}.${milliseconds}Z`;
  return isIsoMilliseconds(iso) ? iso : undefined;
}

function isIsoMilliseconds(text: string): boolean {
  if (
    text.length !== ISO_LENGTH ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58 ||
    text.charCodeAt(19) !== 46 ||
    text.charCodeAt(23) !== 90
  ) {
    return false;
  }
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (month < 1 || day < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0) || year < 0) {
    return false;
  }
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) {
    return false;
  }
  return (
    inRange(digits(text, 11, 2), 23) &&
    inRange(digits(text, 14, 2), 59) &&
    inRange(digits(text, 17, 2), 59) &&
    inRange(digits(text, 20, 3), 999)
  );
}

function inRange(value: number, last: number): boolean {
  return value >= 0 && value <= last;
}

/** The number written with exactly `count` digits at `start`, or -1. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const code = text.charCodeAt(at) - 48;
    if (code < 0 || code > 9) {
      return -1;
    }
    value = value * 10 + code;
  }
  return value;
}
