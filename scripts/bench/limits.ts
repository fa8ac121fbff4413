import { readFileSync } from "node:fs";

/** Open files that 10,000 WebSockets with both their ends take, and some. */
const WANTED_FILES = 65_536;

/**
 * Raises the limit of open files for this process, and so for all that it starts: as root the hard one too. What is said
 * when it stays too low for the scenarios of many connections.
 */
export function raiseFileLimit(): readonly string[] {
  const hard = hardLimit();
  if (hard < WANTED_FILES && setLimit(`${WANTED_FILES}:${WANTED_FILES}`)) return [];
  const reached = Math.min(hard, WANTED_FILES);
  if (setLimit(`${reached}:`) && reached >= WANTED_FILES) return [];
  return [`at most ${reached} files may be open: idle WebSockets are as many as that allows`];
}

/**
 * How many WebSockets a proxy can carry within the limit that all of a run have, up to so many: each is two connections,
 * and a proxy keeps some files for itself.
 */
export function socketsWithin(wanted: number): number {
  const kept = 2_000;
  return Math.max(1, Math.min(wanted, Math.floor((softLimit() - kept) / 2)));
}

function softLimit(): number {
  return limits()[0];
}

function setLimit(limit: string): boolean {
  const command = ["prlimit", `--nofile=${limit}`, "--pid", String(process.pid)];
  return Bun.which("prlimit") !== null && Bun.spawnSync(command, { stderr: "ignore" }).exitCode === 0;
}

function hardLimit(): number {
  return limits()[1];
}

/** Soft and hard. */
function limits(): readonly [number, number] {
  const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  const read = (text = "0"): number => (text === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(text));
  return [read(line?.[1]), read(line?.[2])];
}
