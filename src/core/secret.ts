import { inspect } from "node:util";

/**
 * A value that is never shown: printing, logging, JSON and inspection give `[secret]`. As long as it is held, `withoutSecrets`
 * takes it out of every text. Only the code that hands the value to its use calls `reveal`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    held.add(this);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** The secrets of this process, without keeping any that nobody else does, such as the tokens of former sessions. */
class HeldSecrets {
  readonly #held = new Set<WeakRef<Secret>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Secret>>((reference) => this.#held.delete(reference));

  add(secret: Secret): void {
    const reference = new WeakRef(secret);
    this.#held.add(reference);
    this.#gone.register(secret, reference);
  }

  values(): string[] {
    return [...this.#held].flatMap((reference) => reference.deref()?.reveal() ?? []);
  }
}

const held = new HeldSecrets();

/** What is shorter is part of usual words. */
const SHORTEST = 6;

const AUTHORIZATION = /\b(Basic|Bearer|ApiKey)\s+[\w+/=.~!-]{8,}/gi;

/**
 * A text with `[secret]` in the place of every secret that is held, also where it is written for an address or in base64, and of
 * every value of an Authorization header. For whatever a far side says: it may say again what it was told.
 */
export function withoutSecrets(text: string): string {
  let clean = text.replace(AUTHORIZATION, "$1 [secret]");
  for (const form of held.values().flatMap(formsOf)) {
    clean = clean.replaceAll(form, "[secret]");
  }
  return clean;
}

/** An API key is held as it is sent: the base64 of `id:key`. */
function partsOfApiKey(value: string): readonly string[] {
  const pair = Buffer.from(value, "base64").toString("latin1");
  const [, key] = /^[\w-]+:([\w-]+)$/.exec(pair) ?? [];
  return key === undefined ? [] : [pair, key];
}

/** The longest first; of a key of several lines, as PEM has it, each line. */
function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n|\\n/).filter((line) => !line.startsWith("-----"));
  const whole = [encodeURIComponent(value), Buffer.from(value).toString("base64"), value];
  const forms = [...whole, ...(lines.length > 1 ? lines : []), ...partsOfApiKey(value)];
  return forms.filter((form) => form.length >= SHORTEST);
}
