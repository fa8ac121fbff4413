import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { binaryPath, startBinary, type BinaryRun } from "../helpers/binary.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

/** The address the demo says it serves on. */
async function addressOf(run: BinaryRun): Promise<string> {
  return (await run.seen(/^gatekeeper +(http:\S+)$/m))[1] ?? "";
}

/** Runs a command line that the demo printed, as a shell does. */
async function shell(command: string): Promise<{ code: number; stdout: string }> {
  const child = Bun.spawn(["sh", "-c", command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  return { stdout: await new Response(child.stdout).text(), code: await child.exited };
}

/** The command lines under "Try:". */
async function commandsOf(run: BinaryRun): Promise<readonly string[]> {
  await run.seen(/Ctrl-C stops/);
  return run
    .stdout()
    .split("\n")
    .filter((line) => line.startsWith("  curl "));
}

describe("gatekeeper demo", () => {
  beforeAll(async () => void (await binaryPath()));

  test("prints command lines that do what they say", async () => {
    await using run = await startBinary(["demo", "--bind", "127.0.0.1:0"]);
    const commands = await commandsOf(run);
    const command = (path: string): string => commands.find((line) => line.includes(path)) ?? `exit 99 # ${path}`;
    expect(commands).toHaveLength(7);

    expect((await shell(commands[0] ?? "")).stdout).toContain("<title>gatekeeper demo</title>");
    expect(JSON.parse((await shell(command("/echo"))).stdout)).toMatchObject({ method: "POST", body: "hello" });
    // Cut off by curl's own limit, since a stream of events has no end.
    expect((await shell(`${command("/events")} -m 1`)).stdout).toMatch(/^id: 1\ndata: /);
    const socket = await shell(command("/ws"));
    expect(socket.stdout).toContain("101 Switching Protocols");
    expect(socket.stdout).toContain("hello you");
    expect((await shell(`${command("/slow")}?ms=1`)).stdout).toBe("after 1 ms\n");
    expect((await shell(command("/fail"))).stdout).toContain("500 Internal Server Error");
    expect((await shell(command("/broken"))).code).not.toBe(0);
  });

  test("shows what the origin saw, with what the proxy adds", async () => {
    await using run = await startBinary(["demo", "--bind", "127.0.0.1:0"]);
    const address = await addressOf(run);
    const answer = await fetch(`${address}/echo?a=b`, { method: "PUT", body: "ünï", headers: { "X-Own": "1" } });
    const seen = (await answer.json()) as { target: string; body: string; headers: [string, string][] };
    expect(seen).toMatchObject({ target: "/echo?a=b", body: "ünï" });
    expect(Object.fromEntries(seen.headers)).toMatchObject({ "x-own": "1", "x-forwarded-for": "127.0.0.1" });
  });

  test("takes another port when the default one is taken", async () => {
    await using first = await startBinary(["demo"]);
    await using second = await startBinary(["demo"]);
    const addresses = await Promise.all([addressOf(first), addressOf(second)]);
    expect(new URL(addresses[0]).port).not.toBe(new URL(addresses[1]).port);
    for (const address of addresses) expect((await fetch(address)).status).toBe(200);
  });

  test("refuses an address of its own choosing no less than the proxy does", async () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await using run = await startBinary(["demo", "--bind", `127.0.0.1:${taken.port}`]);
    const { code, stderr } = await run.exited();
    expect(code).toBe(2);
    expect(stderr).toContain(String(taken.port));
  });

  test.each(["SIGINT", "SIGTERM"] as const)("stops cleanly on %s, with an event stream open", async (signal) => {
    await using run = await startBinary(["demo", "--bind", "127.0.0.1:0"]);
    const stream = await fetch(`${await addressOf(run)}/events`);
    expect(stream.status).toBe(200);
    // SIGTERM waits for what is open; a client that leaves lets it go.
    if (signal === "SIGTERM") await stream.body?.cancel();
    run.signal(signal);
    expect((await run.exited()).code).toBe(0);
  });
});
