/**
 * How fast rows become fields: microseconds a row for a current Login header and, given a path, for the rows of a real file.
 * Usage: node _dev/scripts/bench/row_writer.ts [FILE.csv]
 */
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { findLogFileType } from "../../../src/catalog/catalog.ts";
import { compileRowWriter } from "../../../src/catalog/row_writer.ts";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import { RowCells } from "../../../src/core/row_cells.ts";

const ROUNDS = 7;
const ROWS_A_ROUND = 100_000;

export interface RowWriterSpeed {
  readonly columns: number;
  readonly microsecondsPerRow: number;
  readonly charactersPerRow: number;
}

/** The fastest of several rounds over the rows again and again; the first rounds warm the compiler up. */
function measureRowWriter(
  eventType: string,
  header: readonly string[],
  texts: readonly (readonly string[])[],
): RowWriterSpeed {
  const rows = texts.map((cells) => RowCells.of(cells));
  const document = new EventBytes();
  const writer = compileRowWriter(eventType, header);
  let fastest = Number.POSITIVE_INFINITY;
  let characters = 0;
  for (let round = 0; round < ROUNDS; round++) {
    characters = 0;
    const start = process.hrtime.bigint();
    for (let count = 0; count < ROWS_A_ROUND; count++) {
      const cells = rows[count % rows.length] as RowCells;
      document.clear();
      writer.fields(cells, document);
      writer.time(cells);
      characters += document.length;
    }
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start));
  }
  return {
    columns: header.length,
    microsecondsPerRow: fastest / ROWS_A_ROUND / 1_000,
    charactersPerRow: characters / ROWS_A_ROUND,
  };
}

/** Rows of a current Login file with every column filled that Salesforce fills for a login by a browser. */
function loginRows(count: number): readonly (readonly string[])[] {
  const columns = findLogFileType("Login")?.columns ?? [];
  return Array.from({ length: count }, (_, index) => {
    const digits = String(index).padStart(6, "0");
    const values: Readonly<Record<string, string>> = {
      EVENT_TYPE: "Login",
      TIMESTAMP: "20260717092241.123",
      REQUEST_ID: `4exLFFQZ1234xLFFQZ${digits}`,
      ORGANIZATION_ID: "00D000000000062",
      USER_ID: `005000000${digits}`,
      RUN_TIME: String(100 + (index % 900)),
      CPU_TIME: String(20 + (index % 80)),
      URI: "/index.jsp",
      LOGIN_KEY: `QfNecrLXSII6fsBq${digits}`,
      USER_TYPE: "Standard",
      DB_TOTAL_TIME: String(157_030_781 + index),
      LOGIN_TYPE: "i",
      BROWSER_TYPE: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.12; rv%3A50.0) Gecko/20100101 Firefox/50.0",
      API_TYPE: "f",
      API_VERSION: "66.0",
      USER_NAME: `user${digits}@example.com`,
      TLS_PROTOCOL: "TLS 1.3",
      CIPHER_SUITE: "TLS_AES_256_GCM_SHA384",
      LOGIN_URL: "login.salesforce.com",
      COUNTRY_CODE: "CH",
      TIMESTAMP_DERIVED: "2026-07-17T09:22:41.123Z",
      USER_ID_DERIVED: `005000000${digits}AAA`,
      CLIENT_IP: `203.0.113.${index % 256}`,
      LOGIN_STATUS: index % 10 === 0 ? "LOGIN_ERROR_INVALID_PASSWORD" : "LOGIN_NO_ERROR",
      SOURCE_IP: `203.0.113.${index % 256}`,
    };
    return columns.map((name) => values[name] ?? "");
  });
}

function print(name: string, speed: RowWriterSpeed): void {
  const { columns, microsecondsPerRow, charactersPerRow } = speed;
  process.stdout.write(
    `${name}: ${columns} columns, ${microsecondsPerRow.toFixed(2)} µs a row, ` +
      `${Math.round(1e6 / microsecondsPerRow)} rows/s, ${Math.round(charactersPerRow)} bytes a row\n`,
  );
}

if (import.meta.main) {
  const columns = findLogFileType("Login")?.columns ?? [];
  print("Login", measureRowWriter("Login", columns, loginRows(1_000)));
  const path = process.argv[2];
  if (path !== undefined) {
    const [header = [], ...rows]: string[][] = parse(readFileSync(path));
    print(path, measureRowWriter(rows[0]?.[header.indexOf("EVENT_TYPE")] ?? "", header, rows));
  }
}
