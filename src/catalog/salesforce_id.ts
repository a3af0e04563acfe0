const SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/** The key that Salesforce writes where there is no record. */
const EMPTY_KEY = "000000000000000";

/**
 * A record id with 18 characters. Salesforce's own logs mix the case-sensitive 15-character form with the case-safe one of 18,
 * so that equal records only meet when both have one form. Each of the three added characters says which of five characters
 * are capital letters. Text that is not a 15-character id is returned as it is.
 *
 * Source: Salesforce Help, "Convert 15 character IDs to 18 character IDs" (id=000385585).
 */
export function toId18(id: string): string {
  if (id.length !== 15 || !isAlphanumeric(id)) {
    return id;
  }
  let suffix = "";
  for (let block = 0; block < 15; block += 5) {
    let capitals = 0;
    for (let offset = 0; offset < 5; offset++) {
      const code = id.charCodeAt(block + offset);
      if (code >= 65 && code <= 90) {
        capitals |= 1 << offset;
      }
    }
    suffix += SUFFIX_ALPHABET.charAt(capitals);
  }
  return id + suffix;
}

/** Whether the text has the form of a record id, of 15 or 18 characters. */
export function isSalesforceId(text: string): boolean {
  return (text.length === 15 || text.length === 18) && isAlphanumeric(text);
}

/** Whether the id stands for "no record". */
export function isEmptyKey(id: string): boolean {
  return id.startsWith(EMPTY_KEY);
}

function isAlphanumeric(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isDigit = code >= 48 && code <= 57;
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122;
    if (!isDigit && !isLetter) {
      return false;
    }
  }
  return true;
}
