import { readFileSync } from "node:fs";
import type { ProcessConfig } from "../config/model.ts";

/** Linux, proc_pid_limits(5). */
const FILE = "/proc/self/limits";
/** Fewer are worth a word: many a system gives 1,024 without being asked. */
const FEW = 10_000;
/** What a process has open beside connections: its listeners, logs, the event loops and Bun's own. */
const OWN = 100;

/** What is to be served at once, and by how many workers. */
type Wanted = Pick<ProcessConfig, "maxConnections" | "threads">;

/**
 * How many files this process may open, connections among them; undefined where the system does not tell. Bun raises the
 * soft limit to the hard one before anything else runs, and workers inherit it (Bun 1.4.5): nobody can have more.
 */
export function openFilesLimit(file = FILE): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)\s/m.exec(readFileSync(file, "utf8")) ?? [];
    return soft === undefined ? undefined : soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return undefined;
  }
}

/** What to say of that limit; undefined where it is high enough, or not known. */
export function openFilesNote({ maxConnections, threads }: Wanted, limit = openFilesLimit()): string | undefined {
  const wanted = maxConnections === 0 ? FEW : 2 * Math.ceil(maxConnections / threads) + OWN;
  if (limit === undefined || limit >= wanted) return undefined;
  const proxied = Math.max(0, Math.floor((limit - OWN) / 2));
  const configured = maxConnections === 0 ? "" : ` (max_connections is ${maxConnections})`;
  return (
    `each process can have ${limit} files open, enough for about ${proxied} proxied connections, which take two each${configured}; ` +
    "LimitNOFILE= in a systemd unit, or `ulimit -Hn` in the shell that starts it, gives more"
  );
}
