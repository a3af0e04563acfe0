import { expect, test, vi } from "vitest";
import { RowCells } from "../core/row_cells.ts";
import { compileRowWriter } from "./row_writer.ts";
import { toId18 } from "./salesforce_id.ts";

const ANN = "005300000000001";
const BEN = "0053000000000Aq";
const APP = "0H4300000000001";

function idsOf(eventType: string, row: Readonly<Record<string, string>>) {
  return compileRowWriter(eventType, Object.keys(row)).namedIds(RowCells.of(Object.values(row)));
}

test.each<[string, string, Readonly<Record<string, string>>, readonly string[] | undefined]>([
  ["a user of 15 characters", "ApexExecution", { USER_ID: ANN }, [toId18(ANN), "", ""]],
  ["one of 18 is preferred", "RestApi", { USER_ID: ANN, USER_ID_DERIVED: toId18(BEN) }, [toId18(BEN), "", ""]],
  ["one of 15 where that is blank", "RestApi", { USER_ID: ANN, USER_ID_DERIVED: "" }, [toId18(ANN), "", ""]],
  ["the app too", "RestApi", { CONNECTED_APP_ID: APP, USER_ID: ANN }, [toId18(ANN), "", toId18(APP)]],
  ["who acts as whom", "LoginAs", { USER_ID: ANN, DELEGATED_USER_ID: BEN }, [toId18(BEN), toId18(ANN), ""]],
  ["no user who is named already", "Login", { USER_ID: ANN, USER_NAME: "ann@acme.example" }, undefined],
  ["one whose name is blank", "Login", { USER_ID: ANN, USER_NAME: "" }, [toId18(ANN), "", ""]],
  ["no app that is named already", "ApiTotalUsage", { CONNECTED_APP_ID: APP, CONNECTED_APP_NAME: "Sync" }, undefined],
  ["nothing for nobody", "RestApi", { USER_ID: "000000000000000", CONNECTED_APP_ID: "" }, undefined],
  ["nothing for what is no user", "RestApi", { USER_ID: "00D300000000001" }, undefined],
  ["nothing for what would change the query", "RestApi", { USER_ID: "005') OR Id != " }, undefined],
])("%s", (_what, eventType, row, expected) => {
  const ids = idsOf(eventType, row);
  expect(ids && [ids.user, ids.effective, ids.app]).toEqual(expected);
});

test("rows of the same ids have the same object, whatever was between them", () => {
  const writer = compileRowWriter("RestApi", ["USER_ID", "CONNECTED_APP_ID"]);
  const ids = (...cells: readonly string[]) => writer.namedIds(RowCells.of(cells));
  const first = ids(ANN, APP);
  expect(ids(BEN, APP)).not.toBe(first);
  expect(ids("", "")).toBeUndefined();
  expect(ids(ANN, APP)).toBe(first);
});

test("ids whose bytes have the same sum are told apart", () => {
  const writer = compileRowWriter("RestApi", ["USER_ID"]);
  // Of four bytes together: 31 times one more is the next ones 31 less.
  const [one, other] = ["005300001000p00", "005300002000Q00"];
  const id = (text: string) => writer.namedIds(RowCells.of([text]))?.user;
  for (const text of [one, other, one, other]) {
    expect(id(text)).toBe(toId18(text));
  }
});

test("an id that came before is found without making text of it, whatever is behind it", () => {
  const writer = compileRowWriter("RestApi", ["USER_ID", "URI"]);
  const textsFor = (uri: string) => {
    const cells = RowCells.of([ANN, uri]);
    const text = vi.spyOn(cells, "text");
    writer.namedIds(cells);
    return text.mock.calls.length;
  };
  textsFor("/a");
  expect(["/b", "", "/c"].map(textsFor)).toEqual([0, 0, 0]);
});
