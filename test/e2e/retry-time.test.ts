import { describe, expect, test } from "bun:test";
import type { RetryConfig } from "../../src/config/model.ts";
import { UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { LANES } from "../helpers/lanes.ts";
import { startProxy, tcpHealth } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";
import { until } from "../helpers/streams.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function retry(given: Partial<RetryConfig>): { readonly retry: RetryConfig } {
  return { retry: { ...UPSTREAM_POLICY_DEFAULTS.retry, tryIntervalMs: 20, ...given } };
}

/** A port that refuses until an origin is started on it. */
function laterOrigin(): { readonly port: number; start(): AsyncDisposable } {
  const port = refusingPort();
  return {
    port,
    start: () => {
      const server = Bun.serve({
        hostname: "127.0.0.1",
        port,
        fetch: async (request) => new Response(await request.text()),
      });
      return { [Symbol.asyncDispose]: () => server.stop(true) };
    },
  };
}

describe.each(LANES)("by the $lane lane", ({ fields }) => {
  test.each([0, 5_000])(
    "lb_try_duration waits for the only upstream, a POST with its body too, limits %d ms",
    async (ms) => {
      const later = laterOrigin();
      const timeouts = { dialMs: 3_000, responseHeaderMs: ms, readMs: 0, writeMs: ms };
      await using proxy = await startProxy(later.port, { proxy: { ...retry({ tryDurationMs: 5_000 }), timeouts } });
      await using client = await RawClient.connect(proxy.port);
      client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nContent-Length: 4\r\n\r\nbody`);
      await until(() => proxy.worker.open === 1, "the request");
      // Time for some attempts.
      await Bun.sleep(50);
      await using _ = later.start();
      const answer = await client.answer();
      expect([answer.status, answer.body.toString()]).toEqual([200, "body"]);
      expect(proxy.log.failures).toEqual([]);
    },
  );

  test("lb_try_duration ends with the last error", async () => {
    await using proxy = await startProxy(refusingPort(), { proxy: retry({ tryDurationMs: 400 }) });
    await using client = await RawClient.connect(proxy.port);
    const began = performance.now();
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(350);
    // Long before the next thing that could end it.
    expect(tookMs).toBeLessThan(2_000);
    const [failure] = proxy.log.failures;
    expect(failure?.facts["reason"]).toBe("connection_refused");
    expect(Number(failure?.facts["attempts"])).toBeGreaterThan(5);
  });

  test("a client that goes ends the waiting", async () => {
    await using proxy = await startProxy(refusingPort(), { proxy: retry({ tryDurationMs: 60_000 }) });
    const client = await RawClient.connect(proxy.port);
    client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    await until(() => proxy.worker.open === 1, "the request");
    // Time for an attempt or two.
    await Bun.sleep(40);
    client[Symbol.dispose]();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the end of the request");
    expect(proxy.log.failures[0]?.facts["reason"]).toBe("client_gone");
  });

  test("while every upstream is down by its health check, a request waits for one", async () => {
    const later = laterOrigin();
    await using proxy = await startProxy(later.port, {
      proxy: { ...retry({ tryDurationMs: 5_000 }), ...tcpHealth(20) },
    });
    await proxy.log.until(
      () => proxy.log.lines.some(({ message }) => message === "peer is down"),
      "the peer to be down",
    );
    await using client = await RawClient.connect(proxy.port);
    client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    await using _ = later.start();
    expect((await client.answer()).status).toBe(200);
  });

  test("lb_retries sends a GET again that was lost, and never a POST", async () => {
    let asked = 0;
    await using origin = RawOrigin.start(async (exchange) => {
      await exchange.body();
      if (asked++ < 2) exchange.connection.reset();
      else exchange.connection.send(OK);
    });
    await using proxy = await startProxy(origin.port, { proxy: retry({ retries: 3 }) });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(200);
    expect(asked).toBeGreaterThanOrEqual(3);
    asked = 0;
    expect((await client.request("POST", "/", [...fields, "Content-Length: 1"], "x")).status).toBe(502);
    expect(asked).toBe(1);
  });

  test("lb_retry_match lets another method be sent again, without a body", async () => {
    let asked = 0;
    await using origin = RawOrigin.start(async (exchange) => {
      await exchange.body();
      if (asked++ === 0) exchange.connection.reset();
      else exchange.connection.send(OK);
    });
    const match = [[{ type: "method", methods: ["DELETE"] }]] as const;
    await using proxy = await startProxy(origin.port, { proxy: retry({ retries: 1, match }) });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("DELETE", "/", fields)).status).toBe(200);
    expect(asked).toBe(2);
  });

  test("the one that has just failed is the last to be asked again", async () => {
    const asked: string[] = [];
    const losing = (name: string) =>
      RawOrigin.start(async (exchange) => {
        asked.push(name);
        await exchange.body();
        exchange.connection.reset();
      });
    await using a = losing("a");
    await using b = losing("b");
    const balance = { policy: { type: "first" }, weights: [] } as const;
    const config = { ...retry({ retries: 5, tryIntervalMs: 1 }), balance };
    await using proxy = await startProxy([a.port, b.port], { proxy: config });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    // Bun's fetch asks a peer anew by itself where a connection that it kept was lost: not here, where none is kept.
    expect(asked.join("")).toBe("ababab");
  });

  test("an outage is not multiplied: past the budget failures go out at once", async () => {
    let asked = 0;
    await using origin = RawOrigin.start(async (exchange) => {
      asked++;
      await exchange.body();
      exchange.connection.reset();
    });
    const config = retry({ retries: 5, tryIntervalMs: 1, budgetPercent: 10, budgetMinPerSecond: 1 });
    await using proxy = await startProxy(origin.port, { proxy: config });
    const REQUESTS = 30;
    for (let i = 0; i < REQUESTS; i++) {
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request("GET", "/", fields)).status).toBe(502);
    }
    const words = "retry budget used up";
    expect(proxy.log.failures.at(-1)?.facts["retries"]).toBe(words);
    await using last = await RawClient.connect(proxy.port);
    expect(valueOf((await last.request("GET", "/", fields)).head, "proxy-status")).toContain(
      `details="connection_terminated, ${words}"`,
    );
    // Without a budget it would be six for each.
    expect(asked).toBeLessThan(REQUESTS * 3);
    expect(asked).toBeGreaterThan(REQUESTS);
  });
});
