/** Prints how long the executable takes from exec to its first proxied answer. */
import { join } from "node:path";
import { freePort } from "./bench/processes.ts";
import { spreadOf, type Spread } from "./bench/stats.ts";
import { ROOT } from "./compile.ts";

const GIVE_UP_MS = 10_000;

/** Milliseconds from exec to the first answer of the upstream that came through. */
export async function timeToServe(binary: string): Promise<number> {
  using origin = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("up") });
  const port = freePort();
  const started = performance.now();
  const child = Bun.spawn([binary, "--bind", `127.0.0.1:${port}`, "--upstream", `127.0.0.1:${origin.port}`], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    for (;;) {
      const answered = await fetch(`http://127.0.0.1:${port}/`, { proxy: "" })
        .then((r) => r.text())
        .catch(() => "");
      const took = performance.now() - started;
      if (answered === "up") return took;
      if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}`);
      if (took > GIVE_UP_MS) throw new Error(`${binary} did not serve within ${GIVE_UP_MS} ms`);
      await Bun.sleep(1);
    }
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** Milliseconds from exec to the end of `--version`: what starting the runtime costs by itself. */
export async function timeToVersion(binary: string): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([binary, "--version"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${binary} --version ended with ${code}`);
  return performance.now() - started;
}

export async function repeat(times: number, measure: () => Promise<number>): Promise<Spread> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await measure());
  return spreadOf(values);
}

function line(name: string, { median, min, max }: Spread): string {
  return `${name.padEnd(12)} median ${median.toFixed(1)} ms  (${min.toFixed(1)}–${max.toFixed(1)})`;
}

if (import.meta.main) {
  const binary = process.argv[2] ?? join(ROOT, "dist/gatekeeper");
  console.log(line("to serving", await repeat(20, () => timeToServe(binary))));
  console.log(line("--version", await repeat(20, () => timeToVersion(binary))));
}
