import { nearest } from "../core/nearest.ts";
import { parseSeconds } from "../core/units.ts";
import type { ControlResult } from "../process/controls.ts";
import type { Invocation } from "./argv.ts";
import { control } from "./control-command.ts";
import { refuse } from "./main.ts";
import { print } from "./output.ts";

const SWITCHES = ["on", "off"];

/** `maintenance [on|off] [ROUTE]`. Gives the exit code. */
export async function maintenance(invocation: Invocation): Promise<number> {
  const [word, route] = invocation.words;
  if (word !== undefined && !SWITCHES.includes(word)) {
    const near = nearest(word, SWITCHES);
    const help = near === undefined ? {} : { help: `did you mean gatekeeper maintenance ${near}?` };
    const message = "this is neither on nor off";
    const place = { type: "command_line" } as const;
    return refuse([{ severity: "error", place, message, seen: word, expected: "maintenance on or off", ...help }]);
  }
  const [text] = invocation.values.get("retry-after") ?? [];
  const time = text === undefined ? undefined : parseSeconds(text);
  const place = { type: "flag", name: "--retry-after" } as const;
  if (time?.ok === false) {
    const expected = "seconds, or a time with its unit, such as 10m";
    return refuse([{ severity: "error", place, message: time.fault, seen: text ?? "", expected }]);
  }
  if (time !== undefined && word !== "on") {
    const message = "there is nothing to come again for";
    return refuse([{ severity: "error", place, message, expected: "gatekeeper maintenance on" }]);
  }
  const result = await control(invocation, {
    type: "maintenance",
    ...(word !== undefined && { on: word === "on" }),
    ...(route !== undefined && { route }),
    ...(time?.ok === true && { retryAfterSeconds: Math.ceil(time.value / 1000) }),
  });
  if (typeof result === "number") return result;
  print(stateText(result));
  return 0;
}

function stateText(result: ControlResult): string {
  if (result.type !== "maintenance") return "";
  const routes = Object.entries(result.routes);
  const lines: string[] = [];
  if (result.all !== undefined) lines.push(`everything is in maintenance${after(result.all.retryAfterSeconds)}`);
  for (const [key, { retryAfterSeconds }] of routes) lines.push(`${key} is in maintenance${after(retryAfterSeconds)}`);
  if (lines.length === 0) lines.push("nothing is in maintenance");
  return `${lines.join("\n")}\n`;
}

function after(seconds: number): string {
  return ` (Retry-After: ${seconds})`;
}
