import { describe, expect, it } from "vitest";
import {
  addresses,
  apiVersion,
  booleanValue,
  decimalNumber,
  idValue,
  isIp,
  measure,
  percentDecoded,
  setMembers,
  wholeDuration,
  wholeNumber,
  withoutInnerQuotes,
  withoutSecrets,
} from "./cell_value.ts";

describe("whole numbers", () => {
  it.each([
    ["0", "0"],
    ["150", "150"],
    ["007", "7"],
    ["12.0", "12"],
    [" 12 ", "12"],
    [" ", ""],
    ["999999999999999", "999999999999999"],
    ["9007199254740991", "9007199254740991"],
    ["9007199254740992", undefined],
    ["99999999999999999999", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["NaN", undefined],
  ])("%j becomes %j", (text, expected) => {
    expect(wholeNumber(text)).toBe(expected);
  });
});

describe("durations", () => {
  it.each([
    ["12", "12"],
    ["12.4", "12"],
    ["12.5", "13"],
    ["1.5e3", "1500"],
    ["-3", undefined],
    ["9007199254740993", undefined],
    ["soon", undefined],
  ])("%j becomes %j", (text, expected) => {
    expect(wholeDuration(text)).toBe(expected);
  });
});

describe("decimals and measures", () => {
  it.each([
    ["45.13", "45.13", "45.13"],
    [".5", "0.5", "0.5"],
    ["-122.4", "-122.4", undefined],
    ["1e-7", "1e-7", "1e-7"],
    ["", "", ""],
    ["1,5", undefined, undefined],
    ["Infinity", undefined, undefined],
    ["1e999", undefined, undefined],
  ])("%j becomes %j and %j", (text, asDecimal, asMeasure) => {
    expect(decimalNumber(text)).toBe(asDecimal);
    expect(measure(text)).toBe(asMeasure);
  });
});

describe("booleans", () => {
  it.each([
    ["1", "true"],
    ["0", "false"],
    ["true", "true"],
    ["FALSE", "false"],
    [" 1 ", "true"],
    [" ", ""],
    ["yes", undefined],
    ["2", undefined],
  ])("%j becomes %j", (text, expected) => {
    expect(booleanValue(text)).toBe(expected);
  });
});

describe("ids", () => {
  it.each([
    ["0053000000Ank29", '"0053000000Ank29AAB"'],
    ["0053000000Ank29AAB", '"0053000000Ank29AAB"'],
    [" 0053000000Ank29 ", '"0053000000Ank29AAB"'],
    ["000000000000000", ""],
    ["000000000000000AAA", ""],
    [" ", ""],
    ["not an id", undefined],
    ["005", undefined],
  ])("%j becomes %j", (text, expected) => {
    expect(idValue(text)).toBe(expected);
  });
});

describe("addresses", () => {
  it.each([
    ["203.0.113.7", true],
    ["0.0.0.0", true],
    ["255.255.255.255", true],
    ["2001:db8::1", true],
    ["::ffff:203.0.113.7", true],
    ["256.0.0.1", false],
    ["01.2.3.4", false],
    ["1.2.3", false],
    ["1.2.3.4.5", false],
    ["1.2.3.", false],
    [".1.2.3.4", false],
    ["203.0.113.7:443", false],
    ["203.0.113.0/24", false],
    ["fe80::1%eth0", false],
    ["Salesforce.com IP", false],
    ["", false],
  ])("%j: %j", (text, expected) => {
    expect(isIp(text)).toBe(expected);
  });

  it.each<[string, string[], number | undefined, boolean]>([
    ["203.0.113.9, 10.0.0.1", ["203.0.113.9", "10.0.0.1"], undefined, true],
    ["203.0.113.9,203.0.113.9", ["203.0.113.9"], undefined, true],
    ["2001:db8::1", ["2001:db8::1"], undefined, true],
    ["1.2.3.4:5678", ["1.2.3.4"], 5678, false],
    ["[2001:db8::1]:443", ["2001:db8::1"], 443, false],
    ["[2001:db8::1]", ["2001:db8::1"], undefined, false],
    ["10.0.0.1, 1.2.3.4:5678", ["10.0.0.1", "1.2.3.4"], undefined, false],
    ["1.2.3.4:99999", [], undefined, false],
    ["unknown, 10.0.0.1", ["10.0.0.1"], undefined, false],
    ["' OR 1=1 --", [], undefined, false],
    ["[10.0.0.1", [], undefined, false],
    [" ", [], undefined, true],
  ])("list %j has %j", (text, ips, port, whole) => {
    expect(addresses(text)).toEqual({ ips, port, whole });
  });
});

describe("URLs", () => {
  it.each([
    ["https://user:secret@host.example/a@b", "https://host.example/a@b"],
    ["https://token@host.example", "https://host.example"],
    ["https://host.example/?mail=a@b.example", "https://host.example/?mail=a@b.example"],
    ["callout:Named/path@x", "callout:Named/path@x"],
    ["ftp://a:b@c:d@host/", "ftp://host/"],
    ["see https://user:secret@host.example/a, or http://b:c@d/", "see https://host.example/a, or http://d/"],
    ["/secur/frontdoor.jsp?sid=00D300!AQ4.x_y&retURL=/home", "/secur/frontdoor.jsp?sid=REDACTED&retURL=/home"],
    ["/login.jsp?un=ada@acme.example&pw=secret", "/login.jsp?un=ada@acme.example&pw=REDACTED"],
    [
      "/x?retURL=%2Ffrontdoor.jsp%3Fsid%3D00D3%21AQ%26a%3Db&c=d",
      "/x?retURL=%2Ffrontdoor.jsp%3Fsid%3DREDACTED%26a%3Db&c=d",
    ],
    ["sid=00D3!AQ&id=001", "sid=REDACTED&id=001"],
    ['{"A":"/x?sid=a\\"b","B":"a://c","D":"e@f"}', '{"A":"/x?sid=REDACTED\\"b","B":"a://c","D":"e@f"}'],
    ["/x;jsessionid=abc?a=b", "/x;jsessionid=REDACTED?a=b"],
    ["https://h/cb#access_token=a.b.c&state=1", "https://h/cb#access_token=REDACTED&state=1"],
    ["/token?grant_type=x&Client_Secret=a&code=SE", "/token?grant_type=x&Client_Secret=REDACTED&code=SE"],
    ["/cb?code=aPrxbOND4XNOpHhpFzKbV7Q", "/cb?code=REDACTED"],
    ["https://maps.example/?key=AIzaSyA1234567890abcdefg&q=Oslo", "https://maps.example/?key=REDACTED&q=Oslo"],
    ["/apex/Site?sidebar=1&token_type=bearer&keyword=a", "/apex/Site?sidebar=1&token_type=bearer&keyword=a"],
    ["/query?q=SELECT+Id+FROM+Account+WHERE+sid='1'", "/query?q=SELECT+Id+FROM+Account+WHERE+sid='1'"],
    ["/a?X-Amz-Signature=ab&X-Amz-Date=1", "/a?X-Amz-Signature=REDACTED&X-Amz-Date=1"],
  ])("%j becomes %j", (url, expected) => {
    expect(withoutSecrets(url)).toBe(expected);
  });
});

describe("API versions", () => {
  it.each([
    ["66", "66.0"],
    ["66.0", "66.0"],
    [" 9998 ", "9998.0"],
    ["v66", "v66"],
  ])("%j becomes %j", (text, expected) => {
    expect(apiVersion(text)).toBe(expected);
  });
});

describe("text", () => {
  it.each([
    ['"example"', "example"],
    ['"say ""hi"""', 'say ""hi""'],
    ['"', '"'],
    ["plain", "plain"],
    ['"half', '"half'],
    ['""', ""],
  ])("%j without inner quotes is %j", (text, expected) => {
    expect(withoutInnerQuotes(text)).toBe(expected);
  });

  it.each([
    ["rv%3A50.0", "rv:50.0"],
    ["caf%C3%A9", "café"],
    ["100%", "100%"],
    ["%zz", "%zz"],
    ["%FF", "%FF"],
    ["plain", "plain"],
  ])("%j percent-decoded is %j", (text, expected) => {
    expect(percentDecoded(text)).toBe(expected);
  });

  it.each([
    ["Account", ["Account"]],
    ["Account, Contact", ["Account", "Contact"]],
    ["Account;Contact|My__c", ["Account", "Contact", "My__c"]],
    ['["Account","Contact"]', ["Account", "Contact"]],
    [" ", []],
  ])("members of %j are %j", (text, expected) => {
    expect(setMembers(text)).toEqual(expected);
  });
});
