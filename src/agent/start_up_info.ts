import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { type AgentInfo, CHECKIN_CHUNKING, START_UP_INFO } from "./control_protocol.ts";

/** How a component reaches the Elastic Agent that has started it. The certificates are made for this one process. */
export interface StartUpInfo {
  /** `host:port` of the control protocol. */
  readonly address: string;
  /** Names the server's certificate; the server finds it by this name in the TLS handshake. */
  readonly serverName: string;
  readonly token: Secret;
  /** PEM, as are `certificate` and `key`. */
  readonly certificateAuthority: string;
  readonly certificate: string;
  readonly key: Secret;
  /** Bytes. */
  readonly maxMessageSize: number;
  /** Whether check-ins may come and go in parts. */
  readonly chunking: boolean;
  readonly agent: AgentInfo | undefined;
}

/** gRPC's usual limit, for an agent that names none. */
const USUAL_MESSAGE_SIZE = 4 * 1024 * 1024;

/** What Elastic Agent writes to a component's standard input, read to its end. Throws `start_up_info_unreadable`. */
export async function readStartUpInfo(
  input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean },
): Promise<StartUpInfo> {
  if (input.isTTY === true) {
    throw unreadable("it is a terminal");
  }
  const parts: Uint8Array[] = [];
  for await (const part of input) {
    parts.push(part);
  }
  return startUpInfoOf(Buffer.concat(parts));
}

/** Throws `start_up_info_unreadable`, without a word of the content. */
function startUpInfoOf(bytes: Uint8Array): StartUpInfo {
  const info = decoded(bytes);
  const { addr, serverName, token, caCert, peerCert, peerKey, supports, maxMessageSize } = info;
  if (addr === "" || serverName === "" || token === "" || caCert.length === 0 || peerKey.length === 0) {
    throw unreadable("it is not complete");
  }
  return {
    address: addr,
    serverName,
    token: new Secret(token),
    certificateAuthority: Buffer.from(caCert).toString("utf8"),
    certificate: Buffer.from(peerCert).toString("utf8"),
    key: new Secret(Buffer.from(peerKey).toString("utf8")),
    maxMessageSize: maxMessageSize > 0 ? maxMessageSize : USUAL_MESSAGE_SIZE,
    chunking: supports.includes(CHECKIN_CHUNKING),
    agent: info.agentInfo ?? undefined,
  };
}

function decoded(bytes: Uint8Array) {
  try {
    return START_UP_INFO.decode(bytes);
  } catch {
    throw unreadable("it is not the message that a component is given");
  }
}

function unreadable(what: string): RunnerError {
  return new RunnerError(
    "start_up_info_unreadable",
    `The start-up information on standard input can't be used: ${what}.`,
    {
      next: GIVE_UP,
      cure: "Only Elastic Agent starts this command; to collect without it, use: aquila-salesforce run --policy FILE.",
    },
  );
}
