import { join } from "node:path";
import { pinned } from "./processes.ts";
import type { Scenario } from "./scenarios.ts";

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx or 3xx, and connections or requests that failed. */
  readonly errors: number;
}

/** One way to make load. `run` takes the seconds it should last. */
export interface LoadTool {
  readonly name: string;
  run(scenario: Scenario, port: number, seconds: number): Promise<LoadResult>;
}

/** wrk's own text rounds; this prints what it counted. It has no `request` function, which would slow it down. */
const WRK_REPORT = `
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

async function output(command: readonly string[], core: number | undefined): Promise<string> {
  const child = Bun.spawn(pinned(command, core), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${err}${out}`);
  return out;
}

function headerFlags(scenario: Scenario): string[] {
  return scenario.headers.flatMap((line) => ["-H", line]);
}

function url(scenario: Scenario, port: number): string {
  return `http://127.0.0.1:${port}${scenario.answer.path}`;
}

async function wrk(dir: string, core: number | undefined): Promise<LoadTool> {
  const script = join(dir, "report.lua");
  await Bun.write(script, WRK_REPORT);
  return {
    name: "wrk",
    async run(scenario, port, seconds) {
      const flags = ["-t", "1", "-c", String(scenario.connections), "-d", `${seconds}s`, "--timeout", "10s"];
      const command = ["wrk", ...flags, "-s", script, ...headerFlags(scenario), url(scenario, port)];
      const text = await output(command, core);
      const found = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(text);
      if (found === null) throw new Error(`wrk said something else: ${text}`);
      const [requests, micros, p50, p99, errors] = found.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return { requests, seconds: micros / 1e6, p50Ms: p50 / 1000, p99Ms: p99 / 1000, errors };
    },
  };
}

function hey(core: number | undefined): LoadTool {
  return {
    name: "hey",
    async run(scenario, port, seconds) {
      const flags = ["-cpus", "1", "-c", String(scenario.connections), "-z", `${seconds}s`];
      const text = await output(["hey", ...flags, ...headerFlags(scenario), url(scenario, port)], core);
      const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
      const took = number(/Total:\s+([\d.]+) secs/);
      const [counted = "", failed = ""] = text.split("Error distribution:");
      const statuses = [...counted.matchAll(/\[(\d{3})\]\s+(\d+) responses/g)];
      const bad = statuses.filter(([, status]) => !/^[23]/.test(status ?? ""));
      const lost = [...failed.matchAll(/^\s+\[(\d+)\]/gm)].reduce((total, [, count]) => total + Number(count), 0);
      const sum = (found: typeof statuses): number => found.reduce((total, [, , count]) => total + Number(count), 0);
      return {
        requests: sum(statuses),
        seconds: took,
        p50Ms: number(/50%+ in ([\d.]+) secs/) * 1000,
        p99Ms: number(/99%+ in ([\d.]+) secs/) * 1000,
        errors: sum(bad) + lost,
      };
    },
  };
}

/** wrk, else hey; undefined where neither is installed. */
export async function loadTool(dir: string, core: number | undefined): Promise<LoadTool | undefined> {
  if (Bun.which("wrk") !== null) return await wrk(dir, core);
  if (Bun.which("hey") !== null) return hey(core);
  return undefined;
}
