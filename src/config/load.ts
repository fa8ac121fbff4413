import { networkInterfaces } from "node:os";
import { decode, type Decoded } from "./decode.ts";
import { LOG_VARIABLE, parseLogVariable } from "./environment.ts";
import { REQUIRED, Settings } from "./given.ts";
import { LOG_LEVEL } from "./kinds.ts";
import { buildListeners } from "./listeners.ts";
import type { Config, ListenerConfig, LogConfig, ProcessConfig, ReverseProxyConfig, RouteConfig } from "./model.ts";
import { patternText } from "./describe.ts";
import { hasErrors, type Place, type Problem } from "./problem.ts";
import { readBytes } from "./read-file.ts";
import { isWithoutEffect, withoutEffect } from "./effect.ts";
import { SourceText } from "./source-text.ts";
import { buildUpstreams, buildUpstreamTls } from "./upstreams.ts";

/** All that a configuration is made from. */
export interface LoadInput {
  /** What the command line said; it wins over the file. */
  readonly flags: Settings;
  /** Path of conf.yaml. */
  readonly conf: { readonly path: string; readonly place: Place } | undefined;
  /** The value of GATEKEEPER_LOG. */
  readonly logVariable: string | undefined;
  /** Milliseconds since the epoch, for certificates. Default: now. */
  readonly now?: number;
}

export interface Loaded {
  /** Undefined when a problem is an error. */
  readonly config: Config | undefined;
  /** The listeners that are right in themselves, also where something else is wrong. */
  readonly listeners: readonly ListenerConfig[];
  readonly log: LogConfig;
  /** Everything that is wrong or odd, all at once: first the file's, then what contradicts itself. */
  readonly problems: readonly Problem[];
}

/** Reads and checks everything, and opens nothing. It never throws for what a person wrote. */
export async function loadConfig(input: LoadInput): Promise<Loaded> {
  const now = input.now ?? Date.now();
  const file = await readConf(input.conf);
  const settings = input.flags.over(file.settings);
  const variable = logVariable(input.logVariable);
  const listening = await buildListeners(settings, now);
  const own = listening.listeners.map((listener) => listener.address);
  const forwarding = buildUpstreams(settings, own, localAddresses);
  const upstreamTls = await buildUpstreamTls(settings, forwarding.upstreams, now);
  const problems = [
    ...file.problems,
    ...variable.problems,
    ...listening.problems,
    ...forwarding.problems,
    ...upstreamTls.problems,
    ...settings
      .names()
      .filter(isWithoutEffect)
      .flatMap((name) => withoutEffect(settings, name)),
  ];
  const log = {
    level: settings.one("log_level")?.value ?? variable.level ?? settings.value("log_level"),
    format: settings.one("log_format")?.value,
  };
  const { listeners } = listening;
  if (hasErrors(problems)) return { config: undefined, listeners, log, problems };
  const path = settings.value("cp");
  const proxy = buildProxy(settings, forwarding.upstreams, upstreamTls.tls);
  const isAll = path.path === "/" || path.path === "";
  const routes: readonly RouteConfig[] = [
    {
      name: patternText(path),
      match: isAll ? [] : [[{ type: "context_path", pattern: path }]],
      handlers: [{ type: "proxy", proxy }],
      terminal: false,
    },
  ];
  const config: Config = {
    listeners: listeners.map((listener) => ({ ...listener, routes })),
    process: buildProcess(settings),
  };
  return { config, listeners, log, problems };
}

async function readConf(conf: LoadInput["conf"]): Promise<Decoded> {
  const settings = new Settings();
  if (conf === undefined) return { settings, problems: [] };
  const bytes = readBytes(conf.path);
  const base = { severity: "error", place: conf.place, seen: conf.path, expected: "a conf.yaml" } as const;
  // What cannot be read may have held what is required.
  const unread = (): void => REQUIRED.forEach((name) => settings.attempt(name));
  if (!bytes.ok) {
    unread();
    return { settings, problems: [{ ...base, message: bytes.fault }] };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.value);
  } catch {
    unread();
    return { settings, problems: [{ ...base, message: "the file is not UTF-8 text" }] };
  }
  // Loaded only here: most starts have flags alone, and have to be quick.
  const { readYaml } = await import("./yaml.ts");
  const source = new SourceText(conf.path, text);
  const reading = readYaml(source);
  const decoded = decode(source, reading.entries);
  if (reading.isBroken) REQUIRED.forEach((name) => decoded.settings.attempt(name));
  return { settings: decoded.settings, problems: [...reading.problems, ...decoded.problems] };
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

function buildProxy(
  settings: Settings,
  upstreams: ReverseProxyConfig["upstreams"],
  upstreamTls: ReverseProxyConfig["upstreamTls"],
): ReverseProxyConfig {
  return {
    upstreams,
    selection: "round_robin",
    host: settings.one("host")?.value,
    upstreamTls,
    healthCheckIntervalMs: settings.value("hc_freq"),
    maxAttempts: settings.value("max_retries"),
    timeouts: {
      dialMs: settings.value("dial_timeout"),
      responseHeaderMs: settings.value("response_header_timeout"),
      readMs: settings.value("read_timeout"),
    },
    keepAlive: {
      idleTimeoutMs: settings.value("idle_timeout"),
      poolSize: settings.value("upstream_keepalive_pool_size"),
    },
    responseBufferBytes: settings.value("response_buffer"),
    websocket: {
      maxMessageBytes: settings.value("websocket_max_message"),
      deadAfterMs: settings.value("websocket_timeout"),
      handshakeTimeoutMs: settings.value("websocket_handshake_timeout"),
    },
    trustedProxies: [],
    headerUp: undefined,
    headerDown: undefined,
    method: undefined,
    rewrite: undefined,
    streamCloseDelayMs: 10_000,
  };
}

function buildProcess(settings: Settings): ProcessConfig {
  return {
    threads: settings.value("threads"),
    daemon: settings.value("daemon"),
    pidFile: settings.value("pid_file"),
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

function localAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address));
}
