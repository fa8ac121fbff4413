import { readdir, readFile } from "node:fs/promises";

const TICKS_PER_SECOND = 100; // USER_HZ, which Linux fixes at 100 for what /proc shows.
const STOP_MS = 3000;

/** A started program; disposing of it ends it, by its own pid, and waits until it is gone. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when the program ends before anything asked it to. */
  readonly died: Promise<never>;
  /** Its exit code, however it ended. */
  readonly exited: Promise<number>;
}

export interface StartOptions {
  readonly command: readonly string[];
  /** The one core it may use; undefined for any. */
  readonly core: number | undefined;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function pinned(command: readonly string[], core: number | undefined): string[] {
  return core === undefined ? [...command] : ["taskset", "-c", String(core), ...command];
}

export function start(options: StartOptions): Running {
  const child = Bun.spawn(pinned(options.command, options.core), {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = new Response(child.stderr).text();
  let stopping = false;
  const died = child.exited.then(async (code): Promise<never> => {
    if (stopping) return new Promise<never>(() => {});
    throw new Error(`${options.command[0]} ended with ${code}: ${(await stderr).trim()}`);
  });
  // Whoever waits for readiness sees it; nobody else has to.
  died.catch(() => {});
  return {
    pid: child.pid,
    died,
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

/** Waits until something answers on the port, or the program that should has died. */
export async function listening(running: Running, port: number, isTls = false): Promise<void> {
  const deadline = Date.now() + 10_000;
  const url = `${isTls ? "https" : "http"}://127.0.0.1:${port}/`;
  for (;;) {
    const answered = fetch(url, {
      proxy: "",
      signal: AbortSignal.timeout(1000),
      keepalive: false,
      tls: { rejectUnauthorized: false },
    });
    const seen = await Promise.race([answered.then(() => true).catch(() => false), running.died]);
    if (seen) return;
    if (Date.now() > deadline) throw new Error(`nothing answers on port ${port}`);
    await Promise.race([Bun.sleep(20), running.died]);
  }
}

/** Below those that a system gives to connections by itself, so that none takes a port between two uses of it. */
const PORTS = { from: 20_000, count: 12_000 };

/** A port that was free a moment ago. */
export function freePort(): number {
  for (let tries = 1; ; tries++) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    try {
      using server = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
      return server.port;
    } catch (error) {
      // Somebody has it.
      if (tries === 100) throw error;
    }
  }
}

interface ProcStat {
  readonly parent: number;
  readonly ticks: number;
}

async function procStat(pid: string): Promise<ProcStat | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may itself hold spaces and parentheses. Field 4 is the parent; 14 and 15 are
    // the user and system time of all its threads.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** A process and everything it started, as far as it still runs. */
export async function processesOf(root: number): Promise<readonly number[]> {
  return (await statsOf(root)).map(([pid]) => pid);
}

/** CPU seconds that a process and everything it started have used so far. */
export async function cpuSeconds(root: number): Promise<number> {
  const stats = await statsOf(root);
  return stats.reduce((sum, [, { ticks }]) => sum + ticks, 0) / TICKS_PER_SECOND;
}

async function statsOf(root: number): Promise<readonly (readonly [pid: number, stat: ProcStat])[]> {
  const stats = new Map<number, ProcStat>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await procStat(name);
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  const inTree = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent) {
      if (at === root) return true;
    }
    return false;
  };
  return [...stats].filter(([pid]) => inTree(pid));
}
