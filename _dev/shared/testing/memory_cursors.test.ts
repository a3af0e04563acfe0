import { describe } from "vitest";
import { cursorStoreContract } from "../../../src/cursors/cursor_store.contract.ts";
import { createMemoryCursors } from "./memory_cursors.ts";

describe("memory cursors", () => cursorStoreContract(createMemoryCursors));
