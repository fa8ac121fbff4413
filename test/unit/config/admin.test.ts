import { describe, expect, test } from "bun:test";
import { parseArgv } from "../../../src/cli/argv.ts";
import { ADMIN_ORIGIN } from "../../../src/config/admin-kinds.ts";
import { loadConfig, type Loaded } from "../../../src/config/load.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

const TOKEN = "0123456789abcdef";

/** @param yaml what stands under `admin` */
async function load(
  yaml: string | undefined,
  environment: Record<string, string> = {},
  words: readonly string[] = [],
): Promise<Loaded> {
  using folder = temporaryFolder();
  const file = `${folder.path}/conf.yaml`;
  const text = `bind: :8008\nupstream: 127.0.0.1:1\n${yaml === undefined ? "" : `admin: ${yaml}\n`}`;
  await Bun.write(file, text.replaceAll("FOLDER", folder.path));
  await Bun.write(`${folder.path}/token`, `${TOKEN}\n`);
  const { settings: flags, conf } = parseArgv(["-c", file, ...words]);
  return await loadConfig({ flags, conf, logVariable: undefined, environment });
}

const messages = ({ problems }: Loaded): readonly string[] => problems.map(({ message }) => message);
const tcp = (host: string, port: number) => ({ type: "tcp", host, port }) as const;

describe("the admin listener", () => {
  test("is Caddy's address where nobody says otherwise, and nobody asked for it then", async () => {
    const { admin } = await load(undefined);
    expect(admin).toEqual({ address: tcp("127.0.0.1", 2019), isDefault: true, token: undefined, origins: [] });
  });

  test("is where the flag says, then the file, then the environment", async () => {
    const environment = { GATEKEEPER_ADMIN: "[::1]:3" };
    expect((await load("127.0.0.1:2", environment, ["--admin", "off"])).admin.address).toBeUndefined();
    expect((await load("{ listen: 127.0.0.1:2 }", environment)).admin.address).toEqual(tcp("127.0.0.1", 2));
    const { admin } = await load(`{ token: ${TOKEN} }`, environment);
    expect(admin).toMatchObject({ address: tcp("::1", 3), isDefault: false, token: TOKEN });
  });

  test("has its token from the file, from a file of its own, or from the environment", async () => {
    const environment = { GATEKEEPER_ADMIN_TOKEN: "fedcba9876543210" };
    expect((await load(`{ token: ${TOKEN} }`, environment)).admin.token).toBe(TOKEN);
    const apart = await load("{ token: { file: FOLDER/token } }", environment);
    expect([apart.admin.token, apart.files.length]).toEqual([TOKEN, 2]);
    expect((await load("127.0.0.1:2", environment)).admin.token).toBe("fedcba9876543210");
  });

  test("does not show a token that is wrong", async () => {
    const wrong = await load("{ listen: 0.0.0.0:2, token: hunter2 }", {});
    expect(messages(wrong)).toEqual(["it has 7 characters, and could be guessed"]);
    const variable = await load(undefined, { GATEKEEPER_ADMIN_TOKEN: "hunter two is no token" });
    expect(messages(variable)).toEqual(["it holds a space, or what is not ASCII"]);
    expect(JSON.stringify([wrong.problems, variable.problems])).not.toContain("hunter");
  });

  test("that other machines reach without a token is warned of", async () => {
    for (const address of ["0.0.0.0:2", ":2", "192.0.2.1:2", "a.example:2"]) {
      const { problems } = await load(`'${address}'`);
      expect(problems).toMatchObject([
        { severity: "warning", seen: address, message: expect.stringContaining("no token") },
      ]);
    }
    for (const address of ["127.0.0.1:2", "127.9.9.9:2", "[::1]:2", "localhost:2", "unix//run/x.sock", "off"]) {
      expect(messages(await load(`'${address}'`))).toEqual([]);
    }
    expect(messages(await load(`{ listen: ':2', token: ${TOKEN} }`))).toEqual([]);
  });

  test("is refused where its address is none, wherever it was said", async () => {
    const variable = await load(undefined, { GATEKEEPER_ADMIN: "2019" });
    expect(variable.config).toBeUndefined();
    expect(variable.problems).toMatchObject([
      { place: { type: "environment", name: "GATEKEEPER_ADMIN" }, seen: "2019", help: "did you mean :2019?" },
    ]);
    expect((await load("':1-3'")).problems).toMatchObject([{ message: "the admin listener has one port" }]);
    expect((await load("none")).problems).toMatchObject([{ help: "did you mean off?" }]);
  });
});

test.each([
  ["admin.example", undefined, "admin.example"],
  ["Admin.Example:8443", undefined, "admin.example:8443"],
  ["https://admin.example", "https", "admin.example"],
  ["HTTP://[::1]:80/", "http", "[::1]:80"],
] as const)("the origin %s is read", (text, scheme, authority) => {
  expect(ADMIN_ORIGIN.parse(text)).toEqual({ ok: true, value: { scheme, authority } });
});

test.each(["", "ftp://a.example", "https://", "a.example/x", "a b", "u@a.example"])("%p is no origin", (text) => {
  expect(ADMIN_ORIGIN.parse(text).ok).toBe(false);
});
