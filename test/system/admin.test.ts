import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { type BinaryRun, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { required, serve } from "./programs.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(120_000);

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

async function start(stack: AsyncDisposableStack, admin: string): Promise<BinaryRun> {
  const { path } = stack.use(temporaryFolder());
  await Bun.write(
    join(path, "conf.yaml"),
    `bind: 127.0.0.1:0\nupgrade_sock: ${path}/u.sock\nroutes: [{ respond: ok }]\n`,
  );
  return stack.use(await startBinary(["-c", join(path, "conf.yaml"), "--admin", admin], { cwd: path }));
}

test("beside a Caddy that has the admin port, it serves, says so in one line, and leaves Caddy's alone", async () => {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(temporaryFolder());
  const address = `localhost:${freePort()}`;
  await Bun.write(join(path, "Caddyfile"), `{\n\tadmin ${address}\n}\n:${freePort()} {\n\trespond caddy\n}\n`);
  const home = { HOME: path, XDG_CONFIG_HOME: path, XDG_DATA_HOME: path };
  const command = `exec "$0" run --config "$1" --adapter caddyfile 2>&1`;
  const caddy = stack.use(serve(["sh", "-c", command, required("caddy"), join(path, "Caddyfile")], home));
  await caddy.line(/serving initial configuration/);
  const run = await start(stack, address);
  const { port } = await listeningAt(run);
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { proxy: "" })).text()).toBe("ok");
  const lines = run
    .stderr()
    .split("\n")
    .filter((line) => line.includes("admin"));
  expect(lines).toEqual([expect.stringMatching(/"no admin listener, serving without it".*in use already/)]);
  expect(await (await fetch(`http://${address}/config/`, { proxy: "" })).text()).toContain("http");
});

describe("a browser", () => {
  const stack = new AsyncDisposableStack();
  let browser: Browser;
  let run: BinaryRun;
  let port: number;

  beforeAll(async () => {
    // The name of a site whose owner turns it to this machine.
    const rules = "--host-resolver-rules=MAP evil.example 127.0.0.1, EXCLUDE localhost";
    const args = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      // Chromium would keep it from this machine by itself; not every browser does.
      "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights",
      rules,
    ];
    browser = await chromium.launch({ executablePath: required("chromium"), args });
    stack.defer(() => browser.close());
    run = await start(stack, "127.0.0.1:0");
    await run.seen(/admin listener is open/);
    port = Number(/"at":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(run.stderr())?.[1]);
  });

  afterAll(() => stack.disposeAsync());

  const reloads = () => run.stderr().split("configuration reloaded").length - 1;

  test("opens the page by the listener's own name, and nothing by a name that was turned to it", async () => {
    const page = await browser.newPage();
    expect((await page.goto(`http://localhost:${port}/`))?.status()).toBe(200);
    // What the page itself may do, so that the refusals below are the listener's.
    const own = await page.evaluate(async () => (await fetch("/reload", { method: "POST" })).status);
    expect([own, reloads()]).toEqual([200, 1]);
    for (const path of ["/", "/config", "/events", "/health"]) {
      expect((await page.goto(`http://evil.example:${port}${path}`))?.status()).toBe(403);
    }
    // What its owner gave from the same port before the name was turned.
    await page.route("**/trap", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    await page.goto(`http://evil.example:${port}/trap`);
    const turned = await page.evaluate(async () => {
      const answers = await Promise.all([fetch("/config"), fetch("/reload", { method: "POST" })]);
      return answers.map(({ status }) => status);
    });
    expect([turned, reloads()]).toEqual([[403, 403], 1]);
    await page.close();
  });

  test("that looks at another site changes nothing, reads nothing and frames nothing", async () => {
    using site = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        new Response("<!doctype html><title>evil</title><body>", { headers: { "Content-Type": "text/html" } }),
    });
    const before = reloads();
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${site.port}/`);
    const admin = `http://localhost:${port}`;
    const seen = await page.evaluate(async (to: string) => {
      const tries: RequestInit[] = [
        { method: "POST", mode: "no-cors" },
        { method: "POST", mode: "no-cors", body: new URLSearchParams({ on: "true" }) },
        { method: "POST" },
      ];
      for (const init of tries) {
        await fetch(`${to}/reload`, init).catch(() => undefined);
        await fetch(`${to}/maintenance?on=true`, init).catch(() => undefined);
      }
      return await fetch(`${to}/config`).then(
        (answer) => answer.text(),
        () => "nothing",
      );
    }, admin);
    await page.setContent(`<iframe src="${admin}/"></iframe>`, { waitUntil: "load" });
    expect(seen).toBe("nothing");
    const [, framed] = page.frames();
    expect(await framed?.title().catch(() => "")).not.toContain("gatekeeper");
    expect(reloads()).toBe(before);
    const now = await fetch(`http://127.0.0.1:${port}/maintenance`, { proxy: "" });
    expect(await now.json()).toEqual({ type: "maintenance", routes: {} });
    await page.close();
  });
});
