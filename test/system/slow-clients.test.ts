import { expect, setDefaultTimeout, test } from "bun:test";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { required, run } from "./programs.ts";

setDefaultTimeout(90_000);

/** Longer than any of its connections may live: an attack that lasts so long has hit its own limit. */
const ATTACK_SECONDS = 40;

interface Attack {
  /** slowhttptest's own words for its end. */
  readonly exit: string;
  /** Whether its probe was answered at every look. */
  readonly isAvailable: boolean;
  /** How many of its connections were open at once, at least. */
  readonly most: number;
}

/** Attacks with slowhttptest until its connections are all closed, while another client asks on. */
async function attack(port: number, ...how: string[]): Promise<Attack & { readonly answered: number }> {
  const url = `http://127.0.0.1:${port}/`;
  const command = [required("slowhttptest"), ...how, "-r", "500", "-p", "3", "-l", String(ATTACK_SECONDS), "-u", url];
  let isOver = false;
  const attacking = run(command).finally(() => (isOver = true));
  let answered = 0;
  while (!isOver) {
    const answer = await fetch(url, { keepalive: false, signal: AbortSignal.timeout(3_000) });
    expect([answer.status, await answer.text()]).toEqual([200, "ok"]);
    answered++;
    await Bun.sleep(10);
  }
  const said = (await attacking).stdout.replaceAll(/\u001b\[[\d;]*m/g, "");
  return {
    exit: /Exit status:\s*(.*\S)/.exec(said)?.[1] ?? said,
    isAvailable: /service available:\s+YES/.test(said) && !/service available:\s+NO/.test(said),
    most: Math.max(0, ...[...said.matchAll(/connected:\s+(\d+)/g)].map(([, count]) => Number(count))),
    answered,
  };
}

/** Reads a body to its end before it answers. */
function startOrigin(): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      await request.bytes().catch(() => undefined);
      return new Response("ok");
    },
  });
}

test("1,000 connections that drip their heads hinder no other client, and are ended in bounded time", async () => {
  await using origin = disposable(startOrigin());
  const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`];
  await using proxy = await startBinary(args);
  const { port } = await listeningAt(proxy);
  const slow = await attack(port, "-H", "-c", "1000", "-i", "3");
  expect(slow).toMatchObject({ exit: "No open connections left", isAvailable: true });
  expect(slow.most).toBeGreaterThan(900);
  expect(slow.answered).toBeGreaterThan(100);
});

test("bodies that fall silent hinder no other client, and are ended by client_body_timeout at both ends", async () => {
  await using origin = disposable(startOrigin());
  const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`, "--client-body-timeout", "6s"];
  await using proxy = await startBinary(args);
  const { port } = await listeningAt(proxy);
  // The first drop comes later than the timeout.
  const slow = await attack(port, "-B", "-c", "500", "-i", "10");
  expect(slow).toMatchObject({ exit: "No open connections left", isAvailable: true });
  expect(slow.most).toBeGreaterThan(400);
  expect(slow.answered).toBeGreaterThan(50);
  expect(proxy.stderr().match(/client_body_timeout/g)).toHaveLength(500);
  expect(origin.pendingRequests).toBe(0);
});

function disposable<S extends Bun.Server<undefined>>(server: S): S & AsyncDisposable {
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop(true) });
}
