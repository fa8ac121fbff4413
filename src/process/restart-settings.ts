import type { Config, LogConfig, ProcessConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { SettingName } from "../config/settings/table.ts";

/** What a reload takes up at once. */
type Live =
  | "maxConnections"
  | "maxConnectionsPerIp"
  | "gracePeriodMs"
  | "gracefulShutdownTimeoutMs"
  | "maintenancePage"
  | "metrics"
  | "requestId"
  | "traceContext";

/** What a running process keeps as it began, by its key. */
const AT_START: Readonly<Record<Exclude<keyof ProcessConfig, Live>, SettingName>> = {
  threads: "threads",
  workerHangTimeoutMs: "worker_hang_timeout",
  daemon: "daemon",
  pidFile: "pid_file",
  errorLog: "error_log",
  user: "user",
  group: "group",
  workingDirectory: "working_directory",
  upgradeSock: "upgrade_sock",
  clientBindToIpv4: "client_bind_to_ipv4",
  clientBindToIpv6: "client_bind_to_ipv6",
  daemonWaitForReady: "daemon_wait_for_ready",
  daemonReadyTimeoutMs: "daemon_ready_timeout_seconds",
  daemonNotifyTimeoutMs: "daemon_notify_timeout_seconds",
};

export interface Compared {
  readonly before: Config;
  readonly after: Config;
  readonly logBefore: LogConfig;
  readonly log: LogConfig;
}

/** Warnings for settings that a reload has changed, and that take effect at the next start alone. */
export function restartProblems({ before, after, logBefore, log }: Compared): readonly Problem[] {
  const names = Object.entries(AT_START)
    .filter(([field]) => {
      const key = field as keyof typeof AT_START;
      return !Bun.deepEquals(before.process[key], after.process[key], true);
    })
    .map(([, name]) => name);
  if (logBefore.level !== log.level) names.push("log_level");
  if (logBefore.format !== log.format) names.push("log_format");
  return names.map((name) => ({
    severity: "warning",
    place: { type: "command_line" },
    message: `${name} has changed: a reload keeps the value that the process started with, a restart takes the new one`,
  }));
}
