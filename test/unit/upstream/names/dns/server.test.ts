import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverOf, systemServers } from "../../../../../src/upstream/names/dns/server.ts";

test.each([
  ["192.0.2.1", "192.0.2.1", 53],
  ["192.0.2.1:5353", "192.0.2.1", 5353],
  ["2001:db8::1", "2001:db8::1", 53],
  ["[2001:db8::1]", "2001:db8::1", 53],
  ["[2001:db8::1]:5353", "2001:db8::1", 5353],
])("%s is a server", (text, host, port) => {
  expect(serverOf(text)).toEqual({ host, port });
});

test("the system's servers are those of its file, three at most, or this machine", async () => {
  const folder = await mkdtemp(join(tmpdir(), "resolv-"));
  const file = join(folder, "resolv.conf");
  await Bun.write(
    file,
    "# nameserver 192.0.2.9\nsearch a.test\n" + "nameserver 192.0.2.1\nnameserver\t::1\nnameserver x\n",
  );
  expect((await systemServers(file)).map(({ host }) => host)).toEqual(["192.0.2.1", "::1"]);
  await Bun.write(file, [1, 2, 3, 4].map((i) => `nameserver 192.0.2.${i}\n`).join(""));
  expect(await systemServers(file)).toHaveLength(3);
  await rm(folder, { recursive: true });
  expect(await systemServers(file)).toEqual([{ host: "127.0.0.1", port: 53 }]);
});
