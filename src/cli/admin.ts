import type { AdminConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import { adminHandlers } from "../process/admin-answers.ts";
import { AdminDoor } from "../process/admin-door.ts";
import type { Overview } from "../process/overview.ts";
import type { Reloader } from "../process/reloader.ts";
import type { Signals } from "../process/signals.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { bindProblem } from "./bind-failure.ts";

export interface Administered {
  readonly worker: Supervisor;
  readonly signals: Signals;
  readonly reloader: Reloader;
  readonly overview: Overview;
  readonly log: Log;
  /** It took over from a process that may have the address still. */
  readonly hasPredecessor: boolean;
}

/** Opens the admin listener, and has it follow reloads. It goes when another process takes over, else at the end. */
export async function openAdmin(config: AdminConfig, administered: Administered): Promise<AdminDoor> {
  const { worker, signals, reloader, overview, log, hasPredecessor } = administered;
  const door = new AdminDoor({
    handlers: adminHandlers({ worker, signals, reload: () => reloader.reload("admin"), overview }),
    log,
    hasPredecessor,
    reasonOf: (address, error) => {
      const { message, help } = bindProblem(address, error);
      return help === undefined ? message : `${message}: ${help}`;
    },
  });
  reloader.onReloaded = (loaded) => door.settle(loaded.admin);
  signals.onSuccessor = () => void door.letGo();
  await door.settle(config);
  return door;
}
