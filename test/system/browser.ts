import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { required } from "./programs.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: required("chromium"), args: FLAGS });
}

export interface OpenPage {
  readonly page: Page;
  /** What went wrong on it. */
  readonly faults: string[];
}

export type PageLook = Parameters<Browser["newPage"]>[0];

/** A page that remembers what went wrong on it. */
export async function openPage(browser: Browser, look: PageLook = {}): Promise<OpenPage> {
  const page = await browser.newPage(look);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // Chromium asks for an icon by itself.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) faults.push(message.text());
  });
  return { page, faults };
}

/** What axe-core has against a page: rule, and the places. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    // Put there by the line before.
    const { axe: own } = globalThis as unknown as { axe: typeof axe };
    return await own.run();
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
