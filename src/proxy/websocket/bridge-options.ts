import type { WebSocketConfig } from "../../config/model.ts";
import type { Log } from "../../observe/log.ts";
import type { Bridges } from "./bridges.ts";
import type { HoldOptions } from "./hold.ts";

export interface BridgeOptions {
  readonly websocket: WebSocketConfig;
  readonly bridges: Bridges;
  readonly log: Log;
  /** The upstream's name, for the log. */
  readonly peer: string;
  /** Undefined where a client is not kept without its upstream. */
  readonly hold?: HoldOptions | undefined;
}
