import { resolve } from "node:path";
import { startText } from "../config/describe.ts";
import { LOG_VARIABLE } from "../config/environment.ts";
import { loadConfig, type Loaded } from "../config/load.ts";
import type { Config, LogConfig, ProcessConfig } from "../config/model.ts";
import { hasErrors, placeText, type Problem } from "../config/problem.ts";
import type { Log } from "../observe/log.ts";
import type { Reloading } from "./reloading.ts";
import { Starter } from "../process/daemon.ts";
import type { ErrorLog } from "../process/error-log.ts";
import { relaunchWithMoreRequests } from "../process/relaunch.ts";
import type { ServiceFacts, ServiceManager } from "../process/service-manager.ts";
import type { ReloadSignal } from "../process/signals.ts";
import type { SupervisorOptions } from "../process/supervisor.ts";
import type { Invocation } from "./argv.ts";
import { refuse as refuseAll, report } from "./main.ts";
import { print } from "./output.ts";

/** Serves as the command line says, or with `-t` says whether it would. Gives the exit code. */
export async function run(asTyped: Invocation): Promise<number> {
  const starter = Starter.find();
  const invocation = starter === undefined ? asTyped : absoluteConf(asTyped);
  const isTest = invocation.actions.has("test");
  const refuse: Refuse = (problems) => {
    starter?.refused(problems);
    return refuseAll(problems);
  };
  const late: string[] = [];
  // First of all, since everything done before it is done again.
  if (!isTest && !hasErrors(invocation.problems)) relaunchWithMoreRequests((message) => late.push(message));
  const loaded = await loadInvocation(invocation, process.env[LOG_VARIABLE]);
  const { config } = loaded;
  if (config === undefined || hasErrors(loaded.problems)) {
    // A test listens nowhere, and who takes over has the addresses of the one before it.
    if (isTest || invocation.actions.has("upgrade")) return refuse(loaded.problems);
    const { heldAddresses } = await import("./bind-failure.ts");
    return refuse([...loaded.problems, ...heldAddresses(loaded.listeners)]);
  }
  if (!config.process.daemon) {
    return isTest ? await test(config, loaded.problems) : await serve(config, loaded, { invocation, late, refuse });
  }
  const { daemonFaults, startDaemon } = await import("./daemonizing.ts");
  const faults = daemonFaults(config, loaded, invocation);
  if (faults.length > 0) return refuse([...loaded.problems, ...faults]);
  if (isTest) return await test(config, loaded.problems);
  if (starter === undefined) return await startDaemon(config, loaded.problems);
  return await serve(config, loaded, { invocation, late, refuse, starter });
}

/** Says what is wrong to whoever waits for it, and gives the exit code. */
type Refuse = (problems: readonly Problem[]) => number;

/** The same command line, whichever folder is worked in by the time of a reload. */
function absoluteConf(invocation: Invocation): Invocation {
  const { conf } = invocation;
  return conf === undefined ? invocation : { ...invocation, conf: { ...conf, path: resolve(conf.path) } };
}

/** Loads what a command line asks for: its own problems come first, then those of its files. */
export async function loadInvocation(invocation: Invocation, logVariable: string | undefined): Promise<Loaded> {
  const { settings: flags, conf, problems } = invocation;
  const loaded = await loadConfig({ flags, conf, logVariable });
  return { ...loaded, problems: [...problems, ...loaded.problems] };
}

async function test(config: Config, problems: readonly Problem[]): Promise<number> {
  const { unusableAddresses } = await import("./bind-failure.ts");
  const all = [...problems, ...(await unusableAddresses(config))];
  if (hasErrors(all)) return refuseAll(all);
  report(all);
  print(`configuration OK: would listen on ${startText(config)}\n`);
  const [{ migrateNote }, { openFilesNote }] = await Promise.all([
    import("../process/migrate-setting.ts"),
    import("../process/open-files.ts"),
  ]);
  for (const note of [migrateNote(), openFilesNote(config.process)]) if (note !== undefined) print(`note: ${note}\n`);
  return 0;
}

interface Start {
  readonly invocation: Invocation;
  /** Warnings from before there was a log. */
  readonly late: readonly string[];
  readonly refuse: Refuse;
  /** Undefined in the foreground. */
  readonly starter?: Starter;
}

async function serve(config: Config, loaded: Loaded, start: Start): Promise<number> {
  const { invocation, late, refuse, starter } = start;
  const { log: settings, problems } = loaded;
  const errorLog = starter && (await daemonLog(config.process));
  const [log, { Signals }] = await Promise.all([openLog(settings, errorLog), import("../process/signals.ts")]);
  using signals = new Signals(log);
  const { begin } = await import("./beginning.ts");
  const { startSupervisor, ListenError, WorkerStartError } = await import("../process/supervisor.ts");
  for (const problem of problems) log.warn(problem.message, { at: placeText(problem.place), seen: problem.seen });
  for (const message of late) log.warn(message);
  try {
    const upgrade = invocation.actions.get("upgrade");
    const { awaitSuccessor, completeTakeOver } = await import("./upgrading.ts");
    const begun = await begin(config, { upgrade, isDaemon: starter !== undefined, errorLog });
    if ("severity" in begun) return refuse([begun]);
    using surroundings = begun.surroundings;
    const { takeOver } = begun;
    starter?.begun();
    using service = await findServiceManager(takeOver?.predecessor?.service);
    const sharing = takeOver?.sharing(config);
    const make = await workerMaker(config, log);
    const controls = takeOver?.controls;
    const worker = await startSupervisor(config, {
      log,
      logLevel: settings.level,
      make,
      ...(sharing && { sharing }),
      ...(controls && { controls }),
    });
    const refusal = takeOver && (await completeTakeOver(takeOver, upgrade ?? "", log));
    if (refusal !== undefined) {
      await worker.stop();
      return refuse([refusal]);
    }
    if (takeOver !== undefined) surroundings.tookOver();
    await tellOfOpenFiles(config, log);
    await using _upgradeSocket = await awaitSuccessor(
      config,
      { worker, signals, log, service },
      takeOver !== undefined,
    );
    if (upgrade !== undefined || config.process.threads > 1) await tellOfMigration(log);
    const { startReloading } = await import("./reloading.ts");
    await using reloading: Reloading = await startReloading(invocation, loaded, { worker, log, watcher: service });
    const { reloader, overview } = reloading;
    const { openAdmin } = await import("./admin.ts");
    const administered = { worker, signals, reloader, overview, log, hasPredecessor: takeOver !== undefined };
    await using _admin = await openAdmin(loaded.admin, administered);
    setTimeout(() => Bun.gc(true), TIDY_MS).unref();
    if (config.process.threads > 1) setInterval(() => Bun.gc(true), TIDY_AGAIN_MS).unref();
    log.info(`listening on ${startText(config, worker.urls)}`);
    service?.serving(worker, takeOver !== undefined);
    if (starter !== undefined) void tellStarter(starter, config.process, log);
    const handlers = {
      reload: (signal: ReloadSignal) => void reloader.reload(signal),
      errorLog,
      onStopping: (open: number) => service?.stopping(open, stopMs(worker.config)),
    };
    const [file] = invocation.values.get("cpu-profile") ?? [];
    const { profiling } = reloading;
    const served =
      file === undefined ? worker : await (await import("./profiling.ts")).profiled(worker, { profiling, file, log });
    const exitCode = await signals.serve(served, handlers);
    // Whatever is still open then, a stop is a stop.
    setTimeout(() => process.exit(), EXIT_MS).unref();
    return exitCode;
  } catch (error) {
    if (error instanceof WorkerStartError) return refuse([startProblem(error)]);
    if (!(error instanceof ListenError)) throw error;
    const { bindProblem } = await import("./bind-failure.ts");
    return refuse(error.failures.map(({ listener, error: cause }) => bindProblem(listener.address, cause)));
  }
}

function startProblem({ message }: Error): Problem {
  return { severity: "error", place: { type: "command_line" }, message: `the workers cannot start: ${message}` };
}

/** Most processes have none, and then there is nothing to load. */
async function findServiceManager(predecessors: ServiceFacts | undefined): Promise<ServiceManager | undefined> {
  if (process.env["NOTIFY_SOCKET"] === undefined && predecessors === undefined) return undefined;
  const { ServiceManager } = await import("../process/service-manager.ts");
  return ServiceManager.find(process.env, predecessors);
}

async function daemonLog({ errorLog }: ProcessConfig): Promise<ErrorLog | undefined> {
  const { ErrorLog } = await import("../process/error-log.ts");
  return errorLog === undefined ? undefined : new ErrorLog(errorLog);
}

async function tellStarter(starter: Starter, { daemonNotifyTimeoutMs }: ProcessConfig, log: Log): Promise<void> {
  if (await starter.serving(daemonNotifyTimeoutMs)) return;
  log.warn("the command that started this process does not take notice that it serves");
}

async function tellOfOpenFiles(config: Config, log: Log): Promise<void> {
  const { openFilesNote } = await import("../process/open-files.ts");
  const note = openFilesNote(config.process);
  if (note !== undefined) log.warn(note);
}

/** Where it matters before long. */
async function tellOfMigration(log: Log): Promise<void> {
  const { migrateNote } = await import("../process/migrate-setting.ts");
  const note = migrateNote();
  if (note !== undefined) log.info(note);
}

/** How long a stop may take, whatever is open. */
function stopMs({ process: { gracePeriodMs, gracefulShutdownTimeoutMs } }: Config): number {
  return gracePeriodMs + gracefulShutdownTimeoutMs + EXIT_MS;
}

/**
 * What a start leaves (texts, trees, schemas) is collected so long after it: by itself Bun waits until the heap has grown
 * again (1.4.5), and until then an idle process holds up to ten megabytes of it.
 */
const TIDY_MS = 1_000;
/**
 * A supervisor makes little of it, from its workers' counts each second, and left to itself it holds up to ten megabytes at
 * any time. Nobody waits for it meanwhile: it answers no requests but those of the admin listener.
 */
const TIDY_AGAIN_MS = 30_000;

/** How long the process may take to end by itself after all is over. */
const EXIT_MS = 500;

/** One worker works in this process, several have a process each. */
async function workerMaker(config: Config, log: Log): Promise<SupervisorOptions["make"]> {
  if (config.process.threads > 1) {
    const { WorkerSpawner } = await import("../process/spawn-worker.ts");
    return new WorkerSpawner().make;
  }
  const { ownWorker } = await import("../process/own-worker.ts");
  return () => ownWorker(log);
}

/** Opens the log as configured: human on a terminal, JSON otherwise. */
export async function openLog({ level, format }: LogConfig, errorLog?: ErrorLog): Promise<Log> {
  const { createLog } = await import("../observe/log.ts");
  const isTerminal = format === undefined ? process.stderr.isTTY === true : format === "human";
  return createLog({ level, isTerminal, ...(errorLog && { write: errorLog.write }) });
}
