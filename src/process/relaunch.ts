/**
 * Bun's fetch lets 256 requests be in flight per process unless this variable is in the environment before the
 * process starts (Bun 1.4.5): the 257th event stream would stall everything. Setting `process.env` later does
 * nothing, so the process replaces itself once.
 */
const VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";
/** The most that Bun takes. */
const MOST = "65535";
/** Where modules of a compiled executable live; the first argument names one there. */
const COMPILED_ROOT = "/$bunfs/";

/** Whether this is an executable, and not a run from source. */
export function isCompiled(): boolean {
  return process.argv[1]?.startsWith(COMPILED_ROOT) === true;
}

/**
 * Replaces this process with itself (same pid) with the limit raised, and does not return; returns when the limit
 * is raised already. Where the platform cannot replace a process it says so on `warn` and goes on.
 */
export function relaunchWithMoreRequests(warn: (message: string) => void): void {
  if (process.env[VARIABLE] !== undefined) return;
  const environment = { ...process.env, [VARIABLE]: MOST };
  // In a compiled executable argv[1] is a path inside it, and argv[0] is just "bun".
  const compiled = isCompiled();
  const passedOn = process.argv.slice(compiled ? 2 : 1);
  const argv = [process.execPath, ...(compiled ? [] : process.execArgv), ...passedOn];
  try {
    process.execve?.(process.execPath, argv, environment);
    throw new Error("this platform cannot replace a process");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`at most 256 requests can be in flight: ${reason}; set ${VARIABLE}=${MOST} to lift that`);
  }
}
