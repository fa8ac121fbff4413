import { describe, expect, test } from "bun:test";
import { bindProblem, unusableAddresses } from "../../../src/cli/bind-failure.ts";
import { portHolder } from "../../../src/cli/port-holder.ts";
import { parseArgv } from "../../../src/cli/argv.ts";
import { loadInvocation } from "../../../src/cli/run.ts";
import type { ListenAddress } from "../../../src/core/address.ts";
import type { Problem } from "../../../src/config/problem.ts";

const tcp = (host: string, port: number): ListenAddress => ({ type: "tcp", host, port });

/** What Bun throws when it is told to listen there. */
function thrownBy(listen: () => { stop(): unknown }): unknown {
  try {
    listen().stop();
  } catch (error) {
    return error;
  }
  throw new Error("it listened");
}

const answer = { fetch: () => new Response() };

describe("bindProblem", () => {
  test("names the program that has the port", () => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, ...answer });
    const port = server.port ?? 0;
    const error = thrownBy(() => Bun.serve({ hostname: "127.0.0.1", port, ...answer }));
    const problem = bindProblem(tcp("127.0.0.1", port), error);
    expect(problem.message).toBe("the address is in use already");
    expect(problem.place).toEqual({ type: "listener", address: `127.0.0.1:${port}` });
    const holder = process.platform === "linux" ? `(process ${process.pid})` : `${port}`;
    expect(problem.help).toContain(holder);
  });

  test("knows an address that is not this machine's", () => {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const error = thrownBy(() => Bun.serve({ hostname: "192.0.2.1", port: 0, ...answer }));
    expect(bindProblem(tcp("192.0.2.1", 80), error).message).toBe("the address is not one of this machine's");
  });

  test("tells how to be allowed a low port", () => {
    const error = Object.assign(new Error("denied"), { code: "EACCES" });
    expect(bindProblem(tcp("::", 80), error).help).toContain("setcap cap_net_bind_service=+ep");
    expect(bindProblem(tcp("::", 8080), error).help).not.toContain("setcap");
  });

  test("keeps the reason of what it does not know", () => {
    expect(bindProblem(tcp("::", 80), new Error("odd")).message).toContain("odd");
    expect(bindProblem({ type: "unix", path: "/a" }, "odd").message).toContain("odd");
  });
});

test("nobody holds a port that nobody listens on", () => {
  const server = Bun.serve({ port: 0, ...answer });
  const { port } = server;
  void server.stop(true);
  expect(portHolder(port ?? 0)).toBeUndefined();
});

describe("unusableAddresses", () => {
  const check = async (...binds: string[]): Promise<readonly Problem[]> => {
    const words = binds.flatMap((bind) => ["--bind", bind]);
    const { config } = await loadInvocation(parseArgv([...words, "--upstream", "a:1"]), undefined);
    if (config === undefined) throw new Error("the addresses are wrong");
    return await unusableAddresses(config);
  };

  test("finds what is not this machine's, and folders that are not there", async () => {
    const problems = await check("192.0.2.1:80", "127.0.0.1:0", "unix//nowhere/at/all.sock", "localhost:8008");
    expect(problems.map((each) => each.place)).toEqual([
      { type: "listener", address: "192.0.2.1:80" },
      { type: "listener", address: "unix//nowhere/at/all.sock" },
    ]);
  });

  test("does not mind that the port is in use: a running gatekeeper has it", async () => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, ...answer });
    expect(await check(`127.0.0.1:${server.port}`)).toEqual([]);
  });
});
