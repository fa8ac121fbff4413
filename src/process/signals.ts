import type { Log } from "../observe/log.ts";
import type { StopResult, Worker } from "./worker.ts";

/** Exit codes of a serving process. 2 is a configuration that was refused. */
export const EXIT_OK = 0;
/** The grace period was over, or a second signal came, before everything had ended. */
export const EXIT_FORCED = 1;

/**
 * Serves until a signal says otherwise and gives the exit code. SIGINT stops fast; SIGTERM and SIGQUIT drain
 * first (Pingora's names); a second signal while draining stops at once.
 */
export async function serveUntilSignal(worker: Worker, log: Log): Promise<number> {
  const { promise: first, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const hurry = new AbortController();
  let signalled = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (signalled) hurry.abort();
    signalled = true;
    resolve(signal);
  };
  const onReload = (signal: NodeJS.Signals) => {
    log.warn("this version cannot reload its configuration; still serving with the old one", { signal });
  };
  for (const signal of STOPPING) process.on(signal, onSignal);
  for (const signal of RELOADING) process.on(signal, onReload);
  try {
    const signal = await first;
    if (signal === "SIGINT") {
      log.info("stopping", { signal });
      await worker.stop();
      return EXIT_OK;
    }
    log.info("draining", { signal, open: worker.open });
    const result: StopResult = await worker.drain(hurry.signal);
    log.info("stopped", { result });
    return result === "drained" ? EXIT_OK : EXIT_FORCED;
  } finally {
    for (const signal of STOPPING) process.off(signal, onSignal);
    for (const signal of RELOADING) process.off(signal, onReload);
  }
}

const STOPPING = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;
const RELOADING = ["SIGHUP", "SIGUSR1"] as const;
