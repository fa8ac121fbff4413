import { join } from "node:path";
import { gatekeeper } from "../../scripts/bench/contenders/gatekeeper.ts";
import { PLAIN } from "../../scripts/bench/setup.ts";
import type { LogFacts } from "../../src/observe/log.ts";
import { type BinaryRun, binaryPath, listeningAt, startBinary, temporaryFolder } from "./binary.ts";

/** Where a line of its log goes. */
export type TakeLine = (level: "error" | "warn" | "info" | "debug", message: string, facts: LogFacts) => void;

/** True where a suite is to hold the executable of the benchmark to what it holds the proxy in this process to. */
export function wantsExecutable(): boolean {
  return process.env["GATEKEEPER_SUITE"] === "executable";
}

/**
 * The executable under test as the benchmark starts it: by its own settings, before one upstream of 127.0.0.1. Its port is
 * one that the system chooses.
 */
export async function startBenchmarked(
  originPort: number,
  take: TakeLine,
): Promise<{ readonly port: number; readonly run: BinaryRun } & AsyncDisposable> {
  const folder = temporaryFolder();
  const pem = { cert: join(folder.path, "cert"), key: join(folder.path, "key"), ca: join(folder.path, "ca") };
  const place = { port: 0, originPort, dir: folder.path, setup: PLAIN, pem };
  const contender = await gatekeeper("gatekeeper", await binaryPath(), 1);
  const [binary = "", ...args] = await contender.command(place);
  const run = await startBinary(args, {
    binary,
    env: contender.env ?? {},
    onLine: (line) => takeLine(line, take),
  });
  const { port } = await listeningAt(run);
  return {
    port,
    run,
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

function takeLine(line: string, take: TakeLine): void {
  const { level, message, ...facts } = JSON.parse(line) as LogFacts & {
    readonly level: Parameters<TakeLine>[0];
    readonly message: string;
  };
  take(level, message, facts);
}
