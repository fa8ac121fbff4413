import type { Config } from "../../src/config/model.ts";
import { ownWorker } from "../../src/process/own-worker.ts";
import { startSupervisor, type Supervisor } from "../../src/process/supervisor.ts";
import { RecordingLog } from "./proxy.ts";

/** The real proxy with its supervisor in this process. */
export interface Supervised extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly log: RecordingLog;
  /** The port of its first listener. */
  readonly port: number;
}

export async function startSupervised(config: Config): Promise<Supervised> {
  const log = new RecordingLog();
  const supervisor = await startSupervisor(config, { log, logLevel: "debug", make: () => ownWorker(log) });
  return {
    supervisor,
    log,
    get port() {
      return Number(/:(\d+)$/.exec(supervisor.urls[0] ?? "")?.[1]);
    },
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}
