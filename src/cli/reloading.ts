import { LOG_VARIABLE } from "../config/environment.ts";
import type { Loaded } from "../config/load.ts";
import type { Log } from "../observe/log.ts";
import { controlSetting } from "../process/control-folder.ts";
import { type ControlSocket, openControlSocket } from "../process/control-socket.ts";
import { CpuProfiling } from "../process/cpu-profiling.ts";
import { FileWatcher } from "../process/file-watcher.ts";
import { type Holdings, holdingsOf } from "../process/holdings.ts";
import { Overview } from "../process/overview.ts";
import { processStatus } from "../process/process-status.ts";
import { Reloader, type ReloadWatcher } from "../process/reloader.ts";
import type { Supervisor } from "../process/supervisor.ts";
import type { Invocation } from "./argv.ts";
import { bindProblem } from "./bind-failure.ts";
import { loadInvocation } from "./run.ts";
import { version, versionText } from "./version.ts";

/** What makes a serving process reload, and what is known of it. */
export interface Reloading extends AsyncDisposable {
  readonly reloader: Reloader;
  readonly overview: Overview;
  readonly profiling: CpuProfiling;
}

export interface ReloadingOptions {
  readonly worker: Supervisor;
  readonly log: Log;
  readonly watcher: ReloadWatcher | undefined;
}

/** Opens the control socket, and with `--watch` watches the files. Reloads read the same command line again. */
export async function startReloading(
  invocation: Invocation,
  loaded: Loaded,
  { worker, log, watcher }: ReloadingOptions,
): Promise<Reloading> {
  const reloader = new Reloader({
    worker,
    log,
    logConfig: loaded.log,
    load: () => loadInvocation(invocation, process.env[LOG_VARIABLE]),
    listenProblem: ({ listener, error }) => bindProblem(listener.address, error),
    watcher,
  });
  await using owned = new AsyncDisposableStack();
  const overview = owned.use(new Overview({ supervisor: worker, reloader, version: version() }));
  const profiling = new CpuProfiling(worker);
  const control = await openControlSocket(
    {
      status: () => processStatus(worker, versionText()),
      holdings: () => allHoldings(worker),
      reload: () => reloader.reload("command"),
      control: (command) => worker.control(command),
      watch: overview.watch,
      profile: (ms) => profiling.take(ms),
    },
    controlSetting(),
  );
  if (typeof control === "string") log.warn("no control socket: `gatekeeper reload` cannot work", { reason: control });
  else owned.use<ControlSocket>(control);
  if (invocation.actions.has("watch")) {
    const watcher = owned.use(new FileWatcher({ log, changed: () => void reloader.reload("watch") }));
    // Nothing was read before the process began.
    watcher.watch(loaded.files, performance.timeOrigin);
    reloader.onFiles = (files, readAt) => watcher.watch(files, readAt);
  }
  const stack = owned.move();
  return { reloader, overview, profiling, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Of the workers, and of the supervisor where that has a process of its own, which serves nothing. */
async function allHoldings(supervisor: Supervisor): Promise<readonly Holdings[]> {
  const answers = await supervisor.askServing({ type: "holdings" });
  const workers = answers.flatMap((answer) => (answer?.type === "holdings" ? [answer.holdings] : []));
  if (workers.some(({ pid }) => pid === process.pid)) return workers;
  return [await holdingsOf({ open: 0, peers: [] }), ...workers];
}
