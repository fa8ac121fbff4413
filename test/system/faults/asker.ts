import { H2Client } from "../../helpers/h2-client.ts";
import { DEADLINE_MS } from "../../helpers/raw.ts";
import { RawClient } from "../../helpers/raw-client.ts";
import { valueOf } from "../../helpers/raw-head.ts";
import type { Asker, Outcome } from "./fault.ts";

/** Where the proxy listens. */
export interface Doors {
  readonly plain: number;
  readonly tls: number;
  readonly ca: string;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly bodyBytes: number;
  readonly isHandshake: boolean;
}

/** Without User-Agent and Accept a request takes the exact lane. */
const FIELDS = {
  "fetch lane": ["Host: app.example", "User-Agent: t", "Accept: */*"],
  "exact lane": ["Host: app.example"],
} as const;

const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

const REASON = /details="(\w+)"/;

/** Asks once on a connection of its own, and says what the client saw. */
export async function ask(asker: Asker, doors: Doors, question: Question): Promise<Outcome> {
  return asker === "HTTP/2" ? await askHttp2(doors, question) : await askHttp1(FIELDS[asker], doors, question);
}

async function askHttp1(fields: readonly string[], doors: Doors, question: Question): Promise<Outcome> {
  const { method, path, bodyBytes, isHandshake } = question;
  await using client = await RawClient.connect(doors.plain);
  const more = [...(bodyBytes > 0 ? [`Content-Length: ${bodyBytes}`] : []), ...(isHandshake ? HANDSHAKE : [])];
  client.send(`${method} ${path} HTTP/1.1\r\n${[...fields, ...more].join("\r\n")}\r\n\r\n`);
  if (bodyBytes > 0) client.send(new Uint8Array(bodyBytes));
  try {
    const { status, head, body } = await client.answer(method);
    return outcomeOf(status, REASON.exec(valueOf(head, "proxy-status") ?? "")?.[1], body.toString("latin1"));
  } catch (error) {
    if (client.ending !== undefined) return { type: "broken" };
    throw error;
  }
}

async function askHttp2(doors: Doors, { method, path, bodyBytes }: Question): Promise<Outcome> {
  await using client = await H2Client.connect(doors.tls, doors.ca);
  const head = { ":method": method, ":path": path, ":authority": "app.example", "user-agent": "t", accept: "*/*" };
  const stream = client.open(head, bodyBytes > 0 ? "\0".repeat(bodyBytes) : undefined);
  await stream.until(() => stream.ending !== undefined, "the end of the answer", DEADLINE_MS);
  if (stream.ending !== "end") return { type: "broken" };
  const reason = REASON.exec(String(stream.headers["proxy-status"] ?? ""))?.[1];
  return outcomeOf(stream.status, reason, stream.received);
}

function outcomeOf(status: number, reason: string | undefined, body: string): Outcome {
  return reason === undefined ? { type: "whole", status, body } : { type: "refused", status, reason };
}
