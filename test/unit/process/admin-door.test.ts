import { describe, expect, test } from "bun:test";
import type { AdminConfig, ListenAddress } from "../../../src/config/model.ts";
import { AdminDoor } from "../../../src/process/admin-door.ts";
import { FakeProcess } from "../../helpers/admin.ts";
import { RecordingLog } from "../../helpers/proxy.ts";
import { refusingPort } from "../../helpers/refusing-port.ts";

const OFF: AdminConfig = { address: undefined, isDefault: false, token: undefined, origins: [] };

/** A port that somebody else has, until it is disposed of. */
function taken(): { readonly address: ListenAddress & { readonly type: "tcp" } } & Disposable {
  const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const address = { type: "tcp", host: "127.0.0.1", port: other.port } as const;
  return { address, [Symbol.dispose]: () => other.stop(true) };
}

const free = (): ListenAddress => ({ type: "tcp", host: "127.0.0.1", port: refusingPort() });

function make(hasPredecessor = false) {
  const log = new RecordingLog();
  const reasonOf = () => "the address is in use already";
  return { log, door: new AdminDoor({ handlers: new FakeProcess(), log, hasPredecessor, reasonOf }) };
}

const lines = (log: RecordingLog) => log.lines.map(({ level, message }) => `${level} ${message}`);
const health = async (door: AdminDoor) => (await fetch(`${door.url}/health`, { proxy: "" })).status;
const reload = async (door: AdminDoor) =>
  (await fetch(`${door.url}/reload`, { method: "POST", proxy: "", keepalive: false })).status;

describe("the admin listener", () => {
  test("that cannot have its address is done without, and that is said once", async () => {
    using place = taken();
    const { door, log } = make();
    await using _ = door;
    await door.settle({ ...OFF, address: place.address });
    expect(door.url).toBeUndefined();
    expect(lines(log)).toEqual(["warn no admin listener, serving without it"]);
    expect(log.lines[0]?.facts).toEqual({ reason: "the address is in use already" });
  });

  test("that nobody asked for is no warning where another process has the address", async () => {
    using place = taken();
    const { door, log } = make();
    await using _ = door;
    await door.settle({ ...OFF, address: place.address, isDefault: true });
    expect(lines(log)).toEqual(["info no admin listener, serving without it"]);
  });

  test("is tried again by the next reload", async () => {
    const place = taken();
    const { door } = make();
    await using _ = door;
    await door.settle({ ...OFF, address: place.address });
    place[Symbol.dispose]();
    await door.settle({ ...OFF, address: place.address });
    expect(await health(door)).toBe(200);
  });

  test("of a process that took over waits for its predecessor's, and says nothing of that", async () => {
    const place = taken();
    const { door, log } = make(true);
    await using _ = door;
    await door.settle({ ...OFF, address: place.address, isDefault: true });
    expect([door.url, log.lines]).toEqual([undefined, []]);
    place[Symbol.dispose]();
    await log.until(() => log.lines.length > 0, "the listener");
    expect(lines(log)).toEqual(["info admin listener is open"]);
    expect(await health(door)).toBe(200);
  });

  test("that waits is given up when a reload turns it off, and at the end", async () => {
    using place = taken();
    const { door, log } = make(true);
    await door.settle({ ...OFF, address: place.address });
    await door.settle(OFF);
    await door.settle({ ...OFF, address: place.address });
    await door.letGo();
    await door.settle({ ...OFF, address: free() });
    expect([door.url, log.lines]).toEqual([undefined, []]);
  });

  test("moves, goes and comes back with reloads", async () => {
    const { door } = make();
    await using _ = door;
    const [one, two] = [free(), free()];
    await door.settle({ ...OFF, address: one });
    const { url: before } = door;
    await door.settle({ ...OFF, address: two });
    expect(door.url).not.toBe(before);
    expect(await health(door)).toBe(200);
    expect(
      await fetch(`${before}/health`, { proxy: "" }).then(
        () => "open",
        () => "closed",
      ),
    ).toBe("closed");
    await door.settle(OFF);
    expect(door.url).toBeUndefined();
    await door.settle({ ...OFF, address: one });
    expect(await health(door)).toBe(200);
  });

  test("stays where it is when only its token changes, and goes by that at once", async () => {
    const { door, log } = make();
    await using _ = door;
    const address = free();
    await door.settle({ ...OFF, address });
    expect(await reload(door)).toBe(200);
    await door.settle({ ...OFF, address, token: "0123456789abcdef" });
    expect(await reload(door)).toBe(401);
    expect(lines(log)).toEqual(["info admin listener is open"]);
  });
});
