import { describe, expect, test } from "bun:test";
import type { AdminOrigin, ListenAddress } from "../../../../src/config/model.ts";
import { AdminAccess, type Need } from "../../../../src/server/admin/access.ts";

const TOKEN = "0123456789abcdef";
const LOOPBACK: ListenAddress = { type: "tcp", host: "127.0.0.1", port: 2019 };
const ANY: ListenAddress = { type: "tcp", host: "::", port: 2019 };
const SOCKET: ListenAddress = { type: "unix", path: "/run/x.sock" };

interface Case {
  readonly address?: ListenAddress;
  readonly token?: string;
  readonly origins?: readonly AdminOrigin[];
  readonly need?: Need;
  readonly headers?: Readonly<Record<string, string>>;
}

function access({ address = LOOPBACK, token, origins = [] }: Case): AdminAccess {
  return new AdminAccess(address, { token, origins }, "Box");
}

/** 200, or what it is refused with. */
function status(asked: Case): number {
  const headers = new Headers({ host: "localhost:2019", ...asked.headers });
  return access(asked).refusal(headers, asked.need ?? "read")?.status ?? 200;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });

describe("the Host", () => {
  test.each(["localhost:2019", "LOCALHOST", "localhost.:2019", "127.0.0.1:2019", "[::1]:2019", "localhost:9000"])(
    "%s is the listener's own",
    (host) => {
      expect(status({ headers: { host } })).toBe(200);
    },
  );

  test.each([
    "rebound.example:2019",
    "localhost.rebound.example",
    "127.0.0.1.rebound.example:2019",
    "192.168.1.7:2019",
    "localhost:2019, rebound.example",
    "localhost@rebound.example",
    "localhost/",
    "",
  ])("%p is not, however little is asked for", (host) => {
    for (const need of ["life", "read", "write"] as const) expect(status({ headers: { host }, need })).toBe(403);
  });

  test("may be what origins name, with its port where they have one", () => {
    const origins = [
      { scheme: undefined, authority: "admin.example" },
      { scheme: "https", authority: "b.example:8443" },
    ] as const;
    const seen = ["admin.example", "admin.example:8080", "b.example:8443", "b.example", "c.example", "localhost"];
    expect(seen.map((host) => status({ origins, headers: { host } }))).toEqual([200, 200, 200, 403, 403, 200]);
  });

  test("may be any address, and the machine's name, where it listens on every one", () => {
    const seen = ["192.0.2.7:2019", "[2001:db8::1]:2019", "box:2019", "localhost", "rebound.example:2019"];
    const all = seen.map((host) => status({ address: ANY, token: TOKEN, headers: { host, ...bearer(TOKEN) } }));
    expect(all).toEqual([200, 200, 200, 200, 403]);
  });

  test("is that of the address that is listened on, where that is one of the machine's", () => {
    const address: ListenAddress = { type: "tcp", host: "10.0.0.1", port: 1 };
    const of = (host: string) => status({ address, token: TOKEN, headers: { host, ...bearer(TOKEN) } });
    expect([of("10.0.0.1:1"), of("localhost:1"), of("10.0.0.2:1")]).toEqual([200, 403, 403]);
  });

  test("is whatever it is over a unix socket", () => {
    expect(status({ address: SOCKET, headers: { host: "x" }, need: "write" })).toBe(200);
  });
});

describe("a browser", () => {
  test("is let in from the listener's own page alone", () => {
    const of = (origin: string, host = "localhost:2019") => status({ headers: { origin, host }, need: "write" });
    expect(of("http://localhost:2019")).toBe(200);
    expect(of("http://localhost:9000", "localhost:9000")).toBe(200);
    // Of another program on this machine, of another site, of a frame without rights, of no site at all.
    expect(of("http://localhost:3000")).toBe(403);
    expect(of("http://127.0.0.1:2019")).toBe(403);
    expect(of("https://evil.example")).toBe(403);
    expect(of("null")).toBe(403);
    expect(of("file://localhost:2019")).toBe(403);
    expect(of("http://localhost:2019.evil.example")).toBe(403);
  });

  test("may come from what origins name, by their scheme where they have one", () => {
    const origins = [{ scheme: "https", authority: "admin.example" }] as const;
    const of = (origin: string) => status({ origins, headers: { origin } });
    expect([of("https://admin.example"), of("http://admin.example"), of("https://b.example")]).toEqual([200, 403, 403]);
  });

  test("that says that another site sends it is refused, also where nothing is changed", () => {
    const of = (site: string) => status({ headers: { "sec-fetch-site": site } });
    expect(["same-origin", "none", "same-site", "cross-site"].map(of)).toEqual([200, 200, 200, 403]);
  });

  test("is looked at over a unix socket too", () => {
    const of = (headers: Record<string, string>) => status({ address: SOCKET, headers });
    expect(of({ origin: "https://evil.example" })).toBe(403);
    expect(of({ "sec-fetch-site": "cross-site" })).toBe(403);
  });
});

describe("a token", () => {
  const of = (headers: Record<string, string>, need: Need = "write", address: ListenAddress = LOOPBACK) =>
    status({ token: TOKEN, headers, need, address });

  test("is needed for changes, and for them alone where only this machine reaches it", () => {
    expect([of({}, "read"), of({}, "life"), of({})]).toEqual([200, 200, 401]);
    expect([of(bearer(TOKEN)), of(bearer(`${TOKEN}0`)), of(bearer("")), of({ authorization: TOKEN })]).toEqual([
      200, 401, 401, 401,
    ]);
  });

  test("may be the password that a browser asks its user for", () => {
    expect([of(basic(`admin:${TOKEN}`)), of(basic(`:${TOKEN}`)), of(basic(`${TOKEN}:`))]).toEqual([200, 200, 401]);
  });

  test("is needed for reading too where other machines reach it", () => {
    expect([of({}, "read", ANY), of({}, "life", ANY), of(bearer(TOKEN), "read", ANY)]).toEqual([401, 200, 200]);
  });

  test("is not needed over a unix socket", () => {
    expect(of({}, "write", SOCKET)).toBe(200);
  });

  test("is asked for, by a browser where its user wants in and not in the midst of the page", () => {
    const challenge = (need: Need, headers: Record<string, string> = {}) =>
      access({ token: TOKEN, address: ANY }).refusal(new Headers({ host: "localhost", ...headers }), need)?.challenge;
    expect(challenge("write")).toBe('Bearer realm="gatekeeper admin"');
    expect(challenge("write", bearer("wrong"))).toBe('Bearer realm="gatekeeper admin", error="invalid_token"');
    expect(challenge("read")).toBe('Bearer realm="gatekeeper admin"');
    const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
    expect(challenge("read", browser)).toBe('Basic realm="gatekeeper admin", charset="UTF-8"');
    expect(challenge("write", browser)).toBe('Bearer realm="gatekeeper admin"');
  });

  test("that is not there lets nobody in from other machines, but to see that it lives", () => {
    const none = (need: Need) => status({ address: ANY, need });
    expect([none("life"), none("read"), none("write")]).toEqual([200, 403, 403]);
  });

  test("decides whether buttons are shown", () => {
    const may = (asked: Case) => access(asked).mayWrite(new Headers(asked.headers));
    expect(may({})).toBe(true);
    expect(may({ token: TOKEN })).toBe(false);
    expect(may({ token: TOKEN, headers: bearer(TOKEN) })).toBe(true);
    expect(may({ address: ANY })).toBe(false);
    expect(may({ token: TOKEN, address: SOCKET })).toBe(true);
  });
});
