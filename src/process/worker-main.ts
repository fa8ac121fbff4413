import type { LogFacts, LogLevel, Log } from "../observe/log.ts";
import { type Channel, Inbox } from "./channel.ts";
import { faultsOf } from "./faults.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { endWithParent } from "./parent-death.ts";
import { WORKER_VARIABLE } from "./worker-role.ts";
import { WorkerSeat } from "./worker-seat.ts";

/** They come to the whole group of processes, from a terminal or a service manager; the supervisor says what to do. */
const SUPERVISORS = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** Works for the supervisor that started this process, until that lets go of it or is no more. */
export function runWorkerProcess(): void {
  endWithParent();
  for (const signal of SUPERVISORS) process.on(signal, () => {});
  process.on("disconnect", () => process.exit(0));
  const channel = parentChannel();
  const onAsk = faultsOf(process.env, process.env[WORKER_VARIABLE] ?? "");
  new WorkerSeat({ channel, log: (level) => channelLog(level, channel), ...(onAsk && { onAsk }) });
}

function parentChannel(): Channel<FromWorker, ToWorker> {
  const inbox = new Inbox<ToWorker>();
  process.on("message", (message: ToWorker) => inbox.put(message));
  return {
    send: (message) => {
      // The supervisor may have gone a moment ago; then this process goes as well.
      if (process.connected) process.send?.(message);
    },
    receive: (take) => inbox.open(take),
  };
}

const RANKS: Readonly<Record<LogLevel, number>> = { off: 0, error: 1, warn: 2, info: 3, debug: 4, trace: 5 };

/** The log of a worker: the supervisor writes it, so that its lines and those of others never run into each other. */
function channelLog(level: LogLevel, channel: Channel<FromWorker, ToWorker>): Log {
  const lines = (own: "error" | "warn" | "info" | "debug") => (message: string, facts?: LogFacts) => {
    if (RANKS[own] <= RANKS[level]) channel.send({ type: "log", level: own, message, facts });
  };
  return {
    error: lines("error"),
    warn: lines("warn"),
    info: lines("info"),
    debug: lines("debug"),
    debugEnabled: RANKS.debug <= RANKS[level],
  };
}
