import { expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy, tcpHealth } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";

const [{ fields }] = LANES;

/** An origin on a port of its own choosing that can go and come back. */
function origin(name: string, port = 0): { readonly port: number; stop(): void } {
  const server = Bun.serve({ port, hostname: "127.0.0.1", fetch: () => new Response(name) });
  return { port: server.port as number, stop: () => void server.stop(true) };
}

test("a peer that dies is taken out and comes back, and each change is logged once", async () => {
  const [a, b] = [origin("a"), origin("b")];
  await using proxy = await startProxy([a.port, b.port], { proxy: tcpHealth(20) });
  await using client = await RawClient.connect(proxy.port);
  const names = async (): Promise<string[]> => {
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const { status, body } = await client.request("GET", "/", fields);
      expect(status).toBe(200);
      seen.add(body.toString());
    }
    return [...seen].toSorted();
  };
  const changes = (): string[] =>
    proxy.log.lines
      .filter(({ message }) => message.startsWith("peer"))
      .map((line) => `${line.facts["peer"]} ${line.message}`);
  expect(await names()).toEqual(["a", "b"]);
  b.stop();
  await proxy.log.until(() => changes().length === 1, "b to be taken out");
  expect(await names()).toEqual(["a"]);
  const back = origin("b again", b.port);
  await proxy.log.until(() => changes().length === 2, "b to come back");
  expect(await names()).toEqual(["a", "b again"]);
  expect(changes()).toEqual([`127.0.0.1:${b.port} peer is down`, `127.0.0.1:${b.port} peer is up again`]);
  a.stop();
  back.stop();
  await proxy.log.until(() => changes().length === 4, "both to be taken out");
  expect((await client.request("GET", "/", fields)).status).toBe(503);
  expect(proxy.log.failures.at(-1)?.facts).toMatchObject({ reason: "no_peer_available" });
});

test("a peer that is down is passed over without a health check too, for the one request that met it", async () => {
  const [a, b] = [origin("a"), origin("b")];
  b.stop();
  await using proxy = await startProxy([a.port, b.port]);
  await using client = await RawClient.connect(proxy.port);
  for (let i = 0; i < 6; i++) {
    const post = await client.request("POST", "/", [...fields, "Content-Length: 5"], "hello");
    expect([post.status, post.body.toString()]).toEqual([200, "a"]);
  }
  expect(proxy.log.failures).toEqual([]);
  a.stop();
});
