import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compile, currentCommit } from "../../scripts/compile.ts";

const BUILT = Symbol.for("gatekeeper.test.binary");
const BUILT_FAULTY = Symbol.for("gatekeeper.test.faulty-binary");
/** Of the folder that a run builds into; its process id follows. */
const PREFIX = "gatekeeper-test-binary-";
const KILL_AFTER_MS = 10_000;

/**
 * The compiled binary under test: the one GATEKEEPER_BINARY names, else one built from this source, once
 * per `bun test` run. On globalThis, because each test file gets its own instance of this module.
 */
export function binaryPath(): Promise<string> {
  const named = process.env["GATEKEEPER_BINARY"];
  if (named !== undefined && named !== "") return Promise.resolve(resolve(named));
  const shared = globalThis as { [BUILT]?: Promise<string> };
  shared[BUILT] ??= build();
  return shared[BUILT];
}

/** One that has bugs on demand (src/process/faults.ts): always built from this source, whichever is under test. */
export function faultyBinaryPath(): Promise<string> {
  const shared = globalThis as { [BUILT_FAULTY]?: Promise<string> };
  shared[BUILT_FAULTY] ??= build("gatekeeper-faulty", true);
  return shared[BUILT_FAULTY];
}

async function build(name = "gatekeeper", faults = false): Promise<string> {
  // `bun test` tells no one of its end (1.4.5), so each run takes away what ended ones left.
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (pid > 0 && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const outfile = join(tmpdir(), `${PREFIX}${process.pid}`, name);
  await compile({ outfile, commit: await currentCommit(), faults });
  return outfile;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface BinaryOptions {
  /** Default: the one under test. */
  readonly binary?: string;
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called with each line that it writes, on either. */
  readonly onLine?: (line: string) => void;
}

export interface BinaryResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A binary that runs. Disposing of it ends it, by force if it does not go by itself. */
export interface BinaryRun extends AsyncDisposable {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the first match in what it wrote on either; rejects with all it wrote when it ends before. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** Its end, however it comes; code is 128 + n where signal n ended it. */
  exited(): Promise<BinaryResult>;
}

export async function startBinary(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryRun> {
  const child = Bun.spawn([options.binary ?? (await binaryPath()), ...args], {
    cwd: options.cwd ?? tmpdir(),
    // Many run at once, and beside a Caddy: none takes the admin port unless its test says so.
    env: { GATEKEEPER_ADMIN: "off", ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const written = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const collect = async (from: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    let read = 0;
    for await (const piece of child[from]) {
      written[from] += decoder.decode(piece, { stream: true });
      for (let end = written[from].indexOf("\n", read); end >= 0; end = written[from].indexOf("\n", read)) {
        options.onLine?.(written[from].slice(read, end));
        read = end + 1;
      }
      for (const look of waiting) look();
    }
  };
  const allRead = Promise.all([collect("stdout"), collect("stderr")]);
  const ended = Promise.all([child.exited, allRead]).then(([code]) => ({ code, ...written }));
  return {
    pid: child.pid,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    async seen(pattern) {
      const { promise, resolve: found } = Promise.withResolvers<RegExpExecArray>();
      const look = (): void => {
        const match = pattern.exec(written.stdout) ?? pattern.exec(written.stderr);
        if (match !== null) found(match);
      };
      waiting.add(look);
      look();
      const gone = ended.then(({ code }) => {
        throw new Error(`ended with ${code} before it wrote ${pattern}\n${written.stdout}${written.stderr}`);
      });
      try {
        return await Promise.race([promise, gone]);
      } finally {
        waiting.delete(look);
      }
    },
    signal: (signal) => child.kill(signal),
    exited: () => ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // SIGTERM would wait for requests that a failed test left open.
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Runs the binary to its end. */
export async function runBinary(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryResult> {
  await using run = await startBinary(args, options);
  return await run.exited();
}

/** Where it listens, once it says so: the first address in the line that says "listening". */
export async function listeningAt(run: BinaryRun): Promise<{ readonly host: string; readonly port: number }> {
  const match = await run.seen(/listening[^\n]*?(\[[\da-f:.]+\]|[\w.-]+):(\d+)[^\n]*\n/i);
  return { host: match[1] ?? "", port: Number(match[2]) };
}

/** A folder that is gone when its scope ends. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "gatekeeper-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
