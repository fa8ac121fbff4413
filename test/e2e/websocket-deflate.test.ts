import { describe, expect, test } from "bun:test";
import { inflateRawSync, constants } from "node:zlib";
import { local, startWebSocketProxy } from "../helpers/ws-proxy.ts";
import { closePayload, fieldsOf, frame, Op, RawOrigin, rawClient, type RawSocket } from "../helpers/ws-raw.ts";

const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
const ACCEPT = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const TEXT = "compress me ".repeat(500);
const COMPRESSED = 0x40;

/** A message's payload as RFC 7692 section 7.2.1 makes it. */
function deflated(text: string): Buffer {
  const bytes = Bun.deflateSync(Buffer.from(text), { windowBits: -15 });
  return Buffer.from(bytes);
}

function inflated(payload: Buffer): string {
  const whole = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

function compressedFrame(opcode: number, payload: Buffer, masked: boolean, final = true): Buffer {
  const bytes = frame(opcode, payload, { masked, final });
  bytes[0] = (bytes[0] as number) | COMPRESSED;
  return bytes;
}

async function joined(
  use: (client: RawSocket, upstream: Awaited<ReturnType<RawOrigin["next"]>>, head: string) => Promise<void>,
  fields: { client?: readonly string[]; upstream?: readonly string[] } = {},
  maxMessageBytes = 100_000,
): Promise<void> {
  await using origin = await RawOrigin.start();
  await using proxy = startWebSocketProxy({ upstream: local(origin.port), websocket: { maxMessageBytes } });
  using client = await rawClient(proxy.port, fields.client ?? [OFFER]);
  using upstream = await origin.next();
  upstream.accept(fields.upstream ?? [ACCEPT]);
  const head = await client.head();
  await use(client, upstream, head);
}

describe("permessage-deflate", () => {
  test("is offered to the upstream of a client that offers it, and to no other", async () => {
    await joined(async (_client, upstream) => {
      expect(upstream.field("sec-websocket-extensions")).toStartWith("permessage-deflate;");
    });
    await joined(
      async (_client, upstream, head) => {
        expect(upstream.field("sec-websocket-extensions")).toBeUndefined();
        expect(fieldsOf(head, "sec-websocket-extensions")).toEqual([]);
      },
      { client: [], upstream: [] },
    );
  });

  test("is declined where the upstream declines", async () => {
    await joined(
      async (client, upstream, head) => {
        expect(fieldsOf(head, "sec-websocket-extensions")).toEqual([]);
        upstream.send(Op.text, TEXT);
        const found = await client.frame();
        expect([found.reserved, found.payload.toString()]).toEqual([0, TEXT]);
      },
      { upstream: [] },
    );
  });

  test("compresses for the client what came compressed, and nothing else", async () => {
    await joined(async (client, upstream) => {
      upstream.socket.write(compressedFrame(Op.text, deflated(TEXT), false));
      const first = await client.frame();
      expect([first.opcode, first.reserved, inflated(first.payload)]).toEqual([Op.text, COMPRESSED, TEXT]);
      upstream.send(Op.text, TEXT);
      const second = await client.frame();
      expect([second.reserved, second.payload.toString()]).toEqual([0, TEXT]);
    });
  });

  test("covers a message in fragments, and an empty one", async () => {
    await joined(async (client, upstream) => {
      const bytes = deflated(TEXT);
      upstream.socket.write(compressedFrame(Op.binary, bytes.subarray(0, 7), false, false));
      upstream.send(Op.ping, "between");
      upstream.send(Op.continuation, bytes.subarray(7));
      upstream.socket.write(compressedFrame(Op.text, Buffer.from([0]), false));
      expect((await client.frame()).opcode).toBe(Op.ping);
      const found = await client.frame();
      expect([found.opcode, inflated(found.payload)]).toEqual([Op.binary, TEXT]);
      const empty = await client.frame();
      expect([empty.opcode, empty.reserved === 0 ? "" : inflated(empty.payload)]).toEqual([Op.text, ""]);
    });
  });

  test("a message that cannot be compressed passes up to the limit, though it is longer on the wire", async () => {
    const limit = 100_000;
    // Every value of a byte as often as any other, in no order: deflate can only store it.
    const noise = Buffer.from(Array.from({ length: limit }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff));
    const text = noise
      .toString("latin1")
      .replaceAll(/[\x80-\xff]/g, "~")
      .slice(0, limit);
    const stored = (bytes: Buffer): Buffer => {
      const block = 60;
      const blocks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += block) {
        const part = bytes.subarray(at, at + block);
        const head = Buffer.from([0, part.length, 0, ~part.length & 0xff, 0xff]);
        blocks.push(head, part);
      }
      // An empty stored block, whose last four bytes a sender takes off (RFC 7692 7.2.1).
      return Buffer.concat([...blocks, Buffer.from([0])]);
    };
    await joined(async (client, upstream) => {
      const wire = stored(Buffer.from(text));
      expect(wire.length).toBeGreaterThan(limit);
      client.socket.write(compressedFrame(Op.text, wire, true));
      expect((await upstream.frame()).payload.toString()).toBe(text);
      upstream.socket.write(compressedFrame(Op.text, wire, false));
      expect(inflated((await client.frame()).payload)).toBe(text);
      client.socket.write(compressedFrame(Op.binary, stored(Buffer.alloc(limit + 1, 65)), true));
      expect((await upstream.frame()).payload).toEqual(closePayload(1009));
      expect((await client.frame()).payload).toEqual(closePayload(1009));
    });
  });

  test.each([
    ["a bomb", () => compressedFrame(Op.binary, deflated("x".repeat(100_001)), false), 1009],
    ["garbage", () => compressedFrame(Op.binary, Buffer.from([0xff, 0xff, 0xff]), false), 1007],
    ["a compressed ping", () => compressedFrame(Op.ping, Buffer.alloc(0), false), 1002],
  ])("%s closes the upstream", async (_name, bytes, code) => {
    await joined(async (client, upstream) => {
      upstream.socket.write(bytes());
      expect((await upstream.frame()).payload).toEqual(closePayload(code));
      expect((await client.frame()).payload).toEqual(closePayload(code === 1009 ? 1009 : 1014));
    });
  });

  test.each([
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
    "x-webkit-deflate-frame",
  ])("an upstream that answers the offer with %p is a 502", async (answer) => {
    await joined(async (_client, _upstream, head) => expect(head).toStartWith("HTTP/1.1 502 "), {
      upstream: [`Sec-WebSocket-Extensions: ${answer}`],
    });
  });
});
