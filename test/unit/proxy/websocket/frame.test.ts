import { describe, expect, test } from "bun:test";
import { FrameEncoder, isSendableCloseCode, Opcode } from "../../../../src/proxy/websocket/frame.ts";

/** Takes the frame in an encoder apart again. */
function unmasked(encoder: FrameEncoder): { first: number; payload: Buffer; key: Buffer } {
  const bytes = encoder.bytes.subarray(encoder.start, encoder.end);
  const short = (bytes[1] as number) & 127;
  const at = short === 127 ? 10 : short === 126 ? 4 : 2;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const key = Buffer.from(bytes.subarray(at, at + 4));
  const payload = Buffer.from(bytes.subarray(at + 4));
  expect((bytes[1] as number) & 128).toBe(128);
  expect(payload.length).toBe(length);
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] as number) ^ (key[i & 3] as number);
  return { first: bytes[0] as number, payload, key };
}

describe("FrameEncoder", () => {
  const encoder = new FrameEncoder();

  test.each([0, 1, 3, 4, 125, 126, 127, 65_535, 65_536, 65_537, 200_003])("masks %d bytes", (size) => {
    const data = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) & 255));
    encoder.data(Opcode.binary, data);
    const { first, payload } = unmasked(encoder);
    expect(first).toBe(0x82);
    expect(payload.equals(data)).toBe(true);
    expect(encoder.isOwned).toBe(size > 65_536);
    encoder.text("é".repeat(size));
    expect(unmasked(encoder).payload.toString()).toBe("é".repeat(size));
    encoder.release();
  });

  test("uses another key for every frame", () => {
    const keys = new Set<string>();
    for (let i = 0; i < 3_000; i++) {
      encoder.data(Opcode.ping, Buffer.alloc(4));
      keys.add(unmasked(encoder).key.toString("hex"));
    }
    expect(keys.size).toBeGreaterThan(2_990);
  });

  test("makes close frames with and without a code", () => {
    encoder.close(1005, "unseen");
    expect(unmasked(encoder)).toMatchObject({ first: 0x88, payload: Buffer.alloc(0) });
    encoder.close(4000, "bye");
    expect(unmasked(encoder).payload).toEqual(Buffer.from([0x0f, 0xa0, 0x62, 0x79, 0x65]));
  });
});

test("only codes of RFC 6455 section 7.4 may stand in a close frame", () => {
  const sendable = [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999];
  const not = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535];
  expect(sendable.filter(isSendableCloseCode)).toEqual(sendable);
  expect(not.filter(isSendableCloseCode)).toEqual([]);
});
