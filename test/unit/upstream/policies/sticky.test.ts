import { describe, expect, test } from "bun:test";
import type { PolicyConfig } from "../../../../src/config/model.ts";
import type { Peer } from "../../../../src/upstream/peer.ts";
import { compileBalance } from "../../../../src/upstream/selection.ts";
import { balance, facts, peers } from "../../../helpers/selection.ts";

describe("cookie", () => {
  const policy: PolicyConfig = {
    type: "cookie",
    name: "lb",
    secret: "secret",
    maxAgeMs: 0,
    fallback: { type: "first" },
  };

  test("is the HMAC of the peer's address, and brings the client back", () => {
    const all = peers(3);
    const [a, b] = all as [Peer, Peer];
    const { select, sticky } = compileBalance(balance(policy), all);
    const value = new Bun.CryptoHasher("sha256", "secret").update("127.0.0.1:3001").digest("hex");
    expect(select(facts({ fields: { cookie: `x=1; lb=${value}` } }), [])).toBe(b);
    expect(select(facts({ fields: { cookie: "lb=forged" } }), [])).toBe(a);
    expect(sticky?.cookieOf(b, false)).toBe(`lb=${value}; Path=/; HttpOnly; SameSite=Lax`);
    expect(sticky?.cookieOf(b, true)).toBe(`lb=${value}; Path=/; HttpOnly; SameSite=None; Secure`);
    expect(sticky?.isKnown(facts({ fields: { cookie: `lb=${value}` } }), b)).toBe(true);
    expect(sticky?.isKnown(facts({ fields: { cookie: `lb=${value}` } }), a)).toBe(false);
  });

  test("is set for the peer that took over from one that is down", () => {
    const all = peers(2);
    const [a, b] = all as [Peer, Peer];
    const { select, sticky } = compileBalance(balance({ ...policy, maxAgeMs: 3_600_000 }), all);
    const request = facts({ fields: { cookie: sticky?.cookieOf(b, false)?.split(";")[0] ?? "" } });
    expect(select(request, [])).toBe(b);
    b.life.down = { reason: "gone", since: 0 };
    expect(select(request, [])).toBe(a);
    expect(sticky?.isKnown(request, a)).toBe(false);
    expect(sticky?.cookieOf(a, false)).toContain("; Max-Age=3600;");
  });

  test("does not hold a client to a peer that real requests fail on, unless all are like that", () => {
    const all = peers(2);
    const [a, b] = all as [Peer, Peer];
    const { select, sticky } = compileBalance(balance(policy), all);
    const request = facts({ fields: { cookie: sticky?.cookieOf(b, false)?.split(";")[0] ?? "" } });
    b.life.failures.add(1e9, 0);
    expect(select(request, [])).toBe(a);
    a.life.failures.add(1e9, 0);
    expect(select(request, [])).toBe(b);
    expect(select(request, [b])).toBe(a);
  });

  test("of less than a second is not one that is gone at once", () => {
    const [only] = peers(1) as [Peer];
    const { sticky } = compileBalance(balance({ ...policy, maxAgeMs: 400 }), [only]);
    expect(sticky?.cookieOf(only, false)).toContain("; Max-Age=1;");
  });
});
