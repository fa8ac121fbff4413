import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "./messages.ts";

/** True only in an executable that tests built for themselves (`scripts/compile.ts`). */
declare const GATEKEEPER_FAULTS: boolean;

/** Names the folder in which tests put files that ask for faults. Only a test's build looks at it. */
const VARIABLE = "GATEKEEPER_FAULTS_FOLDER";
const LOOK_MS = 10;

/**
 * Bugs on demand, for tests of what becomes of a worker that has one: the file `crash-1` in the folder has worker 1 throw
 * what nobody catches, `hang-1` has its event loop stand still, `hang-1-on-drain` has it do so when it is to drain.
 *
 * @returns what is to be told of every question; undefined in every other build
 */
export function faultsOf(
  environment: Readonly<Record<string, string | undefined>>,
  worker: string,
): ((ask: Ask) => void) | undefined {
  if (typeof GATEKEEPER_FAULTS === "undefined") return undefined;
  const folder = environment[VARIABLE];
  if (folder === undefined) return undefined;
  const isAsked = (name: string): boolean => {
    const file = join(folder, name);
    if (!existsSync(file)) return false;
    rmSync(file);
    return true;
  };
  setInterval(() => {
    if (isAsked(`hang-${worker}`)) hang();
    if (isAsked(`crash-${worker}`)) throw new Error("a bug that a test asked for");
  }, LOOK_MS);
  return (ask) => {
    if (ask.type === "drain" && isAsked(`hang-${worker}-on-drain`)) hang();
    if (ask.type === "start" && existsSync(join(folder, `crash-${worker}-always`))) process.exit(7);
  };
}

function hang(): never {
  for (;;) Bun.sleepSync(1_000);
}
