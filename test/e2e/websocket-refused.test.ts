import { expect, test } from "bun:test";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const UPGRADE = ["Host: example.com", "Connection: keep-alive, Upgrade", "Upgrade: websocket"];

test.each([
  [426, "websocket_version", ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]],
  [400, "websocket_key", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"]],
] as const)("a bad handshake is answered %d, with its reason there and in one line of the log", async (...row) => {
  const [status, reason, fields] = row;
  await using origin = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await using proxy = await startProxy(origin.port);
  await using client = await RawClient.connect(proxy.port);
  const answer = await client.request("GET", "/up", [...UPGRADE, ...fields]);
  expect(answer.status).toBe(status);
  expect(valueOf(answer.head, "proxy-status")).toEndWith(`details="${reason}"`);
  expect(valueOf(answer.head, "cache-control")).toBe("no-store");
  expect(proxy.log.failures.map((line) => line.facts["reason"])).toEqual([reason]);
  expect(origin.exchanges).toHaveLength(0);
});
