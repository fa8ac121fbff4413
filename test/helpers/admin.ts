import type { AdminConfig, ListenAddress } from "../../src/config/model.ts";
import type { LiveEvents } from "../../src/observe/live.ts";
import type { AdminHandlers, TellEvent, WatchOptions } from "../../src/server/admin/admin-handlers.ts";
import { AdminListener } from "../../src/server/admin/admin-listener.ts";
import { RecordingLog } from "./proxy.ts";

/** One that watches, as the process sees it. */
export interface Watcher {
  readonly options: WatchOptions;
  readonly tell: TellEvent;
  readonly end: AbortSignal;
}

/** A process that answers what it was told to, and remembers what it was asked. */
export class FakeProcess implements AdminHandlers {
  ready = true;
  /** Commands, as they came. */
  readonly commands: unknown[] = [];
  readonly watchers: Watcher[] = [];
  isDone = true;

  isReady = () => this.ready;
  metrics = async (format: "prometheus" | "openmetrics") => `# ${format}\n`;
  config = () => ({ listeners: [], secret: "(hidden)" });
  reload = async () => this.#did("reload");
  stop = () => this.#did("stop");
  control = async (command: unknown) => this.#did(command);
  upstreams = async () => [{ address: "127.0.0.1:1", num_requests: 2, fails: 3 }];
  connections = async (): Promise<unknown> => ({ open: [] });
  watch = (options: WatchOptions, tell: TellEvent, end: AbortSignal): void => {
    this.watchers.push({ options, tell, end });
  };

  #did(what: unknown) {
    this.commands.push(what);
    return { isDone: this.isDone, body: { did: what } };
  }
}

export const TICK: LiveEvents["tick"] = {
  at: 1,
  requests: 2,
  errors: 0,
  inFlight: 1,
  p50Ms: 1,
  p90Ms: 2,
  p99Ms: null,
  bytesReceived: 0,
  bytesSent: 0,
  webSocketsOpen: 0,
  messagesReceived: 0,
  messagesSent: 0,
};

export interface AdminUnderTest extends AsyncDisposable {
  readonly listener: AdminListener;
  readonly process: FakeProcess;
  readonly log: RecordingLog;
  readonly port: number;
}

/** An admin listener before a process that is none, on a port that the system chooses. */
export async function startAdmin(
  config: Partial<AdminConfig> = {},
  address: ListenAddress = { type: "tcp", host: "127.0.0.1", port: 0 },
): Promise<AdminUnderTest> {
  const log = new RecordingLog();
  const process = new FakeProcess();
  const whole = { address, isDefault: false, token: undefined, origins: [], ...config };
  const listener = await AdminListener.open(address, whole, { handlers: process, log });
  const port = Number(/:(\d+)$/.exec(listener.url)?.[1]);
  return { listener, process, log, port, [Symbol.asyncDispose]: () => listener.close() };
}
