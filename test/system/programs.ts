import { tmpdir } from "node:os";

/** What a program is in Debian, for the message when it is missing. */
const PACKAGES = {
  caddy: "caddy",
  chromium: "chromium",
  curl: "curl",
  dnsmasq: "dnsmasq-base",
  goaccess: "goaccess",
  hey: "hey",
  nginx: "nginx",
  node: "nodejs",
  prometheus: "prometheus",
  promtool: "prometheus",
  slowhttptest: "slowhttptest",
  python3: "python3",
  wrk: "wrk",
} as const;

export type Program = keyof typeof PACKAGES;

/** The path of a program these tests need. A missing one fails them; it never skips them. */
export function required(program: Program): string {
  const path = Bun.which(program);
  if (path === null) {
    throw new Error(`test/system needs ${program}: apt-get install ${PACKAGES[program]}`);
  }
  return path;
}

/** Debian's own Python, the one that has the package. */
export async function pythonWithWebsockets(): Promise<string> {
  const python = "/usr/bin/python3";
  const found = await run([python, "-c", "import websockets"]).catch(() => undefined);
  if (found?.code !== 0) {
    throw new Error("test/system needs Python's websockets: apt-get install python3 python3-websockets");
  }
  return python;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(command: readonly string[]): Promise<Ran> {
  const child = Bun.spawn([...command], { cwd: tmpdir(), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

/** A program that serves until it is disposed of. */
export interface Serving extends AsyncDisposable {
  /** Lines of its standard output so far, the first one being its port where it prints one. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches; rejects when it ends before. */
  line(pattern: RegExp): Promise<string>;
}

export function serve(command: readonly string[], env: Readonly<Record<string, string>> = {}): Serving {
  const child = Bun.spawn([...command], {
    cwd: tmpdir(),
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const stderr = new Response(child.stderr).text();
  const read = async (): Promise<void> => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const piece of child.stdout) {
      const parts = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      for (const look of waiting) look();
    }
  };
  const ended = read().then(() => child.exited);
  return {
    lines,
    async line(pattern) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const look = (): void => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      waiting.add(look);
      look();
      const gone = ended.then(async (code) => {
        throw new Error(`${command.join(" ")} ended with ${code} before ${pattern}: ${await stderr}`);
      });
      try {
        return await Promise.race([promise, gone]);
      } finally {
        waiting.delete(look);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
