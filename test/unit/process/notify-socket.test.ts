import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NotifySocket } from "../../../src/process/notify-socket.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { NotifyReceiver } from "../../helpers/notify-receiver.ts";

function opened(name: string): NotifySocket {
  const socket = NotifySocket.open(name);
  if (socket === undefined) throw new Error(`${name} is none`);
  return socket;
}

test.each(["path", "name without a file"])("a message arrives at a %s, umlauts and all", async (kind) => {
  using folder = temporaryFolder();
  const name = kind === "path" ? join(folder.path, "n.sock") : `@gatekeeper-test-${crypto.randomUUID()}`;
  using receiver = new NotifyReceiver(name);
  using socket = opened(name);
  socket.send("STATUS=größer\nREADY=1");
  expect(await receiver.next()).toEqual({ STATUS: "größer", READY: "1" });
});

test("a receiver that takes nothing for a while gets all of it later, in order; signs of life alone are left out", async () => {
  using folder = temporaryFolder();
  const name = join(folder.path, "n.sock");
  using receiver = new NotifyReceiver(name);
  using socket = opened(name);
  const count = 2 * Number(readFileSync("/proc/sys/net/unix/max_dgram_qlen", "utf8")) + 20;
  for (let i = 0; i < count; i++) socket.send(`N=${i}`);
  socket.trySend("WATCHDOG=1");
  for (let i = 0; i < count; i++) expect(await receiver.next()).toEqual({ N: String(i) });
  receiver.take();
  expect(receiver.messages).toEqual([]);
  socket.trySend("WATCHDOG=1");
  await receiver.sign();
});

test("nobody there is nothing to fail by", () => {
  using folder = temporaryFolder();
  using socket = opened(join(folder.path, "nobody.sock"));
  socket.send("READY=1");
  socket.trySend("WATCHDOG=1");
});

test.each(["", "@", "/", "relative.sock", "vsock:2:9999", `/${"a".repeat(107)}`, `@${"a".repeat(107)}`])(
  "%j is no such socket",
  (name) => {
    expect(NotifySocket.open(name)).toBeUndefined();
  },
);
