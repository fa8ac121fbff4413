import type { Config } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { SETTINGS } from "../config/settings/table.ts";
import type { Log } from "../observe/log.ts";
import type { ServiceManager } from "../process/service-manager.ts";
import type { Signals } from "../process/signals.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { TakeOver } from "../process/take-over.ts";
import { UpgradeSocket } from "../process/upgrade-socket.ts";
import { versionText } from "./version.ts";

/**
 * Finds the process that is to be taken over from. A problem says why there is none.
 *
 * @param flag as it was typed
 * @param uid the user that this process is to be
 */
export async function findPredecessor(config: Config, flag: string, uid: number): Promise<TakeOver | Problem> {
  const takeOver = new TakeOver(config.process.upgradeSock, uid);
  await takeOver.ask();
  return upgradeProblem(takeOver, flag) ?? takeOver;
}

/** Everything listens: has the predecessor go. @returns why it does not */
export async function completeTakeOver(takeOver: TakeOver, flag: string, log: Log): Promise<Problem | undefined> {
  await takeOver.tell();
  const { state } = takeOver;
  if (state.at === "serving") {
    const { pid: predecessor, version } = state.predecessor;
    log.info("took over", { predecessor, version });
  }
  return upgradeProblem(takeOver, flag);
}

function upgradeProblem({ state }: TakeOver, flag: string): Problem | undefined {
  if (state.at !== "given_up") return undefined;
  return {
    severity: "error",
    place: { type: "flag", name: flag },
    message: `there is nothing to take over: ${state.reason}`,
    help: "where nothing runs yet, start without the flag; upgrade_sock has to be the same for both processes",
  };
}

export interface Upgradable {
  readonly worker: Supervisor;
  readonly signals: Signals;
  readonly log: Log;
  /** Told of the process that takes over, and its business too from then on. */
  readonly service: ServiceManager | undefined;
}

/** Waits on the upgrade socket for the process that takes over from this one. @param replaces the predecessor's is there */
export async function awaitSuccessor(
  { process: { upgradeSock } }: Config,
  { worker, signals, log, service }: Upgradable,
  replaces: boolean,
): Promise<AsyncDisposable> {
  const facts = () => {
    const { listeningAt, controls } = worker;
    const own = { pid: process.pid, version: versionText(), listeningAt, controls: controls.state };
    return service === undefined ? own : { ...own, service: service.facts };
  };
  const handOver = (pid: number): string | undefined => {
    const refusal = signals.handOver(pid);
    if (refusal === undefined) service?.handedOver(pid);
    return refusal;
  };
  const handlers = { facts, handOver };
  try {
    return await UpgradeSocket.open(upgradeSock, handlers, replaces);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // Several processes with settings of their own are nothing unusual.
    const isUsual = upgradeSock === SETTINGS.upgrade_sock.default && String(error).includes("in use");
    log[isUsual ? "info" : "warn"]("no upgrade socket: --upgrade cannot take over from this process", { reason });
    return new AsyncDisposableStack();
  }
}
