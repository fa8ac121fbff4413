import { Settings } from "../config/given.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/model.ts";
import type { Place, Problem } from "../config/problem.ts";
import { SETTINGS } from "../config/settings/table.ts";
import { createLog, type Log } from "../observe/log.ts";
import { Signals } from "../process/signals.ts";
import { ListenError, startWorker, type Worker } from "../process/worker.ts";
import { startDemoOrigin } from "./demo-origin.ts";

const DEFAULT_BIND = "127.0.0.1:8008";
/** Where the system chooses the port, when somebody else has the default one. */
const ANY_PORT_BIND = "127.0.0.1:0";
const PLACE: Place = { type: "command_line" };

export interface DemoOptions {
  /** What the command line said: `bind` and the settings of the log. */
  readonly flags: Settings;
  /** The value of GATEKEEPER_LOG. */
  readonly logVariable: string | undefined;
  readonly isTerminal: boolean;
  /** Standard output. */
  readonly write: (text: string) => void;
}

/** How the demo ended: with an exit code, or before it began, with what was wrong. */
export type DemoEnd = { readonly exitCode: number } | { readonly problems: readonly Problem[] };

/**
 * Serves an origin of its own behind the proxy until a signal comes, and prints what to try.
 *
 * @throws ListenError where `--bind` names an address that cannot be listened on; the default address gives
 *   way to another port instead
 */
export async function runDemo(options: DemoOptions): Promise<DemoEnd> {
  await using origin = startDemoOrigin();
  const upstream = `${origin.host}:${origin.port}`;
  const load = (standardBind: string) => {
    const flags = settings({ bind: standardBind, upstream });
    return loadConfig({ flags: options.flags.over(flags), conf: undefined, logVariable: options.logVariable });
  };
  const { config, log: logConfig, problems } = await load(DEFAULT_BIND);
  if (config === undefined) return { problems };
  const isTerminal = logConfig.format === undefined ? options.isTerminal : logConfig.format === "human";
  const log = createLog({ level: logConfig.level, isTerminal });
  using signals = new Signals(log);
  const fallback = options.flags.has("bind") ? undefined : (await load(ANY_PORT_BIND)).config;
  const worker = await startOn(config, fallback, log);
  options.write(introduction(worker.urls[0] ?? "", upstream));
  const refuse = (signal: string): void => log.warn("the demo has no configuration to reload", { signal });
  return { exitCode: await signals.serve(worker, { reload: refuse, errorLog: undefined }) };
}

/** Texts that are known to be right, as settings. */
function settings(texts: { readonly bind: string; readonly upstream: string }): Settings {
  const flags = new Settings();
  const bind = SETTINGS.bind.kind.parse(texts.bind);
  if (bind.ok) flags.add("bind", { value: bind.value, text: texts.bind, place: PLACE });
  const upstream = SETTINGS.upstream.kind.parse(texts.upstream);
  if (upstream.ok) flags.add("upstream", { value: upstream.value, text: texts.upstream, place: PLACE });
  return flags;
}

async function startOn(config: Config, fallback: Config | undefined, log: Log): Promise<Worker> {
  try {
    return await startWorker(config, log);
  } catch (error) {
    if (!(error instanceof ListenError) || fallback === undefined) throw error;
    return await startWorker(fallback, log);
  }
}

/** A client's part of a WebSocket handshake, for a curl that knows no ws:// addresses. */
const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: Z2F0ZWtlZXBlciBkZW1vLg==",
]
  .map((line) => `-H '${line}'`)
  .join(" ");

function introduction(url: string, upstream: string): string {
  const tries: readonly (readonly [why: string, command: string])[] = [
    ["a page that tries all of it in a browser", `curl ${url}/`],
    ["what the origin saw of a request", `curl -d 'hello' ${url}/echo`],
    ["an event stream, one event a second", `curl -N ${url}/events`],
    ["a WebSocket that greets, and echoes what it is sent", `curl -iN -m 2 ${HANDSHAKE} '${url}/ws?hello=you'`],
    ["an answer that takes three seconds", `curl ${url}/slow`],
    ["an origin that fails: its 500 passes through", `curl -i ${url}/fail`],
    ["a body that breaks off: curl is told so", `curl ${url}/broken`],
  ];
  const lines = tries.map(([why, command]) => `  # ${why}\n  ${command}\n`);
  return `gatekeeper   ${url}\nthe origin   http://${upstream}\n\nTry:\n\n${lines.join("\n")}\nCtrl-C stops both.\n`;
}
