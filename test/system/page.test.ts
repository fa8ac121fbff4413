import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../scripts/bench/processes.ts";
import { type BinaryRun, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { axeViolations, launchChromium, openPage, type OpenPage, type PageLook } from "./browser.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(120_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
// A page that stays would ask for its listener again and again.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(() => browser.close());

/** The compiled binary before an origin of the test's, with its admin listener. */
class Setting implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #folder = this.#stack.use(temporaryFolder());
  readonly #origin = this.#stack.adopt(startOrigin(), (origin) => origin.stop(true));
  readonly #admin = freePort();
  readonly upstream = `127.0.0.1:${this.#origin.port}`;
  readonly admin = `http://127.0.0.1:${this.#admin}/`;
  #run: BinaryRun | undefined;
  address = "";

  get pid(): number {
    return this.#run?.pid ?? 0;
  }

  /** With more lines of routes or settings, and a token of the admin listener. */
  async configure(more = "", token?: string, host = "127.0.0.1"): Promise<void> {
    const text = [
      "listeners: [{ address: 127.0.0.1:0 }]",
      `admin: { listen: ${host}:${this.#admin}${token === undefined ? "" : `, token: ${token}`} }`,
      "threads: 2",
      `upgrade_sock: ${join(this.#folder.path, "upgrade.sock")}`,
      "routes:",
      `  - { name: reports, match: { path: /reports/* }, upstreams: ${this.upstream} }`,
      `  - { name: app, upstreams: ${this.upstream} }`,
      more,
    ];
    await Bun.write(join(this.#folder.path, "gatekeeper.yaml"), text.join("\n"));
  }

  async start(): Promise<void> {
    this.#run = await startBinary(["-c", join(this.#folder.path, "gatekeeper.yaml")]);
    await this.#run.seen(/admin listener is open/);
    this.address = `http://127.0.0.1:${(await listeningAt(this.#run)).port}`;
  }

  async stop(): Promise<void> {
    await this.#run?.[Symbol.asyncDispose]();
  }

  async get(path: string): Promise<number> {
    return await fetch(this.address + path).then(
      async (answer) => {
        await answer.text();
        return answer.status;
      },
      () => 0,
    );
  }

  async open(look: PageLook = {}): Promise<OpenPage> {
    const opened = await openPage(browser, look);
    opened.page.setDefaultTimeout(15_000);
    await opened.page.goto(this.admin);
    await opened.page.locator("#peers").getByText(this.upstream).first().waitFor();
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#stack.disposeAsync();
  }
}

function startOrigin(): Bun.Server<undefined> {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/up" && server.upgrade(request)) return undefined;
      return new Response("here", { status: pathname === "/failing" ? 500 : 200 });
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
}

async function started(): Promise<Setting> {
  const setting = new Setting();
  await setting.configure();
  await setting.start();
  return setting;
}

async function seen(page: Page, selector: string, text: string | RegExp, timeout = 15_000): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout });
}

describe("the page of the compiled binary", () => {
  test("shows within two seconds what the proxy does", async () => {
    await using setting = await started();
    const { page, faults } = await setting.open();
    expect(await page.title()).toBe("gatekeeper");
    await seen(page, "#plot-requests dd", /^0$/);
    const statuses = await Promise.all(["/", "/", "/", "/reports/1", "/failing"].map((path) => setting.get(path)));
    expect(statuses).toEqual([200, 200, 200, 200, 500]);
    const ended = performance.now();
    await seen(page, "#plot-requests dd", /^(?!0$)/, 2_000);
    await seen(page, "#failed", "The upstream answered 500.", 2_000);
    expect(performance.now() - ended).toBeLessThan(2_000);
    await seen(page, "#failed", "/failing");
    await seen(page, "#routes", "reports");
    await seen(page, "#slowest", "/reports/1");
    expect(faults).toEqual([]);
  });

  test("shows WebSockets while they are open", async () => {
    await using setting = await started();
    const { page } = await setting.open();
    const socket = new WebSocket(`${setting.address.replace("http", "ws")}/up`);
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    socket.send("hello");
    await seen(page, "#sockets", "/up");
    await seen(page, "#now-sockets", "1");
    socket.close();
    await seen(page, "#sockets", "No WebSocket is open.");
  });

  test("survives a reload, whatever comes of it", async () => {
    await using setting = await started();
    const { page, faults } = await setting.open();
    await page.getByRole("button", { name: "Reload the configuration" }).click();
    await seen(page, "#said", "The configuration was reloaded. Nothing changed.");
    await seen(page, "#reloads", "Reloaded 1 time");
    await setting.configure("nonsense: 1");
    await page.getByRole("button", { name: "Reload the configuration" }).click();
    await seen(page, '#said[data-level="bad"]', /Not done: the configuration has errors; .*gatekeeper\.yaml:\d+: /);
    await seen(page, "#notices", "was refused, the configuration before it holds");
    await setting.configure(`  - { name: late, match: { path: /late }, upstreams: ${setting.upstream} }`.trimEnd());
    process.kill(setting.pid, "SIGHUP");
    await seen(page, "#routes", "late");
    await seen(page, "#reloads", "Reloaded 2 times");
    // The 409 above is the one thing that the browser tells of.
    expect(faults.filter((fault) => !fault.includes("409"))).toEqual([]);
  });

  test("survives a restart of the proxy, and keeps what it knew from before", async () => {
    await using setting = await started();
    const { page, faults } = await setting.open();
    await setting.get("/");
    await seen(page, "#plot-requests .sentence", "most");
    await setting.stop();
    await seen(page, "#connection", "The connection to gatekeeper was lost");
    expect(await page.title()).toStartWith("Connection lost");
    await setting.start();
    await seen(page, "#pid", String(setting.pid));
    await page.locator("#connection").waitFor({ state: "hidden" });
    await setting.get("/failing");
    await seen(page, "#failed", "/failing");
    await seen(page, "#plot-requests .sentence", "most");
    expect(faults.filter((fault) => !fault.includes("Failed to load resource"))).toEqual([]);
  });

  test("takes a peer out and back, and closes and opens routes, all of it by keys", async () => {
    await using setting = await started();
    const { page, faults } = await setting.open();
    const press = async (name: string): Promise<void> => {
      // What it did before is over: until then it takes no key.
      const button = page.getByRole("button", { name, exact: true, disabled: false });
      await button.focus();
      await page.keyboard.press("Enter");
    };
    await press(`Drain ${setting.upstream}`);
    await seen(page, "#said", `${setting.upstream} is drained`);
    await seen(page, "#said", "Answered 503, since no upstream is left: reports, app.");
    await seen(page, "#peers .state", "drained");
    expect(await setting.get("/")).toBe(503);
    await press(`Undrain ${setting.upstream}`);
    await seen(page, "#peers .state", "up");
    expect(await setting.get("/")).toBe(200);

    await press("Begin maintenance");
    await seen(page, "#confirm-dialog", "every request is answered 503");
    await page.keyboard.press("Escape");
    await page.locator("#confirm-dialog").waitFor({ state: "hidden" });
    expect(await setting.get("/")).toBe(200);
    await press("Begin maintenance");
    await page.locator("#confirm-yes").click();
    await seen(page, "#notices", "Maintenance is on");
    expect(await setting.get("/")).toBe(503);
    await press("End maintenance");
    await seen(page, "#said", "Maintenance is off");
    expect(await setting.get("/")).toBe(200);

    await press("Close reports");
    await page.locator("#confirm-yes").click();
    await seen(page, '#routes tr:has-text("reports") .state', "maintenance");
    expect([await setting.get("/reports/1"), await setting.get("/")]).toEqual([503, 200]);
    await press("Reopen reports");
    await seen(page, "#said", "The route reports is served again.");
    expect(await setting.get("/reports/1")).toBe(200);
    expect(faults).toEqual([]);
  });

  test("asks for the token before it changes anything, where there is one", async () => {
    await using setting = new Setting();
    await setting.configure("", "a-token-of-the-test");
    await setting.start();
    const { page } = await setting.open();
    expect(await page.locator("button.do").first().isVisible()).toBe(false);
    await page.getByRole("button", { name: "Enter the token" }).click();
    await page.locator("#token-field").fill("wrong");
    await page.keyboard.press("Enter");
    await seen(page, '#said[data-level="bad"]', "The token is not the right one.");
    await page.getByRole("button", { name: "Enter the token" }).click();
    await seen(page, "#token-dialog", "The token was not the right one.");
    await page.locator("#token-field").fill("a-token-of-the-test");
    await page.keyboard.press("Enter");
    await seen(page, "#said", "The token is the right one.");
    await page.getByRole("button", { name: `Drain ${setting.upstream}` }).click();
    await seen(page, "#peers .state", "drained");
    expect(await setting.get("/")).toBe(503);
  });

  test("is opened by the token as a password where other machines reach the listener", async () => {
    const token = "a-token-of-the-test";
    await using setting = new Setting();
    await setting.configure("", token, "0.0.0.0");
    await setting.start();
    const { page, faults } = await setting.open({ httpCredentials: { username: "", password: token } });
    await page.getByRole("button", { name: `Drain ${setting.upstream}` }).click();
    await seen(page, "#peers .state", "drained");
    expect(faults).toEqual([]);
  });

  test("tells that a worker ended and was replaced", async () => {
    await using setting = await started();
    const { page, faults } = await setting.open();
    await seen(page, "#workers", "serves");
    const [, pid] = /process (\d+)/.exec((await page.locator("#workers tbody tr").nth(1).textContent()) ?? "") ?? [];
    process.kill(Number(pid), "SIGKILL");
    await seen(page, "#notices", "Worker 2 ended unasked and was replaced (1 time).");
    await setting.get("/failing");
    await seen(page, "#failed", "/failing");
    expect(faults).toEqual([]);
  });

  test.each([
    ["light", 1_280],
    ["dark", 390],
  ] as const)("has no fault in axe-core, in %s at %d pixels", async (colorScheme, width) => {
    await using setting = await started();
    const { page, faults } = await setting.open({ colorScheme, viewport: { width, height: 800 } });
    await Promise.all(["/", "/failing", "/reports/1"].map((path) => setting.get(path)));
    await seen(page, "#failed", "/failing");
    expect(await axeViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});
