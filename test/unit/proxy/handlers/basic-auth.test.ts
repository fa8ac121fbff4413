import { describe, expect, spyOn, test } from "bun:test";
import { BasicAuth } from "../../../../src/proxy/handlers/basic-auth.ts";
import { FailureAnswer } from "../../../../src/proxy/handlers/failure-answer.ts";
import type { Outcome } from "../../../../src/proxy/handlers/handler.ts";
import { PasswordChecks } from "../../../../src/proxy/handlers/password-checks.ts";
import { sessionFor } from "./request.ts";

// `secret`, at the lowest cost there is.
const HASH = "$2b$04$GJAmXn5ng46rtJUeFt8hg.a2F20ieLhpNZBEiLOfomQJ9sQKRK/la";
const USERS = [
  { name: "bob", hash: HASH },
  { name: "éva", hash: HASH.replace("$2b$", "$2a$") },
  { name: "php", hash: HASH.replace("$2b$", "$2y$") },
];

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

interface Tried {
  readonly outcome: Outcome | undefined;
  readonly user: string | undefined;
}

async function attempt(authorization: string | undefined, auth = handler()): Promise<Tried> {
  const session = sessionFor("/", { headers: authorization === undefined ? {} : { Authorization: authorization } });
  const outcome = await auth.handle(session);
  return { outcome, user: session.ctx.user };
}

function handler(checks = new PasswordChecks()): BasicAuth {
  return new BasicAuth({ type: "basic_auth", realm: "restricted", users: USERS }, checks);
}

describe("basic_auth", () => {
  test.each([
    [basic("bob:secret"), "bob"],
    [basic("éva:secret"), "éva"],
    [basic("php:secret"), "php"],
    [basic("bob:secret").replace("Basic", "bAsIc"), "bob"],
    // Two lines come joined; the first counts.
    [`${basic("bob:secret")}, ${basic("bob:wrong")}`, "bob"],
  ])("lets %p in", async (authorization, user) => {
    expect(await attempt(authorization)).toEqual({ outcome: undefined, user });
  });

  test.each([
    undefined,
    "",
    "Bearer x",
    "Basic",
    "Basic !!!",
    "Basic Ym9i",
    basic("bob:wrong"),
    basic("bob:"),
    basic("bob"),
    basic("Bob:secret"),
    basic("eve:secret"),
    basic(":secret"),
    basic("bob:secret").replace(" ", "  "),
    `${basic("bob:wrong")}, ${basic("bob:secret")}`,
  ])("refuses %p", async (authorization) => {
    const { outcome, user } = await attempt(authorization);
    expect(outcome).toBeInstanceOf(FailureAnswer);
    expect(outcome).toMatchObject({ status: 401, body: null });
    expect([...(outcome as FailureAnswer).headers]).toEqual([["www-authenticate", 'Basic realm="restricted"']]);
    expect(user).toBeUndefined();
  });

  test("a realm cannot end its quotes", async () => {
    const auth = new BasicAuth({ type: "basic_auth", realm: 'a"b\\', users: USERS });
    const { outcome } = await attempt(undefined, auth);
    expect((outcome as FailureAnswer).headers.get("www-authenticate")).toBe('Basic realm="a\\"b\\\\"');
  });

  test("a password longer than bcrypt looks at is cut, as everywhere", async () => {
    const hash = await Bun.password.hash("a".repeat(72), { algorithm: "bcrypt", cost: 4 });
    const auth = new BasicAuth({ type: "basic_auth", realm: "r", users: [{ name: "bob", hash }] });
    expect((await attempt(basic(`bob:${"a".repeat(80)}`), auth)).user).toBe("bob");
  });

  test("an unknown user costs as much as a known one", async () => {
    const verify = spyOn(Bun.password, "verify");
    try {
      await attempt(basic("eve:secret"));
      expect(verify).toHaveBeenCalledTimes(1);
      expect(verify.mock.calls[0]?.[1]).toMatch(/^\$2b\$04\$/);
      expect(await verify.mock.results[0]?.value).toBe(false);
    } finally {
      verify.mockRestore();
    }
  });
});

describe("comparing passwords", () => {
  const secret = Buffer.from("secret");

  test("a right one is remembered, a wrong one is not", async () => {
    const checks = new PasswordChecks();
    const verify = spyOn(Bun.password, "verify");
    try {
      expect(await checks.verify(secret, HASH)).toBe("right");
      expect(checks.verify(secret, HASH)).toBe("right");
      expect(verify).toHaveBeenCalledTimes(1);
      expect(await checks.verify(Buffer.from("wrong"), HASH)).toBe("wrong");
      expect(await checks.verify(Buffer.from("wrong"), HASH)).toBe("wrong");
      expect(verify).toHaveBeenCalledTimes(3);
    } finally {
      verify.mockRestore();
    }
  });

  test("equal ones at the same time are compared once", async () => {
    const checks = new PasswordChecks();
    const verify = spyOn(Bun.password, "verify");
    try {
      const verdicts = await Promise.all(Array.from({ length: 20 }, () => checks.verify(Buffer.from("same"), HASH)));
      expect(new Set(verdicts)).toEqual(new Set(["wrong"]));
      expect(verify).toHaveBeenCalledTimes(1);
    } finally {
      verify.mockRestore();
    }
  });

  test("a flood is turned away, and a remembered one gets through it", async () => {
    const checks = new PasswordChecks();
    await checks.verify(secret, HASH);
    const flood = Array.from({ length: 500 }, (_, i) => checks.verify(Buffer.from(`wrong ${i}`), HASH));
    expect(flood.filter((verdict) => verdict === "busy").length).toBeGreaterThan(300);
    expect(checks.verify(secret, HASH)).toBe("right");
    await Promise.all(flood);
    expect(await checks.verify(Buffer.from("afterwards"), HASH)).toBe("wrong");
  });

  test("a flood is told so by a 503", async () => {
    const checks = new PasswordChecks();
    const flood = Array.from({ length: 500 }, (_, i) => checks.verify(Buffer.from(`wrong ${i}`), HASH));
    const { outcome } = await attempt(basic("bob:other"), handler(checks));
    expect(outcome).toMatchObject({ status: 503 });
    await Promise.all(flood);
  });

  test("what is no hash is wrong", async () => {
    expect(await new PasswordChecks().verify(secret, "nonsense")).toBe("wrong");
  });
});
