import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readKeyPair, readRoots } from "../../../src/config/certificate.ts";
import type { Given } from "../../../src/config/given.ts";

const TLS = join(import.meta.dir, "../../golden/tls");
const NOW = Date.parse("2050-01-01");

function given(name: string): Given<string> {
  const value = join(TLS, name);
  return { value, text: value, place: { type: "flag", name: "--cert" } };
}

const read = async (cert: string, key: string, now = NOW): Promise<readonly [boolean, readonly string[]]> => {
  const { value, problems } = await readKeyPair(given(cert), given(key), now);
  return [value !== undefined, problems.map((each) => `${each.severity}: ${each.message}`)];
};

describe("readKeyPair", () => {
  test("takes a certificate with its key", async () => {
    expect(await read("site.pem", "site.key")).toEqual([true, []]);
  });

  test("warns of one that expired or is not valid yet, and takes it", async () => {
    expect(await read("expired.pem", "site.key")).toEqual([true, ["warning: the certificate expired on 2020-02-01"]]);
    expect(await read("expired.pem", "site.key", Date.parse("2020-01-15"))).toEqual([true, []]);
    expect(await read("future.pem", "site.key")).toEqual([
      true,
      ["warning: the certificate is valid only from 2120-01-01"],
    ]);
  });

  test.each([
    ["site.pem", "other.key"],
    ["other.pem", "site.key"],
    ["site.key", "site.pem"],
    ["wrong-order.pem", "site.key"],
    ["broken.pem", "site.key"],
    ["site.pem", "broken.key"],
    ["site.der", "site.key"],
    ["site.pem", "locked.key"],
    ["site.key", "site.key"],
    ["none.pem", "site.key"],
  ])("refuses %s with %s", async (cert, key) => {
    const [isTaken, problems] = await read(cert, key);
    expect(isTaken).toBe(false);
    expect(problems.map((each) => each.startsWith("error"))).toEqual([true]);
  });

  test("says of both files what is wrong with them", async () => {
    const { problems } = await readKeyPair(given("none.pem"), given("none.key"), NOW);
    expect(problems).toHaveLength(2);
  });

  test("keeps what the key holds out of its problems", async () => {
    const key = await Bun.file(join(TLS, "broken.key")).text();
    const { problems } = await readKeyPair(given("site.pem"), given("broken.key"), NOW);
    const secret = key.split("\n")[1] ?? "";
    expect(secret.length).toBeGreaterThan(20);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });
});

test("readRoots takes several certificates and refuses a key", async () => {
  expect((await readRoots(given("wrong-order.pem"))).value?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect((await readRoots(given("site.key"))).value).toBeUndefined();
});
