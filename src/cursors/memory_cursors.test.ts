import { describe } from "vitest";
import { cursorStoreContract } from "./cursor_store.contract.ts";
import { createMemoryCursors } from "./memory_cursors.ts";

describe("memory cursors", () => cursorStoreContract(createMemoryCursors));
