/** What one round of load came to. */
export interface LoadResult {
  /** Requests, messages, events or handshakes that went well. */
  readonly units: number;
  readonly seconds: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly p999Ms?: number;
  /** Answers that were wrong or not there, and connections that failed. */
  readonly errors: number;
}

/** Runs a program on a processor of its own and gives what it printed. */
export async function output(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${err}${out}`);
  return out;
}
