import { networkInterfaces } from "node:os";
import { buildAdmin } from "./admin.ts";
import { withAccessLog } from "./access-log.ts";
import { LOG_VARIABLE, parseLogVariable } from "./environment.ts";
import { daemonProblems } from "./daemon-keys.ts";
import { isWithoutEffect, withoutEffect } from "./effect.ts";
import type { Settings } from "./given.ts";
import { LOG_LEVEL } from "./kinds.ts";
import { buildListeners } from "./listeners.ts";
import type {
  AdminConfig,
  Config,
  ListenerConfig,
  LogConfig,
  PageFile,
  ProcessConfig,
  RequestIdConfig,
} from "./model.ts";
import { hasErrors, type Place, type Problem } from "./problem.ts";
import { PAGE_EXPECTED, readPageFile } from "./page-file.ts";
import { flatRoute } from "./proxy.ts";
import { readConf, type ConfFile } from "./read-conf.ts";
import { givenKeys, policyProblems } from "./upstream-policy.ts";
import { buildUpstreams, buildUpstreamTls, namedFiles } from "./upstreams.ts";
import type { Environment } from "./variables.ts";

/** All that a configuration is made from. */
export interface LoadInput {
  /** What the command line said; it wins over the file. */
  readonly flags: Settings;
  /** The configuration file, YAML or a Caddyfile. */
  readonly conf: ConfFile | undefined;
  /** The value of GATEKEEPER_LOG. */
  readonly logVariable: string | undefined;
  /** What `${NAME}` in a file stands for, and what it says of the admin listener. Default: the environment of this process. */
  readonly environment?: Environment;
  /** Milliseconds since the epoch, for certificates. Default: now. */
  readonly now?: number;
}

export interface Loaded {
  /** Undefined when a problem is an error. */
  readonly config: Config | undefined;
  /** The listeners that are right in themselves, also where something else is wrong. */
  readonly listeners: readonly ListenerConfig[];
  readonly log: LogConfig;
  readonly admin: AdminConfig;
  /** Everything that is wrong or odd, all at once: first the file's, then what contradicts itself. */
  readonly problems: readonly Problem[];
  /** Every file that was read, as it was named: the configuration, what it imports, certificates, secrets. */
  readonly files: readonly string[];
}

/** Reads and checks everything, and opens nothing. It never throws for what a person wrote. */
export async function loadConfig(input: LoadInput): Promise<Loaded> {
  const now = input.now ?? Date.now();
  const environment = input.environment ?? process.env;
  const file = await readConf(input.conf, environment);
  const settings = input.flags.over(file.draft.settings);
  const variable = logVariable(input.logVariable);
  const { admin, problems: adminProblems } = buildAdmin(settings, file.draft.admin, environment);
  const hasRoutes = file.draft.listeners !== undefined || file.draft.routes !== undefined;
  const built = hasRoutes
    ? await (
        await import("./schema/assemble.ts")
      ).assemble(
        { ...file.draft, settings },
        { settings, now, local: localAddresses(), warnsOfUnreachable: !file.isCaddyfile && !hasErrors(file.problems) },
      )
    : await assembleFlat(settings, now);
  const problems = [
    ...file.problems,
    ...variable.problems,
    ...adminProblems,
    ...built.problems,
    ...settings
      .names()
      .filter(isWithoutEffect)
      .flatMap((name) => withoutEffect(settings, name)),
    ...daemonProblems(settings),
  ];
  const log = {
    level: settings.one("log_level")?.value ?? variable.level ?? settings.value("log_level"),
    format: settings.one("log_format")?.value,
  };
  const { listeners, problems: logProblems } = withAccessLog(built.listeners, file.draft.accessLog, input.flags);
  problems.push(...logProblems);
  const page = maintenancePage(settings);
  problems.push(...page.problems);
  const files = [...new Set([...file.files, ...namedFiles(settings), ...built.files])];
  if (hasErrors(problems)) return { config: undefined, listeners, log, admin, problems, files };
  return { config: { listeners, process: buildProcess(settings, page.value) }, listeners, log, admin, problems, files };
}

/** The listeners, all with one route, that flags or a file of settings alone come to. */
async function assembleFlat(
  settings: Settings,
  now: number,
): Promise<Pick<Loaded, "listeners" | "problems" | "files">> {
  const listening = await buildListeners(settings, now);
  const own = listening.listeners.map((listener) => listener.address);
  const forwarding = buildUpstreams(settings, own, localAddresses());
  const upstreamTls = await buildUpstreamTls(settings, forwarding.upstreams, now);
  const routes = [flatRoute(settings, forwarding.upstreams, upstreamTls.tls)];
  const problems = [
    ...listening.problems,
    ...policyProblems(settings, settings, givenKeys(settings)),
    ...forwarding.problems,
    ...upstreamTls.problems,
  ];
  return { listeners: listening.listeners.map((listener) => ({ ...listener, routes })), problems, files: [] };
}

function logVariable(text: string | undefined): {
  level: LogConfig["level"] | undefined;
  problems: readonly Problem[];
} {
  const parsed = parseLogVariable(text ?? "");
  if (parsed.ok) return { level: parsed.value, problems: [] };
  const place: Place = { type: "environment", name: LOG_VARIABLE };
  const help = parsed.suggestion === undefined ? {} : { help: `did you mean ${parsed.suggestion}?` };
  const expected = `${LOG_LEVEL.expected}, as in ${LOG_VARIABLE}=debug`;
  const problem: Problem = { severity: "warning", place, message: parsed.fault, seen: text ?? "", expected, ...help };
  return { level: undefined, problems: [problem] };
}

function maintenancePage(settings: Settings): { value: PageFile | undefined; problems: readonly Problem[] } {
  const given = settings.one("maintenance_page");
  if (given === undefined) return { value: undefined, problems: [] };
  const page = readPageFile(given.value);
  if (page.ok) return { value: page.value, problems: [] };
  const base = { severity: "error", place: given.place, seen: given.text, expected: PAGE_EXPECTED } as const;
  return { value: undefined, problems: [{ ...base, message: page.fault }] };
}

function buildProcess(settings: Settings, maintenancePage: PageFile | undefined): ProcessConfig {
  return {
    threads: settings.value("threads"),
    workerHangTimeoutMs: settings.value("worker_hang_timeout"),
    metrics: settings.value("metrics"),
    requestId: requestId(settings),
    traceContext: settings.value("trace_context"),
    maxConnections: settings.value("max_connections"),
    maxConnectionsPerIp: settings.value("max_connections_per_ip"),
    maintenancePage,
    daemon: settings.value("daemon"),
    // Pingora writes none in the foreground, nginx does: it is written there for who asks for it.
    pidFile: settings.value("daemon") ? settings.value("pid_file") : settings.one("pid_file")?.value,
    errorLog: settings.one("error_log")?.value,
    user: settings.one("user")?.value,
    group: settings.one("group")?.value,
    workingDirectory: settings.one("working_directory")?.value,
    upgradeSock: settings.value("upgrade_sock"),
    gracePeriodMs: settings.value("grace_period_seconds"),
    gracefulShutdownTimeoutMs: settings.value("graceful_shutdown_timeout_seconds"),
    clientBindToIpv4: settings.all("client_bind_to_ipv4").flatMap((given) => given.value),
    clientBindToIpv6: settings.all("client_bind_to_ipv6").flatMap((given) => given.value),
    daemonWaitForReady: settings.value("daemon_wait_for_ready"),
    daemonReadyTimeoutMs: settings.value("daemon_ready_timeout_seconds"),
    daemonNotifyTimeoutMs: settings.value("daemon_notify_timeout_seconds"),
  };
}

function requestId(settings: Settings): RequestIdConfig | undefined {
  const field = settings.value("request_id");
  return field === undefined ? undefined : { field, answers: settings.value("request_id_answer") };
}

/** The addresses of this machine, asked for once at most. */
function localAddresses(): () => readonly string[] {
  let found: readonly string[] | undefined;
  return () =>
    (found ??= Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address)));
}
