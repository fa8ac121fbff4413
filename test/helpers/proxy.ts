import type {
  Config,
  ListenerConfig,
  MatcherSet,
  PathPattern,
  ProcessConfig,
  ReverseProxyConfig,
  RouteConfig,
  UpstreamAddress,
} from "../../src/config/model.ts";
import { ACTIVE_HEALTH_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import type { Log, LogFacts } from "../../src/observe/log.ts";
import { startBenchmarked, type TakeLine, wantsExecutable } from "./executable.ts";
import { startWorker, type Worker } from "../../src/process/worker.ts";

export interface LogLine {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly message: string;
  readonly facts: LogFacts;
}

/** A log that keeps its lines. */
export class RecordingLog implements Log {
  readonly lines: LogLine[] = [];
  readonly debugEnabled = false;
  #wake: (() => void)[] = [];

  error = (message: string, facts: LogFacts = {}): void => this.#keep("error", message, facts);
  warn = (message: string, facts: LogFacts = {}): void => this.#keep("warn", message, facts);
  info = (message: string, facts: LogFacts = {}): void => this.#keep("info", message, facts);
  debug = (message: string, facts: LogFacts = {}): void => this.#keep("debug", message, facts);

  /** The lines about failed requests. */
  get failures(): readonly LogLine[] {
    return this.lines.filter((line) => line.message === "request failed");
  }

  /** Waits for so many of them: an executable's log comes after its answers. */
  async failed(count = 1): Promise<void> {
    await this.until(() => this.failures.length >= count, `${count} failed requests to be logged`);
  }

  /** Waits for a condition, which is asked again after each line. */
  async until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited ${deadlineMs} ms for ${what}; log: ${JSON.stringify(this.lines)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake.push(resolve);
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
  }

  #keep(level: LogLine["level"], message: string, facts: LogFacts): void {
    this.lines.push({ level, message, facts });
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}

/** `hc_freq`: a TCP check that often, which a busy machine does not make fail. */
export function tcpHealth(intervalMs: number): Pick<ReverseProxyConfig, "activeHealth"> {
  return {
    activeHealth: { ...ACTIVE_HEALTH_DEFAULTS, type: "tcp", intervalMs, timeoutMs: 2_000 },
  };
}

export interface ProxyOptions {
  readonly upstreams: readonly UpstreamAddress[];
  /** In place of the one route to the upstreams. */
  readonly routes?: readonly RouteConfig[];
  /** Context path; default `/` in whole segments. */
  readonly path?: PathPattern;
  readonly proxy?: Partial<Omit<ReverseProxyConfig, "upstreams">>;
  readonly listener?: Partial<ListenerConfig>;
  readonly process?: Partial<ProcessConfig>;
}

/** A whole `Config` with the defaults of the model, listening on a port of 127.0.0.1 that the system chooses. */
export function configWith(options: ProxyOptions): Config {
  const listener: ListenerConfig = {
    address: { type: "tcp", host: "127.0.0.1", port: 0 },
    tls: [],
    http2: false,
    http3: false,
    clientIdleTimeoutMs: 255_000,
    clientBodyTimeoutMs: 0,
    maxRequestBodyBytes: 0,
    trustedProxies: [],
    routes: options.routes ?? [routeTo(options)],
    ...options.listener,
  };
  return {
    listeners: [listener],
    process: { ...PROCESS, ...options.process },
  };
}

/** The one route that flags make. */
function routeTo({ path, proxy, upstreams }: ProxyOptions): RouteConfig {
  const match: readonly MatcherSet[] = path === undefined ? [] : [[{ type: "context_path", pattern: path }]];
  return {
    name: path?.path ?? "/",
    match,
    handlers: [{ type: "proxy", proxy: reverseProxy(upstreams, proxy) }],
    terminal: false,
  };
}

/** A place to forward to with the defaults of the model. */
export function reverseProxy(
  upstreams: readonly UpstreamAddress[] = [],
  proxy: Partial<ReverseProxyConfig> = {},
): ReverseProxyConfig {
  return { ...PROXY, ...proxy, upstreams };
}

/** The real proxy in this process. */
export class ProxyUnderTest implements AsyncDisposable {
  readonly worker: Worker;
  readonly log: RecordingLog;

  constructor(worker: Worker, log: RecordingLog) {
    this.worker = worker;
    this.log = log;
  }

  /** The port it listens on. */
  get port(): number {
    return Number(/:(\d+)$/.exec(this.worker.urls[0] ?? "")?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop();
  }
}

/** The executable as it is benchmarked. Its worker is in another process, and not there to be asked. */
class ExecutableUnderTest extends ProxyUnderTest {
  readonly #started: Awaited<ReturnType<typeof startBenchmarked>>;

  constructor(started: Awaited<ReturnType<typeof startBenchmarked>>, log: RecordingLog) {
    super(NO_WORKER, log);
    this.#started = started;
  }

  override get port(): number {
    return this.#started.port;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#started[Symbol.asyncDispose]();
  }
}

const NO_WORKER = new Proxy({} as Worker, {
  get() {
    throw new Error("the worker is in another process");
  },
});

/** Starts the proxy for upstreams on 127.0.0.1, given as ports or as addresses. */
export async function startProxy(
  upstreams: number | readonly (number | UpstreamAddress)[],
  options: Omit<ProxyOptions, "upstreams"> = {},
): Promise<ProxyUnderTest> {
  const log = new RecordingLog();
  const all = typeof upstreams === "number" ? [upstreams] : upstreams;
  if (wantsExecutable() && typeof upstreams === "number" && Object.keys(options).length === 0) {
    const take: TakeLine = (level, message, facts) => log[level](message, facts);
    return new ExecutableUnderTest(await startBenchmarked(upstreams, take), log);
  }
  const addresses = all.map((upstream) => (typeof upstream === "number" ? local(upstream) : upstream));
  return new ProxyUnderTest(await startWorker(configWith({ ...options, upstreams: addresses }), log), log);
}

function local(port: number): UpstreamAddress {
  return { type: "tcp", host: "127.0.0.1", port, tls: false };
}

const PROXY: Omit<ReverseProxyConfig, "upstreams"> = {
  ...UPSTREAM_POLICY_DEFAULTS,
  host: undefined,
  upstreamTls: {
    serverName: undefined,
    verify: true,
    ca: undefined,
    clientCert: undefined,
    clientKey: undefined,
    http2: false,
  },
  maxAttempts: 16,
  timeouts: { dialMs: 3_000, responseHeaderMs: 0, readMs: 0, writeMs: 0 },
  keepAlive: { idleTimeoutMs: 0, poolSize: 128 },
  // So that both lanes are tested: what fetch would change goes by the exact one.
  client: "fetch",
  responseBufferBytes: 1024 * 1024,
  websocket: { maxMessageBytes: 64 * 1024 * 1024, deadAfterMs: 60_000, handshakeTimeoutMs: 30_000 },
  trustedProxies: [],
  headerUp: undefined,
  headerDown: undefined,
  method: undefined,
  rewrite: undefined,
  streamCloseDelayMs: 10_000,
};

const PROCESS: ProcessConfig = {
  threads: 1,
  workerHangTimeoutMs: 10_000,
  metrics: true,
  requestId: undefined,
  traceContext: false,
  maxConnections: 0,
  maxConnectionsPerIp: 0,
  maintenancePage: undefined,
  daemon: false,
  pidFile: undefined,
  errorLog: undefined,
  user: undefined,
  group: undefined,
  workingDirectory: undefined,
  upgradeSock: "/tmp/gatekeeper_upgrade.sock",
  gracePeriodMs: 30_000,
  gracefulShutdownTimeoutMs: 5_000,
  clientBindToIpv4: [],
  clientBindToIpv6: [],
  daemonWaitForReady: false,
  daemonReadyTimeoutMs: 600_000,
  daemonNotifyTimeoutMs: 60_000,
};
