import { describe, expect, test } from "bun:test";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { LANES } from "../helpers/lanes.ts";
import { configWith, type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";
import { until } from "../helpers/streams.ts";

const FIRST = { balance: { policy: { type: "first" }, weights: [] } } as const;

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function passive(given: Partial<ReverseProxyConfig["passiveHealth"]>): Partial<ReverseProxyConfig> {
  return { ...FIRST, passiveHealth: { ...UPSTREAM_POLICY_DEFAULTS.passiveHealth, failDurationMs: 60_000, ...given } };
}

/** A first upstream of choice, and a second that is well. */
async function withStandIn(
  first: Parameters<typeof RawOrigin.start>[0],
  proxy: Partial<ReverseProxyConfig>,
  run: (proxy: ProxyUnderTest, origin: RawOrigin) => Promise<void>,
): Promise<void> {
  await using bad = RawOrigin.start(first);
  await using good = RawOrigin.start(answer(200, "good"));
  await using under = await startProxy([bad.port, good.port], { proxy });
  await run(under, bad);
}

const suspicions = (proxy: ProxyUnderTest): unknown[] =>
  proxy.log.lines.filter(({ message }) => message.startsWith("peer is suspect")).map(({ facts }) => facts["reason"]);

describe.each(LANES)("passive health by the $lane lane", ({ fields }) => {
  const ask = async (proxy: ProxyUnderTest, method = "GET"): Promise<readonly [number, string]> => {
    await using client = await RawClient.connect(proxy.port);
    const { status, body } = await client.request(method, "/", fields);
    return [status, body.toString()];
  };

  test("unhealthy_status: after so many, others are preferred, and it is said once", async () => {
    const config = passive({ maxFails: 2, unhealthyStatuses: [5] });
    await withStandIn(answer(503, "bad"), config, async (proxy) => {
      const seen = [await ask(proxy), await ask(proxy), await ask(proxy), await ask(proxy)];
      expect(seen).toEqual([
        [503, "bad"],
        [503, "bad"],
        [200, "good"],
        [200, "good"],
      ]);
      expect(suspicions(proxy)).toEqual(["it answered 503"]);
    });
  });

  test("a broken connection and a body that breaks off are failures", async () => {
    for (const bytes of ["", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]) {
      const broken: Parameters<typeof RawOrigin.start>[0] = async ({ connection }) => {
        connection.send(bytes);
        await Bun.sleep(20);
        connection.reset();
      };
      await withStandIn(broken, passive({}), async (proxy) => {
        await ask(proxy).catch(() => {});
        await proxy.log.until(() => suspicions(proxy).length === 1, "the peer to be suspect");
        expect(await ask(proxy)).toEqual([200, "good"]);
      });
    }
  });

  test("unhealthy_latency: an answer that begins late is a failure", async () => {
    const late: Parameters<typeof RawOrigin.start>[0] = async ({ connection }) => {
      await Bun.sleep(80);
      connection.send(answer(200, "late"));
    };
    await withStandIn(late, passive({ unhealthyLatencyMs: 40 }), async (proxy) => {
      expect([await ask(proxy), await ask(proxy)]).toEqual([
        [200, "late"],
        [200, "good"],
      ]);
      expect(String(suspicions(proxy)[0])).toMatch(/^its answer took \d+ ms$/);
    });
  });

  test("unhealthy_request_count: one that is busy gets no more while another has fewer", async () => {
    await withStandIn(
      () => {},
      passive({ failDurationMs: 0, unhealthyRequestCount: 1 }),
      async (proxy, busy) => {
        await using waiting = await RawClient.connect(proxy.port);
        waiting.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
        await busy.exchange(1);
        expect(await ask(proxy)).toEqual([200, "good"]);
      },
    );
  });

  test("a client that leaves is no failure of its peer", async () => {
    await withStandIn(
      () => {},
      passive({}),
      async (proxy, origin) => {
        const client = await RawClient.connect(proxy.port);
        client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
        await origin.exchange(1);
        client[Symbol.dispose]();
        await proxy.log.until(() => proxy.log.failures.length === 1, "the end of the request");
        await using again = await RawClient.connect(proxy.port);
        again.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
        await origin.exchange(2);
        expect(suspicions(proxy)).toEqual([]);
      },
    );
  });

  test("the last one is used whatever failed on it, and is trusted again after its time", async () => {
    let status = 500;
    await using origin = RawOrigin.start(({ connection }) => connection.send(answer(status, "x")));
    const config = passive({ failDurationMs: 60, unhealthyStatuses: [5] });
    await using proxy = await startProxy(origin.port, { proxy: config });
    expect([(await ask(proxy))[0], (await ask(proxy))[0]]).toEqual([500, 500]);
    status = 200;
    const isTrusted = (): boolean => proxy.log.lines.some(({ message }) => message === "peer is trusted again");
    const end = performance.now() + 3_000;
    while (!isTrusted() && performance.now() < end) {
      expect((await ask(proxy))[0]).toBe(200);
      await Bun.sleep(10);
    }
    expect(isTrusted()).toBe(true);
  });

  test("a circuit breaker spares a peer, tries it, and closes", async () => {
    let status = 500;
    const breaker = { ...CIRCUIT_BREAKER_DEFAULTS, minRequests: 3, openMs: 500, trials: 1 };
    const origin: Parameters<typeof RawOrigin.start>[0] = ({ connection }) => connection.send(answer(status, "tried"));
    await withStandIn(origin, { ...FIRST, breaker }, async (proxy) => {
      for (let i = 0; i < 3; i++) expect((await ask(proxy))[0]).toBe(500);
      expect(await ask(proxy)).toEqual([200, "good"]);
      status = 200;
      const end = performance.now() + 3_000;
      while ((await ask(proxy))[1] === "good" && performance.now() < end) await Bun.sleep(10);
      expect(await ask(proxy)).toEqual([200, "tried"]);
      expect(proxy.log.lines.map(({ message }) => message)).toContain("peer is trusted again");
    });
  });

  test("a trial whose client leaves gives its place to the next one", async () => {
    const breaker = { ...CIRCUIT_BREAKER_DEFAULTS, minRequests: 1, openMs: 30, trials: 1 };
    let text = answer(500, "bad");
    const origin: Parameters<typeof RawOrigin.start>[0] = ({ connection }) => connection.send(text);
    await withStandIn(origin, { ...FIRST, breaker }, async (proxy, bad) => {
      expect((await ask(proxy))[0]).toBe(500);
      text = "";
      const count = bad.exchanges.length;
      const end = performance.now() + 3_000;
      while (bad.exchanges.length === count && performance.now() < end) {
        const client = await RawClient.connect(proxy.port);
        client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
        await Bun.sleep(20);
        client[Symbol.dispose]();
      }
      await proxy.log.until(() => proxy.log.failures.length > 0, "the end of the trial");
      await until(() => proxy.worker.open === 0, "the end of all that left");
      text = answer(200, "tried");
      expect(await ask(proxy)).toEqual([200, "tried"]);
    });
  });

  test("one attempt is one failure: an unhealthy status whose body breaks off is not two", async () => {
    const begun = "HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    const broken: Parameters<typeof RawOrigin.start>[0] = ({ connection }) => connection.send(begun);
    await withStandIn(broken, passive({ maxFails: 2, unhealthyStatuses: [5] }), async (proxy, origin) => {
      await using client = await RawClient.connect(proxy.port);
      client.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
      // A reset takes back what was not read yet.
      await client.until(() => client.unread.includes("abc"), "the begun answer");
      (await origin.exchange(1)).connection.reset();
      await proxy.log.until(() => proxy.log.failures.length === 1, "the end of the request");
      const [peer] = proxy.worker.peers;
      expect([peer?.failures, peer?.isSuspect, peer?.lastFailure?.kind]).toEqual([1, false, "unhealthy_status"]);
    });
  });

  test("a reload keeps failures, and judges by what it says of them", async () => {
    const config = passive({ maxFails: 1, unhealthyStatuses: [5] });
    await withStandIn(answer(503, "bad"), config, async (proxy, { port }) => {
      expect(await ask(proxy)).toEqual([503, "bad"]);
      const upstreams = proxy.worker.peers.map(({ name }) => Number(name.split(":")[1]));
      expect(upstreams[0]).toBe(port);
      const reload = async (maxFails: number): Promise<void> => {
        const next = configWith({
          upstreams: upstreams.map((each) => ({ type: "tcp", host: "127.0.0.1", port: each, tls: false }) as const),
          proxy: passive({ maxFails, unhealthyStatuses: [5] }),
        });
        expect((await proxy.worker.reload(next)).type).toBe("reloaded");
      };
      await reload(2);
      expect(await ask(proxy)).toEqual([503, "bad"]);
      expect(await ask(proxy)).toEqual([200, "good"]);
      await reload(1);
      expect(await ask(proxy)).toEqual([200, "good"]);
    });
  });
});

test("what failed last on a peer is known without passive checks, also where another one answered", async () => {
  await using good = RawOrigin.start(answer(200, "good"));
  await using proxy = await startProxy([refusingPort(), good.port], { proxy: FIRST });
  const before = Date.now();
  expect((await fetch(`http://127.0.0.1:${proxy.port}/`)).status).toBe(200);
  const [bad, well] = proxy.worker.peers;
  expect(bad).toMatchObject({ isUp: true, isSuspect: false, failures: 0, lastFailure: { kind: "connection_refused" } });
  expect(bad?.lastFailure?.at).toBeGreaterThanOrEqual(before);
  expect(well?.lastFailure).toBeUndefined();
});
