import { describe, expect, test } from "bun:test";
import type { UpstreamAddress, UpstreamTlsConfig } from "../../../src/config/model.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { reverseProxy } from "../../helpers/proxy.ts";

function peer(address: UpstreamAddress, tls: Partial<UpstreamTlsConfig> = {}): Peer {
  return new Peer(address, { ...reverseProxy(), upstreamTls: { ...reverseProxy().upstreamTls, ...tls } });
}

const tcp = (host: string, port: number, tls = false): UpstreamAddress => ({ type: "tcp", host, port, tls });

describe("what a peer is called", () => {
  test.each([
    [tcp("127.0.0.1", 3000), "127.0.0.1:3000", "http://127.0.0.1:3000", "127.0.0.1:3000"],
    [tcp("a.test", 80), "a.test:80", "http://a.test:80", "a.test"],
    [tcp("::1", 3000), "[::1]:3000", "http://[::1]:3000", "[::1]:3000"],
    [tcp("a.test", 443, true), "https://a.test:443", "https://a.test:443", "a.test"],
    [tcp("a.test", 80, true), "https://a.test:80", "https://a.test:80", "a.test:80"],
    [
      { type: "unix", path: "/run/app.sock", tls: false } as const,
      "unix//run/app.sock",
      "http://localhost",
      "localhost",
    ],
  ])("%j", (address, name, origin, authority) => {
    const made = peer(address);
    expect([made.name, made.origin, made.authority]).toEqual([name, origin, authority]);
  });
});

describe("the name that is sent and verified", () => {
  test("is the host's own", () => {
    const { tlsOptions } = peer(tcp("a.test", 443, true));
    expect(tlsOptions).toMatchObject({ serverName: "a.test", servername: "a.test", rejectUnauthorized: true });
  });

  test("is the configured one, also for an IP address", () => {
    const { tlsOptions } = peer(tcp("10.0.0.1", 443, true), { serverName: "b.test", verify: false });
    expect(tlsOptions).toMatchObject({ serverName: "b.test", servername: "b.test", rejectUnauthorized: false });
  });

  test("is never sent for an IP address (RFC 6066 3)", () => {
    expect(peer(tcp("10.0.0.1", 443, true)).tlsOptions.servername).toBe("");
  });
});
