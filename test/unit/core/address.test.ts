import { describe, expect, test } from "bun:test";
import { MAX_RANGE, parseListen, parseUpstream, resolveUpstream } from "../../../src/core/address.ts";

describe("parseListen", () => {
  test.each([
    ["127.0.0.1:3000", "127.0.0.1", 3000],
    ["0.0.0.0:8008", "0.0.0.0", 8008],
    ["[::1]:3000", "::1", 3000],
    ["[FE80::1]:80", "fe80::1", 80],
    ["localhost:3000", "localhost", 3000],
    ["LocalHost:3000", "localhost", 3000],
    ["app_1.example.:80", "app_1.example.", 80],
    ["bücher.example:80", "xn--bcher-kva.example", 80],
    [":8008", "::", 8008],
    ["*:8008", "::", 8008],
    ["[::]:0", "::", 0],
    ["127.0.0.1:65535", "127.0.0.1", 65535],
    ["unix-box:80", "unix-box", 80],
  ])("%s", (text, host, port) => {
    expect(parseListen(text)).toEqual({ ok: true, value: [{ type: "tcp", host, port }] });
  });

  test("a unix socket is written unix/ and its absolute path", () => {
    expect(parseListen("unix//run/app.sock")).toEqual({ ok: true, value: [{ type: "unix", path: "/run/app.sock" }] });
  });

  test("a range of ports is a listener for each", () => {
    const parsed = parseListen(":8001-8004");
    expect(parsed.ok && parsed.value.map((each) => each.type === "tcp" && each.port)).toEqual([8001, 8002, 8003, 8004]);
  });

  test("a range holds so many ports and not one more", () => {
    expect(parseListen(`:1-${MAX_RANGE}`).ok).toBe(true);
    expect(parseListen(`:1-${MAX_RANGE + 1}`).ok).toBe(false);
  });

  test.each([
    ["8008", ":8008"],
    ["http://0.0.0.0:8008", "0.0.0.0:8008"],
    ["::1:3000", "[::1]:3000"],
    ["fe80::1", "[fe80::1]:8080"],
    ["[::1:3000", "[::1]:3000"],
    ["127.0.0.1", "127.0.0.1:8080"],
    ["127.0.0.1:9-3", "127.0.0.1:3-9"],
    ["unix:/run/a.sock", "unix//run/a.sock"],
    ["unix//run/a.sock|0660", "unix//run/a.sock"],
  ])("%s is refused and %s suggested", (text, suggestion) => {
    const parsed = parseListen(text);
    expect(!parsed.ok && parsed.suggestion).toBe(suggestion);
    expect(parseListen(suggestion).ok).toBe(true);
  });

  test.each([
    "",
    ":",
    "a:b",
    ":99999",
    ":-1",
    ":0-5",
    "1.2.3:80",
    "256.1.1.1:80",
    "a b:80",
    "a..b:80",
    ".a:80",
    "-a:80",
    `${"a".repeat(64)}:80`,
    `${"a.".repeat(127)}a:80`,
    "[127.0.0.1]:80",
    "[::1]80",
    "[]:80",
    "a:80:90",
    "unix",
    "unix/",
    "unix//run/",
    `unix//${"a".repeat(107)}`,
    "user@host:80",
    "host/path:80",
    "a\0b:80",
  ])("%j is refused", (text) => {
    expect(parseListen(text).ok).toBe(false);
  });
});

describe("parseUpstream", () => {
  const read = (text: string, tls = false): unknown => {
    const parsed = parseUpstream(text);
    return parsed.ok ? parsed.value.map((spec) => resolveUpstream(spec, tls)) : parsed;
  };

  test.each([
    ["127.0.0.1:3000", "127.0.0.1", 3000, false],
    ["[::1]:3000", "::1", 3000, false],
    [":3000", "localhost", 3000, false],
    ["localhost:3000", "localhost", 3000, false],
    ["host", "host", 80, false],
    ["http://host", "host", 80, false],
    ["HTTP://Host:81", "host", 81, false],
    ["https://host", "host", 443, true],
    ["https://host:8443", "host", 8443, true],
    ["https://[::1]", "::1", 443, true],
    ["[::1]", "::1", 80, false],
  ])("%s", (text, host, port, tls) => {
    expect(read(text)).toEqual([{ type: "tcp", host, port, tls }]);
  });

  test("--tls means port 443 where none is written, and TLS where no scheme is", () => {
    expect(read("host", true)).toEqual([{ type: "tcp", host: "host", port: 443, tls: true }]);
    expect(read("host:3000", true)).toEqual([{ type: "tcp", host: "host", port: 3000, tls: true }]);
  });

  test("a range of ports is a peer for each", () => {
    expect(read("https://host:8001-8002")).toEqual([
      { type: "tcp", host: "host", port: 8001, tls: true },
      { type: "tcp", host: "host", port: 8002, tls: true },
    ]);
  });

  test("a unix socket", () => {
    expect(read("unix//run/app.sock")).toEqual([{ type: "unix", path: "/run/app.sock", tls: false }]);
  });

  test.each([
    ["3000", ":3000"],
    ["http://host/path", "http://host"],
    ["https://host/", "https://host"],
    ["https://u:p@host:80", "https://host:80"],
    ["ws://host:80", "http://host:80"],
    ["wss://host", "https://host"],
    ["https://host:9-3", "https://host:3-9"],
    ["https://::1:3000", "https://[::1]:3000"],
  ])("%s is refused and %s suggested", (text, suggestion) => {
    const parsed = parseUpstream(text);
    expect(!parsed.ok && parsed.suggestion).toBe(suggestion);
    expect(parseUpstream(suggestion).ok).toBe(true);
  });

  test.each(["", ":", "https://", "://x", "ftp://host", "host:0", "host:", "?x", "#x", "a,b", "http://http://a"])(
    "%j is refused",
    (text) => {
      expect(parseUpstream(text).ok).toBe(false);
    },
  );
});
