import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import type { LiveState, Tick } from "../../src/observe/live.ts";
import { FakeAdmin } from "../helpers/fake-admin.ts";
import { LIVE_NOW, exchange, livePeer, liveState, tick } from "../helpers/live.ts";
import { untilSo } from "../helpers/overviewed.ts";
import { axeViolations, launchChromium, openPage, type OpenPage } from "./browser.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(60_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
// A page that stays would ask for its listener again and again.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(() => browser.close());

const SECOND = 1_000;
const at = (seconds: number): number => LIVE_NOW + seconds * SECOND;

// What runs in the page is text: its types are not those of the tests.
const WATCH_CHANGES = `
  globalThis.changes = [];
  new MutationObserver((records) => {
    for (const { type, target } of records) changes.push([type, target.nodeName, target.textContent].join(" "));
  }).observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
`;

/** Over when what came by now is shown. */
const SHOWN = "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)))";

/** What is wider than its place. */
const HANGING_OVER = `
  [document.documentElement, ...document.querySelectorAll(".card")]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map(({ id, localName }) => id || localName)
`;

/** How many unbroken runs a line of a plot has. */
function runsIn(selector: string): string {
  return `document.querySelector("${selector}").getAttribute("d")?.split("M").length - 1`;
}

/**
 * Waits for an expression to be true. Not by the library's `waitForFunction`: what that finds untrue at first it asks
 * again by `eval`, and the page's own policy forbids that.
 */
async function holds(page: Page, expression: string): Promise<void> {
  await untilSo(() => page.evaluate<boolean>(expression), `in the page: ${expression}`);
}

async function shown(fake: FakeAdmin): Promise<OpenPage> {
  const opened = await openPage(browser);
  opened.page.setDefaultTimeout(10_000);
  await opened.page.goto(fake.url);
  return opened;
}

async function seen(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

/** All that there may be to see at once. */
function fullState(): LiveState {
  const error = "connection_refused: connect ECONNREFUSED 127.0.0.1:3001";
  return liveState({
    peers: [
      livePeer({ name: "127.0.0.1:3000", p50Ms: 8, p99Ms: 90, requests: 12_000, failures: 3, inFlight: 4 }),
      livePeer({
        name: "127.0.0.1:3001",
        state: "down",
        reason: "connection refused",
        since: at(-90),
        lastError: { at: at(-90), reason: error },
      }),
      livePeer({ name: "127.0.0.1:3002", state: "suspect", reason: "requests fail on it, 3 of late" }),
      livePeer({ name: "127.0.0.1:3003", state: "draining", isDraining: true, upstream: "app.internal:3000" }),
    ],
    routes: [
      { key: "app", requests: 9_000, errors: 2, requestsPerSecond: 30, p50Ms: 8, p99Ms: 90 },
      { key: "api", requests: 3_000, errors: 40, requestsPerSecond: 10, p50Ms: 20, p99Ms: 400 },
    ],
    maintenance: { isOn: false, routes: ["api"] },
    reload: { count: 2, last: { at: at(-60), isReloaded: false, reason: "the configuration has errors" } },
    failed: [exchange({ status: 502, error, method: "POST", uri: "/orders", durationMs: 3, retries: 1 })],
    slowest: [exchange({ durationMs: 12_800, uri: "/report" })],
    webSockets: [
      {
        id: "1",
        clientAddress: "203.0.113.9",
        host: "app.example",
        path: "/up",
        peer: "127.0.0.1:3000",
        openedAt: at(-4_000),
        messagesReceived: 12,
        messagesSent: 3_400,
        messagesPerSecond: 7,
      },
    ],
    certificates: [{ names: ["app.example"], file: "/etc/app.pem", notAfter: LIVE_NOW + 12 * 86_400_000 }],
  });
}

function someTicks(seconds: number, until = 0): readonly Tick[] {
  return Array.from({ length: seconds }, (_, i) =>
    tick({ at: at(until - seconds + 1 + i), requests: 40, errors: i % 7, p50Ms: 8, p90Ms: 40, p99Ms: 90 + i }),
  );
}

describe("the page", () => {
  test("shows what came from a request as text, whatever it is", async () => {
    const markup = `/<img src=x onerror=document.title=1>"'&amp;`;
    const failed = [exchange({ uri: markup, host: "<b>h</b>", status: 502, error: `dns_error: <script>1</script>` })];
    await using fake = new FakeAdmin(
      [],
      liveState({ failed, slowest: failed, peers: [livePeer({ name: "<i>p</i>:1" })] }),
    );
    const { page, faults } = await shown(fake);
    await seen(page, "#failed .target", `<b>h</b>${markup}`);
    expect(await page.locator("#failed .note").nth(1).textContent()).toBe("<script>1</script>");
    expect(await page.locator("img, td script, th b:not(.method), td b:not(.status), th i:not(.key)").count()).toBe(0);
    expect(await page.title()).toBe("gatekeeper");
    expect(faults).toEqual([]);
  });

  test("changes nothing in its document while nothing happens", async () => {
    await using fake = new FakeAdmin(someTicks(1, -100), fullState());
    const { page } = await shown(fake);
    await seen(page, "#peers", "127.0.0.1:3000");
    fake.tick(tick({ at: at(1) }));
    fake.state({ ...fullState(), at: at(1) });
    await seen(page, "#certificates", "11 days left");
    await page.evaluate(SHOWN);
    await page.evaluate(WATCH_CHANGES);
    for (const second of [2, 3, 4]) {
      fake.tick(tick({ at: at(second) }));
      fake.state({ ...fullState(), at: at(second) });
      await page.evaluate(SHOWN);
    }
    expect(await page.evaluate<unknown>("changes")).toEqual([]);
    // And it watches still.
    fake.tick(tick({ at: at(5), requests: 10, p50Ms: 3, p90Ms: 4, p99Ms: 5 }));
    await seen(page, "#plot-requests dd", "2");
    expect(await page.evaluate<number>("changes.length")).toBeGreaterThan(0);
  });

  test("has gaps in its plots where nothing is known, across a restart of the process", async () => {
    const state = { ...fullState(), startedAt: at(-600) };
    await using fake = new FakeAdmin(someTicks(60, -200), state);
    const { page } = await shown(fake);
    await holds(page, `${runsIn("#plot-requests path.area")} === 1`);
    const again = { ...state, version: "0.3.0", pid: 4_712, startedAt: at(-20) };
    fake.restart(someTicks(10), again);
    await seen(page, "#pid", "4712");
    await seen(page, "#notices", "gatekeeper is 0.3.0 by now");
    await holds(page, `${runsIn("#plot-requests path.area")} === 2`);
    await holds(page, `${runsIn("#plot-latency path.p99")} === 2`);
  });

  test("shows the first rows of many, and all of them to whoever asks", async () => {
    const failed = Array.from({ length: 30 }, (_, i) => exchange({ at: at(-i), uri: `/${i}`, status: 502 }));
    await using fake = new FakeAdmin([], liveState({ failed }));
    const { page } = await shown(fake);
    await seen(page, "#failed", "/7");
    expect(await page.locator("#failed tbody tr").count()).toBe(8);
    const more = page.locator("#failed .more");
    await more.click();
    expect(await page.locator("#failed tbody tr").count()).toBe(30);
    expect(await more.getAttribute("aria-expanded")).toBe("true");
    // What comes is put before the others, which stay as they are.
    fake.state(liveState({ failed: [exchange({ at: at(1), uri: "/new", status: 502 }), ...failed] }));
    await seen(page, "#failed tbody tr:first-child", "/new");
    expect(await page.locator("#failed tbody tr").nth(30).textContent()).toContain("/29");
    await more.click();
    expect(await page.locator("#failed tbody tr").count()).toBe(8);
  });

  test("gives back a peer that is down and was taken out by hand", async () => {
    const peers = [livePeer({ state: "down", reason: "connection refused", isDraining: true })];
    await using fake = new FakeAdmin([], liveState({ peers }));
    const { page } = await shown(fake);
    await seen(page, "#notices", "127.0.0.1:3000 is drained, and down: connection refused.");
    await page.getByRole("button", { name: "Undrain 127.0.0.1:3000" }).click();
    await seen(page, "#said", "127.0.0.1:3000 gets requests again.");
    expect(fake.posted[0]?.body).toEqual({ type: "drain", peer: "127.0.0.1:3000", on: false });
  });

  test("is read by keys at each point, all plots at once", async () => {
    await using fake = new FakeAdmin(someTicks(60), fullState());
    const { page } = await shown(fake);
    await seen(page, "#plot-requests dd", "40");
    const range = page.getByRole("slider", { name: "Latency: read at a time" });
    await range.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await range.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d: p50 8 ms, p90 40 ms, p99 1\d\d ms$/);
    await seen(page, "#plot-requests .when", /^\d\d:\d\d:\d\d$/);
    expect(await page.locator("#plot-errors path.rule").getAttribute("d")).toStartWith("M");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await seen(page, "#plot-requests .when", "now");
  });

  test("says that the connection is lost, takes its buttons away, and comes back by itself", async () => {
    await using fake = new FakeAdmin(someTicks(5), fullState());
    const { page } = await shown(fake);
    await seen(page, "#peers", "Undrain");
    fake.isOut = true;
    fake.restart(someTicks(5), fullState());
    await seen(page, "#connection", /was lost at .* \(it answered 503\)/);
    await seen(page, "#verdict", "Connection lost");
    expect(await page.locator("#reload").isVisible()).toBe(false);
    expect(await axeViolations(page)).toEqual([]);
    fake.isOut = false;
    await page.locator("#connection").waitFor({ state: "hidden" });
    await page.locator("#reload").waitFor();
    expect(fake.watchers).toBe(1);
  });

  test("asks for the token where it may not change things, and says when it is wrong", async () => {
    await using fake = new FakeAdmin(someTicks(5), liveState());
    fake.token = "right";
    const { page } = await shown(fake);
    await seen(page, "#peers", "127.0.0.1:3000");
    expect(await page.getByRole("button", { name: "Drain 127.0.0.1:3000" }).count()).toBe(0);
    await page.getByRole("button", { name: "Enter the token" }).click();
    await page.getByRole("dialog", { name: "The token of this listener" }).waitFor();
    await page.locator("#token-field").fill("right");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Drain 127.0.0.1:3000" }).click();
    await seen(page, "#said", "127.0.0.1:3000 is drained");
    expect(fake.posted).toEqual([
      { path: "/drain", body: { type: "drain", peer: "127.0.0.1:3000", on: true }, token: "right" },
    ]);
    // It is another one from now on: what is asked for is asked again with that.
    fake.token = "other";
    await page.getByRole("button", { name: "Reload the configuration" }).click();
    await seen(page, "#token-dialog", "The token was not the right one.");
    await page.locator("#token-field").fill("other");
    await page.getByRole("button", { name: "Use it" }).click();
    await seen(page, "#said", "The configuration was reloaded.");
    expect(fake.posted.at(-1)?.token).toBe("other");
  });

  test("asks for the token where nothing is told without one, and keeps it for the tab alone", async () => {
    await using fake = new FakeAdmin(someTicks(5), liveState());
    fake.token = "right";
    fake.wantsTokenToRead = true;
    const { page } = await shown(fake);
    await seen(page, "#connection", "tells nothing without its token");
    await page.locator("#connection-token").click();
    await page.locator("#token-field").fill("right");
    await page.keyboard.press("Enter");
    await seen(page, "#peers", "127.0.0.1:3000");
    await page.reload();
    await seen(page, "#peers", "127.0.0.1:3000");
    expect(await page.evaluate<unknown>("[localStorage.length, document.cookie]")).toEqual([0, ""]);
  });

  test("says what was not done, and why", async () => {
    await using fake = new FakeAdmin([], liveState());
    fake.answer = () => Response.json({ type: "refused", reason: "there is no such peer" }, { status: 409 });
    const { page } = await shown(fake);
    await page.getByRole("button", { name: "Drain 127.0.0.1:3000" }).click();
    await seen(page, '#said[data-level="bad"]', "Not done: there is no such peer.");
    expect(await page.getByRole("status").filter({ hasText: "there is no such peer" }).count()).toBe(1);
  });

  test.each([
    ["light", 1_440],
    ["dark", 1_280],
    ["light", 390],
    ["dark", 800],
  ] as const)("has no fault in axe-core, in %s at %d pixels", async (colorScheme, width) => {
    await using fake = new FakeAdmin(someTicks(200), fullState());
    const { page, faults } = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
    await page.goto(fake.url);
    await seen(page, "#peers", "127.0.0.1:3001");
    await page.locator("#minutes summary").click();
    await seen(page, "#minutes-table", "p99");
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "Begin maintenance" }).click();
    await seen(page, "#confirm-dialog", "Begin maintenance?");
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate<unknown>(HANGING_OVER)).toEqual([]);
    expect(faults).toEqual([]);
  });
});
