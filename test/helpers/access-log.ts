import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS_LOG_DEFAULTS, ROLLING_DEFAULTS } from "../../src/config/log-model.ts";
import type { AccessLogConfig, RollingConfig, RouteConfig, UpstreamAddress } from "../../src/config/model.ts";
import { temporaryFolder } from "./binary.ts";
import { reverseProxy } from "./proxy.ts";

/** An access log in a file of its own. */
export class LogFile implements Disposable {
  readonly #folder = temporaryFolder();
  readonly path = join(this.#folder.path, "access.log");

  /** What writes to it. */
  config(more: Partial<Omit<AccessLogConfig, "output">> = {}, rolling: Partial<RollingConfig> = {}): AccessLogConfig {
    const output = { type: "file", path: this.path, rolling: { ...ROLLING_DEFAULTS, ...rolling } } as const;
    return { ...ACCESS_LOG_DEFAULTS, ...more, output };
  }

  /** A route that logs to it and forwards to these. */
  routeTo(upstreams: readonly UpstreamAddress[]): RouteConfig {
    const handlers = [this.config(), { type: "proxy", proxy: reverseProxy(upstreams) } as const];
    return { name: "app", match: [], handlers, terminal: false };
  }

  /** All that was written so far. A proxy that has stopped has written everything. */
  lines(): readonly string[] {
    return readFileSync(this.path, "utf8").split("\n").slice(0, -1);
  }

  /** The same, parsed. */
  records(): readonly Record[] {
    return this.lines().map((line) => JSON.parse(line) as Record);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** A line of JSON, as far as tests look at it. */
export interface Record {
  readonly request: { readonly uri: string; readonly method: string; readonly proto?: string };
  readonly status: number;
  readonly duration: number;
  readonly upstream_connect?: number;
  readonly upstream_latency?: number;
  readonly upstream?: string;
  readonly request_id?: string;
  readonly traceID?: string;
  readonly error?: string;
  readonly websocket?: object;
}
