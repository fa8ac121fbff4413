import { expect, test } from "bun:test";
import { compileTrustedProxies, isTrusted } from "../../../src/core/trust.ts";

const NETWORKS = ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "::1/128"];

test.each([
  ["10.0.0.1", true],
  ["10.255.255.255", true],
  ["11.0.0.1", false],
  ["192.168.1.7", true],
  ["192.168.1.8", false],
  ["fd12::1", true],
  ["fe80::1", false],
  ["::1", true],
  ["::2", false],
  ["", false],
])("%s is trusted: %p", (address, expected) => {
  expect(isTrusted(compileTrustedProxies(NETWORKS), address)).toBe(expected);
});

test("nobody is trusted by default", () => {
  const none = compileTrustedProxies([]);
  expect(none).toBeUndefined();
  expect(isTrusted(none, "127.0.0.1")).toBe(false);
});

test("everybody can be", () => {
  const all = compileTrustedProxies(["0.0.0.0/0", "::/0"]);
  expect(["127.0.0.1", "203.0.113.9", "2001:db8::1"].map((address) => isTrusted(all, address))).toEqual([
    true,
    true,
    true,
  ]);
});
