import { recordId, to15 } from "../salesforce_id.ts";
import { Draws } from "./draws.ts";

/** The people, integrations and places of one org. Every address is private or out of the range that GeoIP test databases know. */
export interface World {
  readonly seed: string;
  readonly orgId15: string;
  readonly people: readonly Person[];
  readonly admins: readonly Person[];
  readonly integrations: readonly Integration[];
}

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** Address that the person works from most of the time. */
  readonly home: Place;
  readonly browser: string;
  readonly userType: string;
}

export interface Integration extends Person {
  /** Name and id of the connected app, as API events tell them. */
  readonly clientName: string;
  readonly connectedAppId: string;
}

export interface Place {
  readonly ip: string;
  readonly countryIso: string;
  readonly country: string;
  readonly city: string;
}

const GIVEN =
  "Ann Ben Carla David Elena Farid Grete Hugo Ines Jonas Karin Liam Maria Nils Olga Pavel Rosa Sven Tara Uwe".split(
    " ",
  );
const FAMILY =
  "Berg Costa Dubois Ek Fischer Garcia Holm Ito Jansen Khan Lind Moreau Novak Olsen Petrov Rossi Smith Tran".split(" ");

const BROWSERS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
  "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
];

const CLIENTS = [
  "Warehouse sync",
  "Data loader",
  "Billing bridge",
  "Marketing connector",
  "Backup service",
  "Support portal",
];

const PEOPLE = 60;
const ADMINS = 4;

export function makeWorld(seed: string, orgId: string): World {
  const draws = new Draws(`${seed}/world`);
  const person = (serial: number, domain: string, home: Place): Person => {
    const [given, family] = [draws.pick(GIVEN), draws.pick(FAMILY)];
    return {
      id: recordId("005", 100_000 + serial),
      username: `${given}.${family}${serial}@${domain}`.toLowerCase(),
      name: `${given} ${family}`,
      home,
      browser: draws.pick(BROWSERS),
      userType: draws.chance(0.9) ? "Standard" : "PowerCustomerSuccess",
    };
  };
  const people = Array.from({ length: PEOPLE }, (_, index) => person(index, "acme.example", homePlace(draws)));
  const integrations = CLIENTS.map((clientName, index) => ({
    ...person(PEOPLE + index, "integration.acme.example", {
      ip: draws.pick(["10.20.0.", "10.21.7."]) + (10 + index),
      ...NOWHERE,
    }),
    clientName,
    userType: "Standard",
    connectedAppId: recordId("0H4", 1_000 + index),
  }));
  return { seed, orgId15: to15(orgId), people, admins: people.slice(0, ADMINS), integrations };
}

const NOWHERE = { countryIso: "", country: "", city: "" };
const LONDON = { countryIso: "GB", country: "United Kingdom", city: "London" };
const LINKOPING = { countryIso: "SE", country: "Sweden", city: "Linköping" };

/** Where staff works: mostly two offices, some on their phone or at home elsewhere. */
function homePlace(draws: Draws): Place {
  const office = draws.between(1, 10);
  if (office <= 4) {
    return { ip: `81.2.69.${draws.between(192, 207)}`, ...LONDON };
  }
  if (office <= 7) {
    return { ip: `89.160.20.${draws.between(112, 127)}`, ...LINKOPING };
  }
  if (office === 8) {
    return { ip: `216.160.83.${draws.between(56, 63)}`, countryIso: "US", country: "United States", city: "Milton" };
  }
  return office === 9
    ? {
        ip: `1.128.${draws.between(0, 255)}.${draws.between(1, 254)}`,
        countryIso: "AU",
        country: "Australia",
        city: "",
      }
    : { ip: `2a02:cf40::${draws.between(1, 0xffff).toString(16)}`, countryIso: "NO", country: "Norway", city: "" };
}

/** Where attacks come from. */
export const FOREIGN_PLACE: Place = { ip: "175.16.199.37", countryIso: "CN", country: "China", city: "Changchun" };
export const ROAMING_PLACE: Place = { ip: "67.43.156.12", countryIso: "BT", country: "Bhutan", city: "" };
