import { join } from "node:path";
import { pinned } from "../processes.ts";
import type { Load } from "../scenarios.ts";
import { type LoadResult, output } from "./result.ts";

type Requests = Extract<Load, { readonly type: "requests" }>;

export interface RequestsTarget {
  readonly port: number;
  readonly seconds: number;
  readonly core: number | undefined;
  readonly dir: string;
  readonly isTls: boolean;
}

/** wrk's own text rounds; this prints what it counted. It has no `request` function, which would slow it down. */
const WRK_REPORT = `
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** HTTP/1.1 load by wrk, else hey. */
export async function requests(load: Requests, target: RequestsTarget): Promise<LoadResult> {
  if (Bun.which("wrk") !== null) return await wrk(load, target);
  if (Bun.which("hey") !== null) return await hey(load, target);
  throw new Error("needs wrk or hey");
}

/** The name of what makes the load; undefined where there is nothing. */
export function requestsTool(): string | undefined {
  return ["wrk", "hey"].find((name) => Bun.which(name) !== null);
}

function url({ path }: Requests, { port, isTls }: RequestsTarget): string {
  return `${isTls ? "https" : "http"}://127.0.0.1:${port}${path}`;
}

function fieldFlags(load: Requests): string[] {
  const close = load.isFresh === true ? ["Connection: close"] : [];
  return [...load.fields, ...close].flatMap((line) => ["-H", line]);
}

async function wrk(load: Requests, target: RequestsTarget): Promise<LoadResult> {
  const { uploadBytes } = load;
  const script = join(target.dir, `report-${uploadBytes ?? 0}.lua`);
  const upload = uploadBytes === undefined ? "" : `wrk.method = "POST"\nwrk.body = string.rep("x", ${uploadBytes})\n`;
  await Bun.write(script, upload + WRK_REPORT);
  const flags = ["-t", "1", "-c", String(load.connections), "-d", `${target.seconds}s`, "--timeout", "10s"];
  const command = ["wrk", ...flags, "-s", script, ...fieldFlags(load), url(load, target)];
  const text = await output(pinned(command, target.core));
  const found = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(text);
  if (found === null) throw new Error(`wrk said something else: ${text}`);
  const [units = 0, micros = 0, p50 = 0, p99 = 0, p999 = 0, errors = 0] = found.slice(1).map(Number);
  // wrk counts the end of a connection that it was told of as an error of reading.
  const isRight = load.isFresh === true;
  return {
    units,
    seconds: micros / 1e6,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    p999Ms: p999 / 1000,
    errors: isRight ? 0 : errors,
  };
}

async function hey(load: Requests, target: RequestsTarget): Promise<LoadResult> {
  const upload =
    load.uploadBytes === undefined ? [] : ["-m", "POST", "-d", "x".repeat(Math.min(load.uploadBytes, 100_000))];
  const fresh = load.isFresh === true ? ["-disable-keepalive"] : [];
  const flags = ["-cpus", "1", "-c", String(load.connections), "-z", `${target.seconds}s`, ...upload, ...fresh];
  const text = await output(pinned(["hey", ...flags, ...fieldFlags(load), url(load, target)], target.core));
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const [counted = "", failed = ""] = text.split("Error distribution:");
  const statuses = [...counted.matchAll(/\[(\d{3})\]\s+(\d+) responses/g)];
  const bad = statuses.filter(([, status]) => !/^[23]/.test(status ?? ""));
  const lost = [...failed.matchAll(/^\s+\[(\d+)\]/gm)].reduce((total, [, count]) => total + Number(count), 0);
  const sum = (found: typeof statuses): number => found.reduce((total, [, , count]) => total + Number(count), 0);
  return {
    units: sum(statuses),
    seconds: number(/Total:\s+([\d.]+) secs/),
    p50Ms: number(/50%+ in ([\d.]+) secs/) * 1000,
    p99Ms: number(/99%+ in ([\d.]+) secs/) * 1000,
    errors: sum(bad) + lost,
  };
}
