import { describe, expect, test } from "bun:test";
import type { PolicyConfig, ReverseProxyConfig } from "../../src/config/model.ts";
import { CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { type ProxyUnderTest, startProxy, tcpHealth } from "../helpers/proxy.ts";
import { refusingPort } from "../helpers/raw-origin.ts";
import { fieldsOf, Op, type RawSocket, rawClient } from "../helpers/ws-raw.ts";
import { until } from "../helpers/streams.ts";

/** An origin that says its number to each WebSocket, or refuses with a status. */
class Origin implements AsyncDisposable {
  readonly #server: Bun.Server<undefined>;
  /** Undefined takes them. */
  refusal: number | undefined = undefined;
  asked = 0;

  constructor(name: string, port = 0) {
    this.#server = Bun.serve<undefined>({
      hostname: "127.0.0.1",
      port,
      fetch: (request, server) => {
        this.asked++;
        if (this.refusal !== undefined) return new Response(null, { status: this.refusal });
        return server.upgrade(request, { data: undefined }) ? undefined : new Response("http");
      },
      websocket: { open: (socket) => void socket.send(name), message() {} },
    });
  }

  get port(): number {
    return Number(this.#server.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

interface Opened extends Disposable {
  readonly status: number;
  readonly head: string;
  /** What the origin called itself; "" where there is no WebSocket. */
  readonly origin: string;
  readonly socket: RawSocket;
}

async function open({ port }: ProxyUnderTest, fields: readonly string[] = [], target = "/"): Promise<Opened> {
  const socket = await rawClient(port, fields, target);
  const head = await socket.head();
  const status = Number(head.slice(9, 12));
  const origin = status === 101 ? String((await socket.frame()).payload) : "";
  return { status, head, origin, socket, [Symbol.dispose]: () => socket[Symbol.dispose]() };
}

function policy(given: PolicyConfig): Partial<ReverseProxyConfig> {
  return { balance: { policy: given, weights: [] } };
}

const FIRST = policy({ type: "first" });
const PASSIVE = { ...UPSTREAM_POLICY_DEFAULTS.passiveHealth, failDurationMs: 60_000 };

describe("WebSockets go by", () => {
  test("every policy", async () => {
    await using a = new Origin("a");
    await using b = new Origin("b");
    const origins = async (given: PolicyConfig, count: number, fields: (i: number) => readonly string[] = () => []) => {
      await using proxy = await startProxy([a.port, b.port], { proxy: policy(given) });
      using stack = new DisposableStack();
      const found: string[] = [];
      for (let i = 0; i < count; i++) found.push(stack.use(await open(proxy, fields(i), `/${i}`)).origin);
      return found;
    };
    expect(await origins({ type: "round_robin" }, 4)).toEqual(["a", "b", "a", "b"]);
    expect(await origins({ type: "first" }, 3)).toEqual(["a", "a", "a"]);
    // Those that are open count.
    expect((await origins({ type: "least_conn" }, 6)).toSorted()).toEqual(["a", "a", "a", "b", "b", "b"]);
    expect((await origins({ type: "random_choose", choose: 2 }, 6)).toSorted()).toEqual(["a", "a", "a", "b", "b", "b"]);
    expect(new Set(await origins({ type: "random" }, 30)).size).toBe(2);
    expect(new Set(await origins({ type: "uri_hash" }, 30)).size).toBe(2);
    expect(new Set(await origins({ type: "ip_hash" }, 5)).size).toBe(1);
    const byUser = { type: "header", field: "X-User", fallback: { type: "first" } } as const;
    expect(new Set(await origins(byUser, 5, () => ["X-User: one"])).size).toBe(1);
    expect(new Set(await origins(byUser, 30, (i) => [`X-User: ${i}`])).size).toBe(2);
  });

  test("a cookie, which comes with the 101", async () => {
    await using a = new Origin("a");
    await using b = new Origin("b");
    const sticky = { type: "cookie", name: "lb", secret: "s", maxAgeMs: 0, fallback: { type: "round_robin" } } as const;
    await using proxy = await startProxy([a.port, b.port], { proxy: policy(sticky) });
    using _ = await open(proxy);
    using second = await open(proxy);
    const [cookie = ""] = fieldsOf(second.head, "set-cookie");
    expect(cookie).toMatch(/^lb=[0-9a-f]{64}; /);
    for (let i = 0; i < 3; i++) {
      using again = await open(proxy, [`Cookie: ${cookie.split(";")[0]}`]);
      expect([again.origin, fieldsOf(again.head, "set-cookie")]).toEqual(["b", []]);
    }
  });

  test("active health", async () => {
    await using b = new Origin("b");
    await using proxy = await startProxy([refusingPort(), b.port], { proxy: { ...FIRST, ...tcpHealth(20) } });
    await proxy.log.until(
      () => proxy.log.lines.some(({ message }) => message === "peer is down"),
      "the peer to be down",
    );
    using opened = await open(proxy);
    expect(opened.origin).toBe("b");
    expect(proxy.log.lines.filter(({ message }) => message === "trying again")).toEqual([]);
  });

  test("passive health: a handshake that fails, or is refused with an unhealthy status, is a strike", async () => {
    await using a = new Origin("a");
    await using b = new Origin("b");
    a.refusal = 503;
    const passiveHealth = { ...PASSIVE, unhealthyStatuses: [5] };
    await using proxy = await startProxy([a.port, b.port], { proxy: { ...FIRST, passiveHealth } });
    using refused = await open(proxy);
    expect(refused.status).toBe(503);
    using next = await open(proxy);
    expect([next.origin, a.asked]).toEqual(["b", 1]);
  });

  test("a circuit breaker", async () => {
    await using a = new Origin("a");
    await using b = new Origin("b");
    a.refusal = 500;
    const breaker = { ...CIRCUIT_BREAKER_DEFAULTS, minRequests: 2, openMs: 60_000 };
    await using proxy = await startProxy([a.port, b.port], { proxy: { ...FIRST, breaker } });
    for (let i = 0; i < 2; i++) {
      using refused = await open(proxy);
      expect(refused.status).toBe(500);
    }
    using next = await open(proxy);
    expect(next.origin).toBe("b");
  });

  test("a dial that fails goes to another peer", async () => {
    await using b = new Origin("b");
    await using proxy = await startProxy([refusingPort(), b.port], { proxy: FIRST });
    using opened = await open(proxy);
    expect(opened.origin).toBe("b");
    expect(proxy.log.failures).toEqual([]);
  });

  test("lb_try_duration: a handshake waits while the only upstream restarts", async () => {
    const port = refusingPort();
    const retry = { ...UPSTREAM_POLICY_DEFAULTS.retry, tryDurationMs: 5_000, tryIntervalMs: 20 };
    await using proxy = await startProxy(port, { proxy: { retry } });
    const opening = open(proxy);
    await until(() => proxy.worker.open === 1, "the handshake");
    // Time for some attempts.
    await Bun.sleep(50);
    await using _ = new Origin("back", port);
    using opened = await opening;
    expect(opened.origin).toBe("back");
  });

  test("max_conns_per_host: those that are open count, and the next waits for one to end", async () => {
    await using a = new Origin("a");
    const limit = { maxRequests: 1, maxQueued: 10, queueTimeoutMs: 5_000 };
    await using proxy = await startProxy(a.port, { proxy: { limit } });
    const first = await open(proxy);
    const waiting = open(proxy);
    await until(() => proxy.worker.open === 2, "the second to wait");
    expect(a.asked).toBe(1);
    first.socket.send(Op.close);
    using second = await waiting;
    expect([second.origin, a.asked]).toEqual(["a", 2]);
    first[Symbol.dispose]();
  });
});
