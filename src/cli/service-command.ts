import { dirname, resolve } from "node:path";
import { LOG_VARIABLE } from "../config/environment.ts";
import type { Config } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { SETTINGS } from "../config/settings/table.ts";
import { isCompiled } from "../process/relaunch.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_OK } from "./exit.ts";
import { refuse, report } from "./main.ts";
import { print } from "./output.ts";
import { loadInvocation } from "./run.ts";
import { unitText } from "./service-unit.ts";
import { versionText } from "./version.ts";

/** Where the configuration is looked for that nobody named. */
const USUAL_CONF = "/etc/gatekeeper/gatekeeper.yaml";
/** What systemd makes for the unit. */
const OWN_FOLDERS = ["/run/gatekeeper", "/var/lib/gatekeeper", "/var/log/gatekeeper", "/tmp", "/var/tmp", "/dev"];

/** Prints a unit for systemd that serves as the command line says. Gives the exit code. */
export async function service(invocation: Invocation): Promise<number> {
  const unfit = [...invocation.actions].find(([action]) => action === "test" || action === "upgrade")?.[1];
  if (unfit !== undefined) return refuse([unfitFlag(unfit)]);
  const given = invocation.settings.one("daemon");
  if (given?.value === true && given.place.type === "flag") return refuse([unfitFlag(given.place.name)]);
  const isBare = invocation.servingWords.length === 0;
  const own = isBare ? ["-c", USUAL_CONF] : invocation.servingWords;
  const conf = isBare ? { path: USUAL_CONF, place: { type: "command_line" } as const } : invocation.conf;
  const { config, problems, files } = await loadInvocation({ ...invocation, conf }, process.env[LOG_VARIABLE]);
  // It may be for another machine, or for a file that is still to be written.
  report(problems.map((problem) => ({ ...problem, severity: "warning" })));
  const program = programWords();
  const [user = config?.process.user] = invocation.values.get("user") ?? [];
  print(
    unitText({
      version: versionText(),
      program,
      words: own,
      isDaemon: config?.process.daemon === true,
      user,
      group: config?.process.group,
      stopMs: stopMsOf(config),
      folders: config === undefined ? [] : foldersOf(config),
      isAtHome: [...program, ...files.map((file) => resolve(file))].some((path) => /^\/(home|root)\//.test(path)),
    }),
  );
  return EXIT_OK;
}

function unfitFlag(flag: string): Problem {
  const message = "a unit starts a process that serves in the foreground";
  return { severity: "error", place: { type: "flag", name: flag }, message, expected: `it without ${flag}` };
}

/** This program, as it was started. */
function programWords(): readonly string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, "run", resolve(process.argv[1] ?? "")];
}

function stopMsOf(config: Config | undefined): number {
  if (config !== undefined) return config.process.gracePeriodMs + config.process.gracefulShutdownTimeoutMs;
  const { grace_period_seconds: grace, graceful_shutdown_timeout_seconds: closing } = SETTINGS;
  return (Number(grace.default) + Number(closing.default)) * 1000;
}

/** Folders of sockets, logs and a pid file that lie outside of the unit's own. */
function foldersOf({ listeners, process: { pidFile, upgradeSock } }: Config): readonly string[] {
  const sockets = listeners.flatMap(({ address }) => (address.type === "unix" ? [address.path] : []));
  const paths = [...sockets, ...logsIn(listeners), upgradeSock, ...(pidFile === undefined ? [] : [pidFile])];
  const folders = new Set(paths.map((path) => dirname(resolve(path))));
  return [...folders].filter((folder) => !OWN_FOLDERS.some((each) => folder === each || folder.startsWith(`${each}/`)));
}

/** Paths of access logs, however deep their handlers lie. */
function logsIn(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  if ("type" in part && part.type === "access_log" && "output" in part) {
    const { output } = part;
    if (typeof output === "object" && output !== null && "path" in output) return [String(output.path)];
  }
  return Object.values(part).flatMap(logsIn);
}
