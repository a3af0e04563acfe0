/** Kinds of values that only Salesforce has: where one logs in, and the version of its API. */
import { z } from "zod";
import { addressProblem, text } from "../core/setting_kinds.ts";

const LOGIN_PAGES: ReadonlyArray<readonly [RegExp, string]> = [
  [/\.lightning\.force\.com$/, "the address of Lightning pages"],
  [/\.salesforce-setup\.com$/, "the address of Setup pages"],
];

/** The host that Salesforce logins go to, as an origin: what follows the host name is left out. */
export const loginUrl = text.transform((value, ctx) => {
  const address = /^[a-z]+:\/\//i.test(value) ? value : `https://${value}`;
  const problem = loginAddressProblem(address);
  if (problem !== undefined) {
    ctx.issues.push({ code: "custom", message: problem, input: value });
    return z.NEVER;
  }
  return new URL(address).origin;
});

/** What keeps an address from being one to log in at; `undefined` if nothing does. */
export function loginAddressProblem(address: string): string | undefined {
  return addressProblem(address) ?? pageProblem(new URL(address).hostname);
}

function pageProblem(hostname: string): string | undefined {
  const page = LOGIN_PAGES.find(([pattern]) => pattern.test(hostname));
  return page === undefined
    ? undefined
    : `${hostname} is ${page[1]}; use the org's My Domain, which ends in .my.salesforce.com`;
}

/** Where a service of Salesforce is that has no pages, as an origin. */
export const serviceUrl = text.transform((value, ctx) => {
  const problem = addressProblem(value);
  if (problem !== undefined) {
    ctx.issues.push({ code: "custom", message: problem, input: value });
    return z.NEVER;
  }
  return new URL(value).origin;
});

/** An API version: `66.0`, also written `66` or `v66.0`. */
export const apiVersion = text.transform((value, ctx) => {
  const number = /^v?(\d{2,3})(?:\.0)?$/.exec(value)?.[1];
  if (number === undefined || Number(number) < 37) {
    ctx.issues.push({ code: "custom", message: "must be an API version from 37.0 on, such as 66.0", input: value });
    return z.NEVER;
  }
  return `${number}.0`;
});
