import { describe } from "vitest";
import { rowLedgerContract } from "./row_ledger.contract.ts";
import { createMemoryLedger } from "./row_ledger_memory.ts";

describe("ledger in memory", () => rowLedgerContract(createMemoryLedger));
