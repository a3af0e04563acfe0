import { describe } from "vitest";
import { rowLedgerContract } from "../../../src/cursors/row_ledger.contract.ts";
import { createMemoryLedger } from "./memory_ledger.ts";

describe("ledger in memory", () => rowLedgerContract(createMemoryLedger));
