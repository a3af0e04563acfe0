import { describe } from "vitest";
import { stateDocumentsContract } from "../../../src/coordination/state_documents.contract.ts";
import { MemoryDocuments } from "./memory_documents.ts";

describe("documents in memory keep the contract", () => stateDocumentsContract(() => new MemoryDocuments()));
