import type { MatcherSet } from "./routes-model.ts";
import type { StatusPattern } from "./upstream-model.ts";

/** Requests are logged from here on (Caddy's `log`); the last one met holds. */
export interface AccessLogConfig {
  readonly type: "access_log";
  /** `off` turns it off again. */
  readonly output: AccessLogOutputConfig;
  /** Default json. */
  readonly format: "json" | "console" | "common" | "combined";
  readonly redaction: {
    /** Default false: Authorization, Cookie, Proxy-Authorization and Set-Cookie are not shown. */
    readonly showsCredentials: boolean;
    /** Names of further fields, in small letters. */
    readonly headers: readonly string[];
    /** Names of parameters of queries, case and all. */
    readonly query: readonly string[];
  };
  /** Of the JSON format: what is left out. */
  readonly omits: { readonly requestHeaders: boolean; readonly responseHeaders: boolean };
  /** The share of requests that went well which is written, above 0 up to 1. */
  readonly sample: number;
  /** Requests that are not logged at all; empty for none. */
  readonly skip: readonly MatcherSet[];
  /** With one of the two, only what is one of these, or as slow, is written. Empty, and 0, for all. */
  readonly statuses: readonly StatusPattern[];
  readonly slowerThanMs: number;
}

export type AccessLogOutputConfig =
  | { readonly type: "stdout" | "stderr" | "off" }
  | { readonly type: "file"; readonly path: string; readonly rolling: RollingConfig };

/** When a file is put aside, and what becomes of it then (Caddy's `roll_*`, with its defaults). */
export interface RollingConfig {
  /** Default 100 MiB; 0 is never. */
  readonly sizeBytes: number;
  /** How many are kept. Default 10; 0 is all. */
  readonly keep: number;
  /** Default 90 days; 0 is for ever. */
  readonly keepForMs: number;
  /** Default true. */
  readonly compresses: boolean;
}

export const ROLLING_DEFAULTS: RollingConfig = {
  sizeBytes: 100 * 1024 * 1024,
  keep: 10,
  keepForMs: 90 * 86_400_000,
  compresses: true,
};

/** The identifier of requests, sent upstream. */
export interface RequestIdConfig {
  /** The field that it stands in. */
  readonly field: string;
  /** It is sent to the client as well. Default false. */
  readonly answers: boolean;
}

/** All of an access log but where it goes. */
export const ACCESS_LOG_DEFAULTS: Omit<AccessLogConfig, "output"> = {
  type: "access_log",
  format: "json",
  redaction: { showsCredentials: false, headers: [], query: [] },
  omits: { requestHeaders: false, responseHeaders: false },
  sample: 1,
  skip: [],
  statuses: [],
  slowerThanMs: 0,
};
