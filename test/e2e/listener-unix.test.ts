import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListenError } from "../../src/process/worker.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const FIELDS = ["Host: example.com", "User-Agent: test", "Accept: */*"];

/** A socket file whose listener was killed. */
async function leaveBehind(path: string): Promise<void> {
  const script = `Bun.listen({unix:${JSON.stringify(path)},socket:{data(){}}});process.kill(process.pid,"SIGKILL")`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
}

describe("a listener on a unix socket", () => {
  test("serves, and takes the place of a file that a killed process left behind", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gatekeeper-unix-"));
    const path = join(dir, "front.sock");
    try {
      await leaveBehind(path);
      expect(existsSync(path)).toBe(true);
      await using origin = RawOrigin.start(ANSWER);
      await using proxy = await startProxy(origin.port, { listener: { address: { type: "unix", path } } });
      await using client = await RawClient.connect(0, { unix: path });
      const answer = await client.request("GET", "/", FIELDS);
      expect(answer.body.toString()).toBe("hello");
      expect(proxy.log.failures).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("does not take a socket that is listened on, nor a file that is none", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gatekeeper-unix-"));
    const path = join(dir, "front.sock");
    try {
      const other = Bun.listen({ unix: path, socket: { data() {} } });
      const taken = await startProxy(1, { listener: { address: { type: "unix", path } } }).catch((e: unknown) => e);
      expect(taken).toBeInstanceOf(ListenError);
      expect(existsSync(path)).toBe(true);
      other.stop(true);
      rmSync(path, { force: true });
      await Bun.write(path, "precious");
      const refused = await startProxy(1, { listener: { address: { type: "unix", path } } }).catch((e: unknown) => e);
      expect(refused).toBeInstanceOf(ListenError);
      expect(await Bun.file(path).text()).toBe("precious");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
