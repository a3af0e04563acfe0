import { expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createLog } from "../core/log.ts";
import { Secret } from "../core/secret.ts";
import type { ControlChannelHandlers, OpenChannel } from "./control_channel.ts";
import { ControlConnection } from "./control_connection.ts";
import {
  ACTION_REQUEST,
  ACTION_TYPE,
  type ActionResponse,
  CHECKIN_EXPECTED,
  type CheckinObserved,
  STATE,
  UNIT_TYPE,
  type UnitObserved,
} from "./control_protocol.ts";
import type { StartUpInfo } from "./start_up_info.ts";

const EXPECTED = CHECKIN_EXPECTED.decode(new Uint8Array());
const START_UP: StartUpInfo = {
  address: "localhost:1",
  serverName: "s",
  token: new Secret("token"),
  certificateAuthority: "",
  certificate: "",
  key: new Secret(""),
  maxMessageSize: 1_000_000,
  chunking: true,
  agent: undefined,
};

/** Lets everything run that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.resolve();
  }
}

/** An agent that answers every check-in at once, as it does while a unit is not healthy. */
function setUp(answer = true) {
  const clock = new ManualClock(0, 1);
  const checkins: Partial<CheckinObserved>[] = [];
  const responses: Partial<ActionResponse>[] = [];
  const lines: string[] = [];
  const channels: Array<{ handlers: ControlChannelHandlers; end: (reason: string) => void; closed: boolean }> = [];
  const openChannel: OpenChannel = (_startUp, handlers) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const channel = { handlers, end, closed: false };
    channels.push(channel);
    return {
      checkin: (message) => {
        checkins.push(message);
        if (answer) {
          handlers.expected({ ...EXPECTED, featuresIdx: 1 });
        }
      },
      respond: (response) => {
        responses.push(response);
      },
      ended,
      close: () => {
        channel.closed = true;
        end("closed");
      },
    };
  };
  const units: UnitObserved[] = [
    { id: "u", type: UNIT_TYPE.input, configStateIdx: 1, state: STATE.failed, message: "bad", payload: undefined },
  ];
  const connection = new ControlConnection({
    startUp: START_UP,
    name: "n",
    version: "1",
    processId: 7,
    meta: {},
    observed: () => units,
    expected: () => {},
    act: async ({ name }) => (name === "files" ? { files: [] } : { refusal: `no ${name}` }),
    clock,
    log: createLog((_level, message) => lines.push(message)),
    openChannel,
  });
  const stop = new AbortController();
  const run = connection.run(stop.signal);
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(100);
      await settled();
    }
  };
  return { checkins, responses, lines, channels, units, connection, stop, run, pass, clock };
}

test("answers of the agent are not answered: a check-in each 5 s, and one for what has changed", async () => {
  const { checkins, units, connection, pass, stop, run } = setUp();
  await settled();
  expect(checkins).toHaveLength(1);
  expect(checkins[0]).toMatchObject({
    token: "token",
    pid: 7,
    supports: [0],
    versionInfo: { name: "n" },
    featuresIdx: 0,
  });
  await pass(300);
  expect(checkins.slice(1)).toMatchObject([{ featuresIdx: 1, versionInfo: undefined, supports: [] }]);
  await pass(50_000);
  expect(checkins).toHaveLength(12);

  units[0] = { ...units[0], message: "worse" } as UnitObserved;
  connection.changed();
  connection.changed();
  await pass(300);
  expect(checkins).toHaveLength(13);
  connection.changed();
  await pass(300);
  expect(checkins).toHaveLength(13);
  stop.abort();
  await run;
});

test("opens the streams again with back-off, says so once, and introduces itself again", async () => {
  const { checkins, channels, lines, responses, pass, stop, run } = setUp(false);
  await settled();
  channels[0]?.end("cut");
  await settled();
  await pass(400);
  expect(channels).toHaveLength(1);
  await pass(100);
  expect(channels).toHaveLength(2);
  channels[1]?.end("cut");
  await settled();
  await pass(900);
  expect(channels).toHaveLength(2);
  await pass(100);
  expect(channels).toHaveLength(3);
  expect(lines).toEqual([
    "The connection to Elastic Agent has ended (cut). Collection goes on while it is made again.",
  ]);
  expect(checkins.map(({ versionInfo }) => versionInfo !== undefined)).toEqual([true, true, true]);
  expect(responses.map(({ id, token }) => [id, token])).toEqual(Array(3).fill(["init", "token"]));
  stop.abort();
  await run;
});

test("a stop tells the last state and closes the streams", async () => {
  const { checkins, channels, units, stop, run } = setUp(false);
  await settled();
  units[0] = { ...units[0], state: STATE.stopping } as UnitObserved;
  stop.abort();
  await run;
  expect(channels).toMatchObject([{ closed: true }]);
  expect(checkins.at(-1)?.units).toMatchObject([{ state: STATE.stopping }]);
});

test("an action is answered under its id", async () => {
  const { channels, responses, stop, run } = setUp(false);
  await settled();
  const request = { ...ACTION_REQUEST.decode(new Uint8Array()), type: ACTION_TYPE.custom };
  channels[0]?.handlers.action({ ...request, id: "1", name: "files" });
  channels[0]?.handlers.action({ ...request, id: "2", name: "other" });
  await settled();
  expect(
    responses.slice(1).map(({ id, status, result }) => [id, status, Buffer.from(result ?? "").toString()]),
  ).toEqual([
    ["1", 0, "{}"],
    ["2", 1, '{"error":"no other"}'],
  ]);
  stop.abort();
  await run;
});
