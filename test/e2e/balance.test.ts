import { describe, expect, test } from "bun:test";
import type { PolicyConfig } from "../../src/config/model.ts";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const [{ fields }] = LANES;
const FIRST = { type: "first" } as const;

/** Three origins that say their number, behind one policy. */
class Setting implements AsyncDisposable {
  readonly proxy: ProxyUnderTest;
  readonly #owned: AsyncDisposableStack;

  private constructor(proxy: ProxyUnderTest, owned: AsyncDisposableStack) {
    this.proxy = proxy;
    this.#owned = owned;
  }

  static async start(policy: PolicyConfig, weights: readonly number[] = []): Promise<Setting> {
    await using stack = new AsyncDisposableStack();
    const origins = ["0", "1", "2"].map((name) =>
      stack.use(RawOrigin.start(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`)),
    );
    const ports = origins.map(({ port }) => port);
    const proxy = stack.use(await startProxy(ports, { proxy: { balance: { policy, weights } } }));
    return new Setting(proxy, stack.move());
  }

  /** Which origin answered, and the cookie that came with it. */
  async ask(
    target = "/",
    more: readonly string[] = [],
  ): Promise<{ readonly origin: string; readonly cookie: string | undefined }> {
    await using client = await RawClient.connect(this.proxy.port);
    const { body, head } = await client.request("GET", target, [...fields, ...more]);
    return { origin: body.toString(), cookie: valueOf(head, "set-cookie") };
  }

  async many(count: number, target: (i: number) => string = () => "/"): Promise<string[]> {
    const found: string[] = [];
    for (let i = 0; i < count; i++) found.push((await this.ask(target(i))).origin);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

describe("through the whole proxy", () => {
  test("round_robin and weighted_round_robin", async () => {
    await using even = await Setting.start({ type: "round_robin" });
    expect(await even.many(6)).toEqual(["0", "1", "2", "0", "1", "2"]);
    await using weighted = await Setting.start({ type: "weighted_round_robin" }, [3, 1, 1]);
    expect((await weighted.many(5)).toSorted()).toEqual(["0", "0", "0", "1", "2"]);
  });

  test("first", async () => {
    await using setting = await Setting.start(FIRST);
    expect(new Set(await setting.many(5))).toEqual(new Set(["0"]));
  });

  test.each([{ type: "random" }, { type: "random_choose", choose: 2 }] as const)(
    "$type reaches all",
    async (policy) => {
      await using setting = await Setting.start(policy);
      expect(new Set(await setting.many(60)).size).toBe(3);
    },
  );

  test("uri_hash: the same target always goes to the same, and targets are spread", async () => {
    await using setting = await Setting.start({ type: "uri_hash" });
    const once = await setting.many(30, (i) => `/p${i}`);
    expect(await setting.many(30, (i) => `/p${i}`)).toEqual(once);
    expect(new Set(once).size).toBe(3);
  });

  test("ip_hash and client_ip_hash: one client stays", async () => {
    for (const type of ["ip_hash", "client_ip_hash"] as const) {
      await using setting = await Setting.start({ type });
      expect(new Set(await setting.many(8, (i) => `/${i}`)).size).toBe(1);
    }
  });

  test("header and query by their value, without one as the fallback says", async () => {
    await using byHeader = await Setting.start({ type: "header", field: "X-User", fallback: FIRST });
    const users = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let i = 0; i < 60; i++) found.push((await byHeader.ask("/", [`X-User: u${i}`])).origin);
      return found;
    };
    const once = await users();
    expect(await users()).toEqual(once);
    expect(new Set(once).size).toBe(3);
    expect((await byHeader.ask()).origin).toBe("0");
    await using byQuery = await Setting.start({ type: "query", key: "id", fallback: FIRST });
    expect(new Set(await byQuery.many(30, (i) => `/?id=${i}`)).size).toBe(3);
    expect(await byQuery.many(3)).toEqual(["0", "0", "0"]);
  });

  test("cookie: a new client is given one, and comes back by it", async () => {
    const policy = { type: "cookie", name: "lb", secret: "s", maxAgeMs: 0, fallback: { type: "round_robin" } } as const;
    await using setting = await Setting.start(policy);
    const clients = [await setting.ask(), await setting.ask(), await setting.ask()];
    expect(clients.map(({ origin }) => origin)).toEqual(["0", "1", "2"]);
    for (const { origin, cookie } of clients) {
      expect(cookie).toMatch(/^lb=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/);
      const again = await setting.ask("/", [`Cookie: a=b; ${cookie?.split(";")[0] ?? ""}`]);
      expect(again).toEqual({ origin, cookie: undefined });
    }
  });

  test("least_conn: one that is busy gets no more while others are idle", async () => {
    const held = Promise.withResolvers<void>();
    await using slow = RawOrigin.start(async ({ connection }) => {
      await held.promise;
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ns");
    });
    await using quick = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nq");
    const balance = { policy: { type: "least_conn" }, weights: [] } as const;
    await using proxy = await startProxy([slow.port, quick.port], { proxy: { balance } });
    await using waiting = await RawClient.connect(proxy.port);
    waiting.send(`GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
    await slow.exchange(1);
    await using client = await RawClient.connect(proxy.port);
    for (let i = 0; i < 5; i++) expect((await client.request("GET", "/", fields)).body.toString()).toBe("q");
    held.resolve();
    expect((await waiting.answer()).body.toString()).toBe("s");
  });
});
