import {
  count,
  DURATION,
  FILE,
  FILE_VERSION,
  localAddresses,
  LOG_FORMAT,
  LOG_LEVEL,
  SWITCH,
  TEXT,
  THREADS,
  WHOLE_SECONDS,
} from "../kinds.ts";
import { ACCESS_LOG_FORMAT, LOG_OUTPUT } from "../log-kinds.ts";
import { setting } from "./setting.ts";

const MAX_COUNT = 1_000_000;

/** conf.yaml as Pingora has it, but for what only its own runtime could use. */
export const PROCESS = {
  version: setting({ kind: FILE_VERSION, doc: "Version of the file's form", default: "1", status: "effective" }),
  threads: setting({
    kind: THREADS,
    doc: "Number of workers, or auto for one per core; several have a process each and share the ports",
    default: "1",
    status: "effective",
    flag: { group: "Process" },
  }),
  worker_hang_timeout: setting({
    kind: DURATION,
    doc: "With several workers: one that does not react for so long is replaced, 0 for never",
    default: "10s",
    status: "effective",
  }),
  metrics: setting({
    kind: SWITCH,
    doc: "Count requests for GET /metrics and whoever watches, as is the default; --metrics=false counts nothing",
    default: "true",
    status: "effective",
    flag: { group: "Process" },
  }),
  max_connections: setting({
    kind: count(0, MAX_COUNT),
    doc: "Most requests and WebSockets at once, past it 503; several workers share it evenly. 0 is no limit",
    default: "0",
    status: "effective",
    flag: { group: "Limits" },
  }),
  max_connections_per_ip: setting({
    kind: count(0, MAX_COUNT),
    doc: "The same for one client (an IPv6 one is its /64), in each worker; 0 is no limit",
    default: "0",
    status: "effective",
    flag: { group: "Limits" },
  }),
  maintenance_page: setting({
    kind: FILE,
    doc: "File that is answered with while `gatekeeper maintenance` is on, at most 1 MiB; without it a short page is",
    default: undefined,
    status: "effective",
  }),
  daemon: setting({
    kind: SWITCH,
    doc: "Run in the background, in a session of its own and without a terminal",
    default: "false",
    status: "effective",
    flag: { group: "Process", short: "d" },
  }),
  pid_file: setting({
    kind: FILE,
    doc: "Where the process id stands while it runs; in the foreground only where this is given",
    default: "/tmp/gatekeeper.pid",
    status: "effective",
    flag: { group: "Process" },
  }),
  error_log: setting({
    kind: FILE,
    doc: "File of a daemon's log; without it the log is lost, unless standard error is a file",
    default: undefined,
    status: "effective",
    nullable: true,
    flag: { group: "Process" },
  }),
  user: setting({
    kind: TEXT,
    doc: "User that a daemon becomes, by name or number; it keeps the right to listen on ports below 1024",
    default: undefined,
    status: "effective",
    nullable: true,
  }),
  group: setting({
    kind: TEXT,
    doc: "Group that a daemon becomes (default: the user's)",
    default: undefined,
    status: "effective",
    nullable: true,
  }),
  working_directory: setting({
    kind: FILE,
    doc: "Folder that a daemon works in; names of files have to be absolute then",
    default: undefined,
    status: "effective",
    nullable: true,
  }),
  upgrade_sock: setting({
    kind: FILE,
    doc: "Socket over which a process started with --upgrade takes over from the one that runs",
    default: "/tmp/gatekeeper_upgrade.sock",
    status: "effective",
  }),
  upstream_keepalive_pool_size: setting({
    kind: count(0, MAX_COUNT),
    doc: "Most idle upstream connections kept",
    default: "128",
    status: "effective",
  }),
  grace_period_seconds: setting({
    kind: WHOLE_SECONDS,
    doc: "After SIGTERM: how long requests and WebSockets may take to end (Pingora: 300)",
    default: "30",
    status: "effective",
    nullable: true,
  }),
  graceful_shutdown_timeout_seconds: setting({
    kind: WHOLE_SECONDS,
    doc: "After the grace period: how long closing by force may take",
    default: "5",
    status: "effective",
    nullable: true,
  }),
  client_bind_to_ipv4: setting({
    kind: localAddresses(4),
    doc: "Local IPv4 addresses that upstream connections come from",
    default: undefined,
    status: "later",
    repeat: true,
    nullable: true,
  }),
  client_bind_to_ipv6: setting({
    kind: localAddresses(6),
    doc: "Local IPv6 addresses that upstream connections come from",
    default: undefined,
    status: "later",
    repeat: true,
    nullable: true,
  }),
  daemon_wait_for_ready: setting({
    kind: SWITCH,
    doc: "The command returns only when the daemon serves, with exit code 0, or does not, with another",
    default: "false",
    status: "effective",
    flag: { group: "Process" },
  }),
  daemon_ready_timeout_seconds: setting({
    kind: WHOLE_SECONDS,
    doc: "How long the command waits for that; a daemon that is not ready by then is ended",
    default: "600",
    status: "effective",
    nullable: true,
  }),
  daemon_notify_timeout_seconds: setting({
    kind: WHOLE_SECONDS,
    doc: "How long the daemon waits for the command to take notice of it",
    default: "60",
    status: "effective",
    nullable: true,
  }),
};

const pingoraCount = { kind: count(0, MAX_COUNT), default: undefined, status: "no_effect", nullable: true } as const;
const pingoraSwitch = { kind: SWITCH, default: undefined, status: "no_effect", nullable: true } as const;

/** Pingora's keys about its own runtime: accepted with a warning, so that a file can be brought along as it is. */
export const PINGORA_ONLY = {
  listener_tasks_per_fd: setting({ ...pingoraCount, doc: "Tasks of Pingora's that accept on one listener" }),
  work_stealing: setting({ ...pingoraSwitch, doc: "How Pingora's runtime shares work between threads" }),
  upstream_connect_offload_threadpools: setting({ ...pingoraCount, doc: "Pools in which Pingora connects" }),
  upstream_connect_offload_thread_per_pool: setting({ ...pingoraCount, doc: "Threads in each of those pools" }),
  upstream_debug_ssl_keylog: setting({ ...pingoraSwitch, doc: "Pingora's log of TLS secrets" }),
  max_blocking_threads: setting({ ...pingoraCount, doc: "Threads of Pingora's for blocking calls" }),
  blocking_threads_ttl_seconds: setting({ ...pingoraCount, doc: "How long such a thread is kept" }),
  s2n_config_cache_size: setting({ ...pingoraCount, doc: "Cache of one of Pingora's TLS libraries" }),
  upgrade_sock_connect_accept_max_retries: setting({ ...pingoraCount, doc: "Attempts of Pingora's hand-over" }),
};

/** How the log is written, and that of requests. */
export const LOGGING = {
  access_log: setting({
    kind: LOG_OUTPUT,
    doc: "Log every request: stdout, stderr or a file, which is put aside at 100MiB",
    default: undefined,
    status: "effective",
    flag: { group: "Log" },
  }),
  access_log_format: setting({
    kind: ACCESS_LOG_FORMAT,
    doc: "Its format: json, console, combined or common (default: json)",
    default: undefined,
    status: "effective",
    flag: { group: "Log" },
  }),
  log_level: setting({
    kind: LOG_LEVEL,
    doc: "error, warn, info, debug, trace or off; the environment's GATEKEEPER_LOG comes second",
    default: "info",
    status: "effective",
    flag: { group: "Log" },
  }),
  log_format: setting({
    kind: LOG_FORMAT,
    doc: "human or json (default: human on a terminal, json otherwise)",
    default: undefined,
    status: "effective",
    flag: { group: "Log" },
  }),
};
