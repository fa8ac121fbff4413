import { shownConfig } from "../config/shown.ts";
import type { AdminHandlers, AdminOutcome } from "../server/admin/admin-handlers.ts";
import { type ControlResult, parseCommand } from "./controls.ts";
import type { Overview } from "./overview.ts";
import type { ReloadReport } from "./reloader.ts";
import type { Signals } from "./signals.ts";
import type { Supervisor } from "./supervisor.ts";

export interface AdminAnswering {
  readonly worker: Supervisor;
  readonly signals: Pick<Signals, "isLeaving" | "leave">;
  readonly reload: () => Promise<ReloadReport>;
  readonly overview: Overview;
}

/** What the admin listener asks, answered by the process as a whole. */
export function adminHandlers({ worker, signals, reload, overview }: AdminAnswering): AdminHandlers {
  return {
    isReady: () => !signals.isLeaving && !worker.isStopping && worker.workers.some(({ isServing }) => isServing),
    metrics: overview.metrics,
    connections: overview.connections,
    watch: overview.watch,
    config: () => shownConfig(worker.config),
    reload: async () => {
      const report = await reload();
      return { isDone: report.isReloaded, body: report };
    },
    stop: (): AdminOutcome =>
      signals.leave("the admin listener")
        ? { isDone: true, body: { draining: true } }
        : { isDone: false, body: { error: "it is on its way out already" } },
    control: async (json): Promise<AdminOutcome> => {
      const command = parseCommand(json);
      const result: ControlResult =
        command === undefined ? { type: "refused", reason: "this is no command" } : await worker.control(command);
      return { isDone: result.type !== "refused", body: result };
    },
    upstreams: async () => {
      const result = await worker.control({ type: "drain", on: true });
      const peers = result.type === "peers" ? result.peers : [];
      return peers.map(({ name, inFlight, failures }) => ({ address: name, num_requests: inFlight, fails: failures }));
    },
  };
}
