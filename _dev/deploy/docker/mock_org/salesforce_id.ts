/**
 * Record ids as Salesforce makes them: a 3-character key prefix, 12 characters of base 62, and in the 18-character form a
 * 3-character checksum of the letters' case.
 */
const BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/** The 18-character id of the `serial`-th record under a key prefix such as `0AT`. Ids sort in the order of their serials. */
export function recordId(prefix: string, serial: number): string {
  let digits = "";
  for (let left = serial; left > 0; left = Math.floor(left / 62)) {
    digits = BASE_62.charAt(left % 62) + digits;
  }
  return to18(`${prefix}Hs0${digits.padStart(9, "0")}`);
}

/** The 15-character, case-sensitive form. */
export function to15(id: string): string {
  return id.slice(0, 15);
}

/** The 18-character form of a 15-character id; each group of five letters gives one character of the checksum. */
export function to18(id15: string): string {
  let checksum = "";
  for (let group = 0; group < 15; group += 5) {
    let bits = 0;
    for (let place = 0; place < 5; place++) {
      const letter = id15.charAt(group + place);
      if (letter >= "A" && letter <= "Z") {
        bits |= 1 << place;
      }
    }
    checksum += CHECKSUM.charAt(bits);
  }
  return id15 + checksum;
}
