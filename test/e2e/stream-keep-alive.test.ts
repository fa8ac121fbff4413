import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin, type RawOriginOptions } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Ends each of its first connections, so many of them, when a second request comes on it. */
function forgetfulOrigin(how: "end" | "reset", connections: number, options: RawOriginOptions = {}): RawOrigin {
  const origin = RawOrigin.start(async (exchange) => {
    const { connection } = exchange;
    const requests = origin.exchanges.filter((other) => other.connection === connection).length;
    if (requests > 1 && origin.connections.indexOf(connection) < connections) return connection[how]();
    // No answer before all are there, so that each has a connection of its own.
    await origin.until(() => origin.connections.length >= connections, "the first connections");
    await exchange.reply(OK);
  }, options);
  return origin;
}

describe.each(LANES)("upstream connections kept alive ($lane lane)", ({ fields }) => {
  describe.each(["end", "reset"] as const)("closed by the upstream just as they are used again (%s)", (how) => {
    test.each(["GET", "HEAD", "OPTIONS"])("cost a client no %s", async (method) => {
      await using origin = forgetfulOrigin(how, 3);
      await using proxy = await startProxy(origin.port);
      const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(proxy.port)));
      await Promise.all(clients.map((client) => client.request("GET", "/", fields)));
      expect(origin.connections).toHaveLength(3);
      const [client] = clients as [RawClient];
      expect((await client.request(method, "/", fields)).status).toBe(200);
      expect(proxy.log.failures).toEqual([]);
      for (const each of clients) each[Symbol.dispose]();
    });

    test("answer a POST with 502, since the upstream may have done it", async () => {
      await using origin = forgetfulOrigin(how, 1);
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request("GET", "/", fields)).status).toBe(200);
      const posted = await client.request("POST", "/", [...fields, "Content-Length: 3"], "abc");
      expect(posted.status).toBe(502);
      await proxy.log.failed();
      expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "connection_terminated" });
      expect(origin.exchanges).toHaveLength(2);
    });
  });

  test.each(["end", "reset"] as const)("are not used again when the upstream has closed them (%s)", async (how) => {
    await using origin = RawOrigin.start(async (exchange) => {
      await exchange.reply(OK);
      if (origin.connections.length === 1) exchange.connection[how]();
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(200);
    await (await origin.exchange()).connection.ended();
    const posted = await client.request("POST", "/", [...fields, "Content-Length: 3"], "abc");
    expect(posted.status).toBe(200);
    expect(origin.connections).toHaveLength(2);
  });

  test("are used again, one for each request in flight", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (let i = 0; i < 5; i++) expect((await client.request("GET", "/", fields)).status).toBe(200);
    expect(origin.connections).toHaveLength(1);
  });
});
