import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { startBinary } from "../helpers/binary.ts";
import { launchChromium, openPage } from "./browser.ts";
import { startSetting } from "./setting.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function textWhen(page: Page, id: string, wanted: RegExp): Promise<string> {
  const found = page.locator(`#${id}`).filter({ hasText: wanted });
  await found.waitFor({ timeout: 10_000 });
  return (await found.textContent()) ?? "";
}

describe("Chromium through gatekeeper", () => {
  test("loads the article's page, whose WebSocket echoes and whose EventSource keeps getting events", async () => {
    await using setting = await startSetting("gatekeeper");
    const { page, faults } = await openPage(browser);
    const answer = await page.goto(`http://${setting.address}/page`);
    expect(answer?.status()).toBe(200);
    expect(await page.title()).toBe("the article's page");
    expect(await textWhen(page, "socket", /from/)).toBe("from a browser");
    expect(await textWhen(page, "events", /\b5 /)).toStartWith("1 2 3 4 5 ");
    await setting.webSocketServer.line(/^closed 4000 seen$/);
    await page.close();
    expect(faults).toEqual([]);
  });

  test("loads the demo's page, which fills itself in", async () => {
    await using run = await startBinary(["demo", "--bind", "127.0.0.1:0"]);
    const url = (await run.seen(/^gatekeeper +(http:\S+)$/m))[1] ?? "";
    const { page, faults } = await openPage(browser);
    await page.goto(url);
    expect(await textWhen(page, "socket", /page/)).toBe("sent by this page");
    expect(await textWhen(page, "events", /^\d/)).toMatch(/^\d+: 20\d\d-/);
    const echoed = JSON.parse(await textWhen(page, "echo", /POST/)) as { body: string };
    expect(echoed.body).toBe("posted by this page");
    await page.close();
    expect(faults).toEqual([]);
  });
});
