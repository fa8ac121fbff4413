import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { required } from "./programs.ts";

setDefaultTimeout(60_000);

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";

const stack = new AsyncDisposableStack();
let environment: Record<string, string | undefined> = {};

beforeAll(async () => {
  const folder = stack.use(temporaryFolder()).path;
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  environment = { ...process.env, RUNTIME_DIRECTORY: join(folder, "run"), TERM: "xterm-256color", NO_COLOR: "" };
  await Bun.write(
    join(folder, "conf.yaml"),
    `bind: 127.0.0.1:0\nupgrade_sock: ${folder}/u.sock\nroutes: [{ respond: ok }]\n`,
  );
  const run = stack.use(await startBinary(["-c", join(folder, "conf.yaml")], { env: environment }));
  const { port } = await listeningAt(run);
  for (let at = 0; at < 30; at++) await fetch(`http://127.0.0.1:${port}/${at}`, { proxy: "" });
});

afterAll(() => stack.disposeAsync());

interface Seen {
  readonly code: number;
  readonly wasRaw: boolean;
  readonly isRestored: boolean;
  readonly text: string;
}

async function inTerminal(how: string, more: Record<string, string> = {}): Promise<Seen> {
  const command = [required("python3"), join(import.meta.dir, "terminal.py"), how, await binaryPath(), "top"];
  const child = Bun.spawn(command, {
    env: { ...environment, ...more },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  return JSON.parse(await new Response(child.stdout).text()) as Seen;
}

/** What stood on the screen in the end. */
function lastFrame({ text }: Seen): readonly string[] {
  const frame = text.slice(0, text.lastIndexOf(LEAVE)).split("\u001b[H").at(-1) ?? "";
  return Bun.stripANSI(frame).split("\r\n");
}

test.each(["q", "Q", "\u0003", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])(
  "top shows a screen, and gives the terminal back as it was after %j",
  async (how) => {
    const seen = await inTerminal(how);
    expect([seen.code, seen.wasRaw, seen.isRestored]).toEqual([0, true, true]);
    expect(seen.text).toContain(ENTER);
    expect(seen.text.indexOf(ENTER)).toBeLessThan(seen.text.indexOf(" requests/s "));
    expect(seen.text.split(LEAVE).length).toBe(2);
    expect(seen.text).toEndWith(LEAVE);
    expect(seen.text).toContain("\u001b[1m");
    const frame = lastFrame(seen);
    expect(frame.length).toBeLessThanOrEqual(24);
    expect(frame.some((line) => line.startsWith("SLOWEST"))).toBe(true);
    for (const line of frame) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
  },
);

test.each(["40x10", "120x50"])("top goes by the new size of a terminal: %s", async (size) => {
  const [columns = 0, rows = 0] = size.split("x").map(Number);
  const frame = lastFrame(await inTerminal(size));
  expect(frame.length).toBeLessThanOrEqual(rows);
  expect(frame.length).toBeGreaterThan(Math.min(rows, 24) - 4);
  for (const line of frame) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  // The bars take the whole width.
  expect(Math.max(...frame.map((line) => Bun.stringWidth(line)))).toBe(columns);
});

test("top has no colours where its user wants none", async () => {
  const { text } = await inTerminal("q", { NO_COLOR: "1" });
  // oxlint-disable-next-line no-control-regex -- escape codes are what it looks for
  expect(text.replaceAll(/\u001b\[(?:H|K|J|\?1049[hl]|\?25[hl])/g, "")).not.toContain("\u001b");
});
