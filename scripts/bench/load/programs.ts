import { join } from "node:path";
import { pinned } from "../processes.ts";
import type { Load } from "../scenarios.ts";
import { type LoadResult, output } from "./result.ts";

export interface Target {
  readonly port: number;
  readonly seconds: number;
  readonly core: number | undefined;
}

const PROGRAMS = join(import.meta.dir, "../programs");

/** Load by a program of this folder, which prints its result as JSON. */
async function own(program: string, args: readonly (string | number)[], core: number | undefined): Promise<LoadResult> {
  const command = [process.execPath, join(PROGRAMS, program), ...args.map(String)];
  return JSON.parse(await output(pinned(command, core))) as LoadResult;
}

export function rate(
  perSecond: number,
  load: Extract<Load, { type: "rate" }>,
  { port, seconds, core }: Target,
): Promise<LoadResult> {
  return own("rate.ts", [port, perSecond, load.connections, seconds, load.bytes], core);
}

export function messages(
  load: Extract<Load, { type: "messages" }>,
  { port, seconds, core }: Target,
): Promise<LoadResult> {
  return own("sockets.ts", ["messages", port, load.connections, seconds, load.bytes], core);
}

export function events(load: Extract<Load, { type: "events" }>, { port, seconds, core }: Target): Promise<LoadResult> {
  return own("streams.ts", [port, load.clients, seconds, load.perSecond], core);
}

/** HTTP/2 by h2load (nghttp2-client). */
export async function http2(
  load: Extract<Load, { type: "http2" }>,
  { port, seconds, core }: Target,
): Promise<LoadResult> {
  const flags = ["-t", "1", "-c", String(load.connections), "-m", String(load.streams), "-D", String(seconds)];
  const command = ["h2load", ...flags, `https://127.0.0.1:${port}/`];
  const text = await output(pinned(command, core));
  const [, done = "0", failed = "0"] = /(\d+) succeeded, (\d+) failed/.exec(text) ?? [];
  const took = /time for request:\s+\S+\s+\S+\s+(\S+)/.exec(text)?.[1];
  return { units: Number(done), seconds, ...(took !== undefined && { p50Ms: millis(took) }), errors: Number(failed) };
}

function millis(text: string): number {
  const value = Number.parseFloat(text);
  return text.endsWith("us") ? value / 1000 : text.endsWith("ms") ? value : value * 1000;
}

/** TLS handshakes by `openssl s_time`. */
export async function handshakes(
  load: Extract<Load, { type: "handshakes" }>,
  { port, seconds, core }: Target,
): Promise<LoadResult> {
  // It resumes sessions of TLS 1.2 alone.
  const how = load.isResumed ? ["-reuse", "-tls1_2"] : ["-new"];
  const command = ["openssl", "s_time", "-connect", `127.0.0.1:${port}`, ...how, "-time", String(seconds), "-www", "/"];
  const text = await output(pinned(command, core));
  const [, units = "0", took = "0"] =
    /(\d+) connections in (\d+) real seconds/.exec(text.slice(text.lastIndexOf("connections in") - 20)) ?? [];
  return { units: Number(units), seconds: Number(took) === 0 ? seconds : seconds, errors: units === "0" ? 1 : 0 };
}

/** So many requests in all, by `hey`, or `ab`. */
export async function burst(load: Extract<Load, { type: "burst" }>, { port, core }: Target): Promise<LoadResult> {
  const flags = ["-n", String(load.requests), "-c", String(load.connections)];
  const target = `http://127.0.0.1:${port}/`;
  if (Bun.which("hey") !== null) {
    const text = await output(pinned(["hey", "-cpus", "1", ...flags, target], core));
    const [, units = "0"] = /\[200\]\s+(\d+) responses/.exec(text) ?? [];
    const seconds = Number(/Total:\s+([\d.]+) secs/.exec(text)?.[1] ?? 0);
    const percentile = (part: string): number =>
      Number(new RegExp(`${part}%+ in ([\\d.]+) secs`).exec(text)?.[1] ?? 0) * 1000;
    return {
      units: Number(units),
      seconds,
      p50Ms: percentile("50"),
      p99Ms: percentile("99"),
      errors: load.requests - Number(units),
    };
  }
  const text = await output(pinned(["ab", "-q", ...flags, target], core));
  const failed = Number(/Failed requests:\s+(\d+)/.exec(text)?.[1] ?? load.requests);
  return {
    units: load.requests - failed,
    seconds: Number(/Time taken for tests:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    errors: failed,
  };
}
