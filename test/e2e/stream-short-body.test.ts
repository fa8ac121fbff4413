import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const METHODS = ["POST", "PATCH", "PUT", "DELETE"] as const;

const sorted = (head: string): string[] => head.split("\r\n").sort();

describe.each(LANES)("a short body by the $lane lane", ({ fields }) => {
  test.each(METHODS)("of %s arrives the same, in one piece with its head or in several", async (method) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (const size of [1, 1_000, 65_536]) {
      const body = "x".repeat(size);
      const text = requestText(method, "/", [...fields, `Content-Length: ${size}`], body);
      const cuts = [text.length, text.length - size, text.length - 1];
      for (const cut of cuts) {
        client.send(text.slice(0, cut));
        if (cut < text.length) {
          // The origin has the head, or will: what is behind it comes in another turn.
          await Bun.sleep(2);
          client.send(text.slice(cut));
        }
        expect((await client.answer(method)).status).toBe(200);
      }
      const [whole, ...cutUp] = origin.exchanges.slice(-cuts.length);
      expect(whole?.head.text).toMatch(new RegExp(`^content-length: ${size}\r$`, "im"));
      // A body that comes later may go by the other lane, which writes the fields in another order.
      for (const exchange of cutUp) expect(sorted(exchange.head.text)).toEqual(sorted(whole?.head.text ?? ""));
      for (const exchange of origin.exchanges.slice(-cuts.length))
        expect((await exchange.body()).toString()).toBe(body);
    }
  });

  test.each(METHODS)("of %s is not sent again when a kept connection ends as it is sent", async (method) => {
    let requests = 0;
    await using origin = RawOrigin.start(({ connection }) => {
      requests++;
      if (requests % 2 === 1) connection.send(OK);
      else connection.reset();
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(200);
    expect((await client.request(method, "/", [...fields, "Content-Length: 5"], "hello")).status).toBe(502);
    expect(origin.exchanges.map((exchange) => exchange.method)).toEqual(["GET", method]);
  });

  test("goes on to the next upstream where nobody took it, and the one after that", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy([refusingPort(), refusingPort(), origin.port]);
    await using client = await RawClient.connect(proxy.port);
    for (let i = 0; i < 3; i++) {
      expect((await client.request("POST", "/", [...fields, "Content-Length: 5"], "hello")).status).toBe(200);
      expect((await origin.exchanges.at(-1)?.body())?.toString()).toBe("hello");
    }
  });
});
