import { describe, expect, test } from "bun:test";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { StalledOrigin } from "../helpers/stalled-origin.ts";

/** A busy machine may be late by itself, not every time. */
const AGAIN = { retry: 3 } as const;
/** How much later than its time a limit may be noticed. */
const TOLERANCE_MS = 100;
/** For fetch a dial is looked for among all connections of the system, of which other tests make many. */
const DIAL_TOLERANCE_MS = 300;
const TIMES_MS = [250, 1_200] as const;

function limits(given: Partial<ReverseProxyConfig["timeouts"]>): Partial<ReverseProxyConfig> {
  return { timeouts: { dialMs: 0, responseHeaderMs: 0, readMs: 0, writeMs: 0, ...given } };
}

/** The reason in the log, and how long after `began` it was there. */
async function timed(
  port: number,
  proxyOptions: Partial<ReverseProxyConfig>,
  run: (client: RawClient) => Promise<number>,
): Promise<{ readonly reason: unknown; readonly tookMs: number }> {
  await using proxy = await startProxy(port, { proxy: proxyOptions });
  await using client = await RawClient.connect(proxy.port);
  const began = await run(client);
  await proxy.log.until(() => proxy.log.failures.length > 0, "the failure");
  return { reason: proxy.log.failures[0]?.facts["reason"], tookMs: performance.now() - began };
}

function expectInTime({ tookMs }: { readonly tookMs: number }, limitMs: number, toleranceMs = TOLERANCE_MS): void {
  // A timer may come a millisecond early.
  expect(tookMs).toBeGreaterThan(limitMs - 5);
  expect(tookMs).toBeLessThan(limitMs + toleranceMs);
}

describe.each(LANES)(
  "limits are kept to within 100 ms, one on dialling to within 300 ms, by the $lane lane",
  ({ fields }) => {
    const request = `GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
    const send = async (client: RawClient): Promise<number> => {
      client.send(request);
      return performance.now();
    };

    test.each(TIMES_MS)(
      "response_header_timeout of %d ms",
      async (limitMs) => {
        await using origin = RawOrigin.start(() => {});
        const seen = await timed(origin.port, limits({ responseHeaderMs: limitMs }), send);
        expect(seen.reason).toBe("http_response_timeout");
        expectInTime(seen, limitMs);
      },
      AGAIN,
    );

    test.each(TIMES_MS)(
      "read_timeout of %d ms",
      async (limitMs) => {
        let sentAt = 0;
        await using origin = RawOrigin.start(({ connection }) => {
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
          sentAt = performance.now();
        });
        const seen = await timed(origin.port, limits({ readMs: limitMs }), async (client) => {
          await send(client);
          await client.until(() => client.unread.includes("abc"), "the first piece");
          return sentAt;
        });
        expect(seen.reason).toBe("read_timeout");
        expectInTime(seen, limitMs);
      },
      AGAIN,
    );

    test.each(TIMES_MS)(
      "dial_timeout of %d ms",
      async (limitMs) => {
        await using origin = await StalledOrigin.start();
        origin.stall();
        await origin.fill();
        const seen = await timed(origin.port, limits({ dialMs: limitMs }), send);
        expect(seen.reason).toBe("connection_timeout");
        expectInTime(seen, limitMs, DIAL_TOLERANCE_MS);
      },
      AGAIN,
    );

    test.each([300])(
      "response_header_timeout of %d ms, counted from when a slow client has sent its body, which is no fault of the upstream",
      async (limitMs) => {
        await using origin = RawOrigin.start(() => {});
        const seen = await timed(
          origin.port,
          limits({ responseHeaderMs: limitMs, writeMs: limitMs / 6 }),
          async (client) => {
            client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nContent-Length: 4\r\n\r\n`);
            for (const byte of "body") {
              await Bun.sleep(limitMs / 3);
              client.send(byte);
            }
            return performance.now();
          },
        );
        expect(seen.reason).toBe("http_response_timeout");
        expectInTime(seen, limitMs);
      },
      AGAIN,
    );

    test.each([300])(
      "write_timeout of %d ms",
      async (limitMs) => {
        let stoppedAt = 0;
        await using origin = RawOrigin.start(({ connection }) => {
          connection.pause();
          stoppedAt = performance.now();
        });
        const seen = await timed(origin.port, limits({ writeMs: limitMs }), async (client) => {
          client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nContent-Length: 100000000\r\n\r\n`);
          client.send(Buffer.alloc(30_000_000));
          await origin.exchange(1);
          return stoppedAt;
        });
        expect(seen.reason).toBe("write_timeout");
        expectInTime(seen, limitMs);
      },
      AGAIN,
    );
  },
);
