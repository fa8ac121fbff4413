import { expect, setDefaultTimeout, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { reverseProxy, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { bestOf } from "../helpers/best-of.ts";

setDefaultTimeout(30_000);

const HANGING = 1_000;
const REQUESTS = 2_000;
const CLIENTS = 10;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Those that hang ask the same peer, or another. */
const WHERE = LANES.flatMap((lane) => [
  { ...lane, where: "another down", isSame: false },
  { ...lane, where: "its other requests down", isSame: true },
]);

test.each(WHERE)(
  "a thousand requests that hang on one peer do not slow $where ($lane lane)",
  async ({ fields, isSame }) => {
    await using quick = RawOrigin.start((exchange) => (exchange.target === "/slow" ? undefined : exchange.reply(OK)));
    await using other = RawOrigin.start(() => {});
    const slow = isSame ? quick : other;
    const to = (name: string, port: number) => ({
      name,
      match: [[{ type: "path", patterns: [`/${name}`] }]] as const,
      handlers: [
        { type: "proxy", proxy: reverseProxy([{ type: "tcp", host: "127.0.0.1", port, tls: false }]) },
      ] as const,
      terminal: false,
    });
    await using proxy = await startProxy([], { routes: [to("slow", slow.port), to("quick", quick.port)] });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(proxy.port)));
    await using stack = new AsyncDisposableStack();
    for (const client of clients) stack.use(client);
    /** How long so many requests take that are asked for one after the other by each client. */
    const ask = async (): Promise<number> => {
      const began = performance.now();
      await Promise.all(
        clients.map(async (client) => {
          for (let i = 0; i < REQUESTS / CLIENTS; i++) {
            expect((await client.request("GET", "/quick", fields)).status).toBe(200);
          }
        }),
      );
      return performance.now() - began;
    };
    await ask();
    const aloneMs = await ask();
    const waiting = await Promise.all(Array.from({ length: HANGING }, () => RawClient.connect(proxy.port)));
    for (const client of waiting) {
      stack.use(client);
      client.send(`GET /slow HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    }
    const hanging = () => slow.exchanges.filter(({ target }) => target === "/slow").length;
    await slow.until(() => hanging() === HANGING, "all of them to hang", 15_000);
    // As fast, with room for a busy machine: a starved one would take a multiple, or for ever.
    const mostMs = 3 * aloneMs + 200;
    expect(await bestOf(mostMs, ask)).toBeLessThan(mostMs);
  },
);
