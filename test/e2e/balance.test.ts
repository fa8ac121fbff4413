import { describe, expect, test } from "bun:test";
import type { ListenerConfig, PolicyConfig, ReverseProxyConfig } from "../../src/config/model.ts";
import { makeCertificate } from "../helpers/certificates.ts";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf, valuesOf } from "../helpers/raw-head.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

const [{ fields }] = LANES;
const FIRST = { type: "first" } as const;
const STICKY = { type: "cookie", name: "lb", secret: "s", maxAgeMs: 0, fallback: FIRST } as const;

/** Three origins that say their number, behind one policy. */
class Setting implements AsyncDisposable {
  readonly proxy: ProxyUnderTest;
  readonly #owned: AsyncDisposableStack;

  private constructor(proxy: ProxyUnderTest, owned: AsyncDisposableStack) {
    this.proxy = proxy;
    this.#owned = owned;
  }

  static async start(
    policy: PolicyConfig,
    weights: readonly number[] = [],
    more: Partial<ReverseProxyConfig> = {},
    listener: Partial<ListenerConfig> = {},
  ): Promise<Setting> {
    await using stack = new AsyncDisposableStack();
    const origins = ["0", "1", "2"].map((name) =>
      stack.use(RawOrigin.start(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`)),
    );
    const ports = origins.map(({ port }) => port);
    const proxy = stack.use(await startProxy(ports, { proxy: { ...more, balance: { policy, weights } }, listener }));
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

  test("uri_hash looks at the target that goes upstream", async () => {
    await using setting = await Setting.start({ type: "uri_hash" }, [], { rewrite: "/same" });
    expect(new Set(await setting.many(12, (i) => `/p${i}`)).size).toBe(1);
  });

  test("client_ip_hash goes by what trusted proxies tell, ip_hash does not", async () => {
    for (const [type, size] of [
      ["client_ip_hash", 3],
      ["ip_hash", 1],
    ] as const) {
      await using setting = await Setting.start({ type }, [], {}, { trustedProxies: ["127.0.0.0/8"] });
      const found = new Set<string>();
      for (let i = 0; i < 30; i++) found.add((await setting.ask("/", [`X-Forwarded-For: 192.0.2.${i}`])).origin);
      expect(found.size).toBe(size);
    }
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

  test("cookie: it is for the peer that answered, not for one that was tried before", async () => {
    await using origin = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    await using proxy = await startProxy([refusingPort(), origin.port], {
      proxy: { balance: { policy: STICKY, weights: [] } },
    });
    await using client = await RawClient.connect(proxy.port);
    const { head, body } = await client.request("GET", "/", fields);
    expect(body.toString()).toBe("a");
    const value = new Bun.CryptoHasher("sha256", "s").update(`127.0.0.1:${origin.port}`).digest("hex");
    expect(valuesOf(head, "set-cookie")).toEqual([`lb=${value}; Path=/; HttpOnly; SameSite=Lax`]);
  });

  test("cookie: by https, also that of a trusted proxy, it may come from pages of other sites", async () => {
    const https = ["X-Forwarded-Proto: https"];
    await using untrusted = await Setting.start(STICKY);
    expect((await untrusted.ask("/", https)).cookie).toEndWith("; SameSite=Lax");
    await using trusted = await Setting.start(STICKY, [], {}, { trustedProxies: ["127.0.0.0/8"] });
    expect((await trusted.ask("/", https)).cookie).toEndWith("; SameSite=None; Secure");
    expect((await trusted.ask("/", ["X-Forwarded-Proto: http"])).cookie).toEndWith("; SameSite=Lax");
    const site = makeCertificate({ names: ["site.test"] });
    await using tls = await Setting.start(
      STICKY,
      [],
      {},
      {
        tls: [{ serverNames: [], certFile: "site.pem", keyFile: "site.key", ...site }],
      },
    );
    await using client = await RawClient.connect(tls.proxy.port, { tls: true });
    const { head } = await client.request("GET", "/", fields);
    expect(valueOf(head, "set-cookie")).toEndWith("; SameSite=None; Secure");
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
