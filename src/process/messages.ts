import type { Config } from "../config/model.ts";
import type { LiveWebSocket } from "../observe/live.ts";
import type { LogFacts, LogLevel } from "../observe/log.ts";
import type { Telling } from "../observe/metrics/telling.ts";
import type { DownPeer } from "../upstream/health/checker.ts";
import type { PeerStatus } from "../upstream/peer-status.ts";
import type { ControlState } from "./controls.ts";
import type { Holdings } from "./holdings.ts";
import type { ListeningAt, Sharing } from "./sharing.ts";
import type { TellWish } from "./teller.ts";
import type { ReloadChanges, StopResult } from "./worker.ts";

/**
 * What a supervisor and its workers say to each other: plain objects, so that they mean the same within one process and
 * between two. Most of it is asked and answered; each question has a number that its answer carries.
 */
export type ToWorker =
  | { readonly type: "ask"; readonly number: number; readonly ask: Ask }
  /** Ends a drain that is under way. */
  | { readonly type: "hurry" };

export type FromWorker =
  /** It runs and listens for questions; nothing is asked before. */
  | { readonly type: "up" }
  | { readonly type: "answer"; readonly number: number; readonly answer: Answer }
  /** The worker that looks at peers says which of all are down: when it starts to look, and when that changes. */
  | { readonly type: "health"; readonly down: readonly DownPeer[] }
  /** Said again and again: its event loop turns. */
  | { readonly type: "alive" }
  | {
      readonly type: "log";
      readonly level: "error" | "warn" | "info" | "debug";
      readonly message: string;
      readonly facts: LogFacts | undefined;
    };

export type Ask =
  /** Listens and serves. Answered `started`, `cannot_listen` or `failed`. */
  | {
      readonly type: "start";
      readonly config: Config;
      readonly sharing: Sharing;
      readonly logLevel: LogLevel;
      /** How often it says that it is alive; 0 is never. */
      readonly aliveEveryMs: number;
      readonly controls: ControlState;
      /** Whether it looks at peers: one of all workers does. */
      readonly isProber: boolean;
      /** The peers that are known to be down. */
      readonly down: readonly DownPeer[];
    }
  /** Makes everything ready to serve by another configuration. Answered `prepared`, or why not. */
  | { readonly type: "prepare"; readonly config: Config; readonly sharing: Sharing }
  /** Serves by what was prepared. Answered `committed`, `stopping` or `failed`. */
  | { readonly type: "commit" }
  /** Forgets what was prepared. Answered `done`. */
  | { readonly type: "abandon" }
  /** Answered `open`. */
  | { readonly type: "count_open" }
  /** Maintenance and draining are as this says from now on. Answered `done`. */
  | { readonly type: "set_controls"; readonly controls: ControlState }
  /** What the worker that looks at peers has found: these are down, all others up. Answered `done`. */
  | { readonly type: "set_down"; readonly down: readonly DownPeer[] }
  /** Answered `peers`. */
  | { readonly type: "peers" }
  /** What was counted since this was last asked. Answered `telling`. */
  | { readonly type: "tell"; readonly wish: TellWish }
  /** Answered `web_sockets`. */
  | { readonly type: "web_sockets" }
  /** Answered `holdings`. */
  | { readonly type: "holdings" }
  /** Begins to sample what the process computes with. Answered `done`. */
  | { readonly type: "profile_begin" }
  /** Ends that. Answered `profile`. */
  | { readonly type: "profile_end" }
  /** Closes the files of access logs, which are opened anew by the next line. Answered `done`. */
  | { readonly type: "reopen_logs" }
  /** Takes no new connections, waits for what is open, and ends. Answered `stopped`. */
  | { readonly type: "drain"; readonly successor: boolean }
  /** Ends at once. Answered `stopped`. */
  | { readonly type: "stop" };

export type Answer =
  | { readonly type: "started"; readonly listeningAt: ListeningAt; readonly urls: readonly string[] }
  /** With what the new listeners listen on. */
  | { readonly type: "prepared"; readonly listeningAt: ListeningAt }
  | { readonly type: "committed"; readonly changes: ReloadChanges; readonly urls: readonly string[] }
  | { readonly type: "cannot_listen"; readonly failures: readonly ListenFault[] }
  | { readonly type: "stopping" }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "open"; readonly count: number }
  | { readonly type: "peers"; readonly peers: readonly PeerStatus[] }
  | { readonly type: "telling"; readonly telling: Telling }
  | { readonly type: "web_sockets"; readonly webSockets: readonly LiveWebSocket[] }
  | { readonly type: "holdings"; readonly holdings: Holdings }
  /** As the JSON of a `.cpuprofile`. */
  | { readonly type: "profile"; readonly profile: string }
  | { readonly type: "stopped"; readonly result: StopResult }
  | { readonly type: "done" };

/** A listener that could not be opened, and the system's word for why (`EADDRINUSE`). */
export interface ListenFault {
  readonly listener: string;
  readonly code: string | undefined;
  readonly message: string;
}
