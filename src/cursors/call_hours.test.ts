import { describe } from "vitest";
import { callHoursContract } from "./call_hours.contract.ts";
import { createMemoryCallHours } from "./call_hours.ts";

describe("counts that end with the process", () => callHoursContract(createMemoryCallHours));
