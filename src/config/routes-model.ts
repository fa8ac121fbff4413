import type { ReverseProxyConfig } from "./model.ts";
import type { AccessLogConfig } from "./log-model.ts";
import type { StatusPattern } from "./upstream-model.ts";

/**
 * One rule: what it is for, and what it does. Routes are gone through in order. A route that matches runs its handlers
 * in order; one that answers or forwards ends the search, otherwise the next route is looked at (Caddy's `Route`).
 */
export interface RouteConfig {
  /** Stands in logs and names the route across a reload. Default: what it matches. Unique within its list. */
  readonly name: string;
  /** Matches when one of the sets does; a set matches when all in it do. Empty: every request. */
  readonly match: readonly MatcherSet[];
  readonly handlers: readonly HandlerConfig[];
  /** When it matched, no further route of this list is looked at (Caddy's mutually exclusive groups). Default false. */
  readonly terminal: boolean;
}

/** All of them have to match. */
export type MatcherSet = readonly MatcherConfig[];

/** One condition on a request, as Caddy has it. Lists are alternatives unless it is said otherwise. */
export type MatcherConfig =
  /** Names in small letters without port; `*` stands for one label, `*.example.com`. */
  | { readonly type: "host"; readonly hosts: readonly string[] }
  /** Caddy's reading of the path: decoded, slashes merged, any case. */
  | { readonly type: "path"; readonly patterns: readonly string[] }
  /** `--cp`: the path exactly as it is sent upstream; what could be read as a path outside is refused. */
  | { readonly type: "context_path"; readonly pattern: PathPattern }
  | { readonly type: "path_regexp"; readonly regexp: RegexpConfig }
  | { readonly type: "method"; readonly methods: readonly string[] }
  /** Every field listed has to match, each by one of its values. */
  | { readonly type: "header"; readonly fields: readonly FieldPattern[] }
  /** Every field listed has to match. */
  | { readonly type: "header_regexp"; readonly fields: readonly FieldRegexp[] }
  /** Every parameter listed has to match, by one of its values; `*` is any value. */
  | { readonly type: "query"; readonly parameters: readonly QueryPattern[] }
  /** The socket's address, as CIDR texts. */
  | { readonly type: "remote_ip"; readonly ranges: readonly string[] }
  /** The client's address as trusted proxies tell it. */
  | { readonly type: "client_ip"; readonly ranges: readonly string[] }
  /** `websocket` is a handshake (RFC 6455 4.1) over either scheme. */
  | { readonly type: "protocol"; readonly protocol: "http" | "https" | "websocket" }
  /** None of the sets may match. */
  | { readonly type: "not"; readonly sets: readonly MatcherSet[] };

/**
 * How a path is matched as it is sent. `segments`: whole segments, `/up` takes `/up` and `/up/x`, never `/upper`.
 * `prefix`: the original gatekeeper's plain prefix, written `/up*`.
 */
export type PathPattern =
  { readonly type: "segments"; readonly path: string } | { readonly type: "prefix"; readonly path: string };

/** A regular expression; its groups are `{re.NAME.1}` afterwards, without a name `{re.1}`. */
export interface RegexpConfig {
  readonly name: string | undefined;
  /** ECMAScript source, compiled with the `v` flag off and `u` off. */
  readonly pattern: string;
}

export interface FieldPattern {
  readonly field: string;
  /** `present`, `absent`, or values of which one has to match: `*` at either end is anything (Caddy). */
  readonly values: "present" | "absent" | readonly string[];
}

export interface FieldRegexp {
  readonly field: string;
  readonly regexp: RegexpConfig;
}

export interface QueryPattern {
  readonly parameter: string;
  readonly values: readonly string[];
}

/**
 * What a route does. Texts named `template` hold placeholders such as `{http.request.host}` (see `template.ts`).
 */
export type HandlerConfig =
  /** Edits the fields of the request; later matchers and the upstream see them. */
  | { readonly type: "request_header"; readonly edits: FieldEdits }
  /** Edits the fields of the answer. `deferred`: when the answer is there; else what comes from upstream adds to it. */
  | { readonly type: "header"; readonly edits: FieldEdits; readonly deferred: boolean }
  /** Changes the target: a template of a path, a query, or both (Caddy's `rewrite`). */
  | { readonly type: "rewrite"; readonly to: string }
  /** From the start of the path, in any case; nothing when it does not begin so. */
  | { readonly type: "strip_prefix"; readonly prefix: string }
  | { readonly type: "strip_suffix"; readonly suffix: string }
  /** Replaces in path and query; `limit` 0 is all (Caddy's `uri replace`). */
  | { readonly type: "replace"; readonly find: string; readonly with: string; readonly limit: number }
  /** Replaces in the path what a regular expression finds; `$1` is a group (Caddy's `uri path_regexp`). */
  | { readonly type: "replace_regexp"; readonly regexp: string; readonly with: string }
  | { readonly type: "max_request_body"; readonly bytes: number }
  | EncodeConfig
  | BasicAuthConfig
  | AccessLogConfig
  | ErrorsConfig
  /** Answers. `status` and `body` are templates; "" for `status` is 200, or the failure's where a failure is answered. */
  | { readonly type: "respond"; readonly status: string; readonly body: string; readonly close: boolean }
  /** Answers with a file. `status` as in `respond`. */
  | { readonly type: "respond_file"; readonly status: string; readonly file: PageFile; readonly close: boolean }
  | { readonly type: "redirect"; readonly to: string; readonly status: string }
  /** Fails with a status, for `error` of a Caddyfile; `message` is for the log. */
  | { readonly type: "error"; readonly status: string; readonly message: string }
  /** Routes within the route, gone through in the same way. */
  | { readonly type: "routes"; readonly routes: readonly RouteConfig[] }
  | { readonly type: "proxy"; readonly proxy: ReverseProxyConfig }
  /** Among the routes for an upstream's answer alone: passes it on. `status` is a template, "" leaves it as it is. */
  | { readonly type: "copy_response"; readonly status: string }
  /** The same: its fields stand on the answer that is made in its place. `except` turns the list round. */
  | { readonly type: "copy_response_headers"; readonly fields: readonly string[]; readonly except: boolean };

/** A file that answers are made of, read at the start. */
export interface PageFile {
  /** As the configuration names it. */
  readonly path: string;
  readonly contentType: string;
  /** Its bytes, one char for each. At most 1 MiB. */
  readonly content: string;
}

/**
 * Edits of header fields in Caddy's order: add, set, remove, replace. Field names and values are templates;
 * `remove` takes `*` at either end of a name.
 */
export interface FieldEdits {
  readonly add: readonly FieldValue[];
  readonly set: readonly FieldValue[];
  readonly remove: readonly string[];
  readonly replace: readonly FieldReplacement[];
  /** Set only where the answer has no such field (Caddy's `?Field`). Always deferred. */
  readonly default: readonly FieldValue[];
}

export interface FieldValue {
  readonly field: string;
  readonly value: string;
}

export interface FieldReplacement {
  /** `*` is every field. */
  readonly field: string;
  /** Regular expression to look for; `$1` in `with` is its group. */
  readonly regexp: string;
  readonly with: string;
}

/** Compresses what the client takes compressed (Caddy's `encode`). Never an event stream, nor what is encoded. */
export interface EncodeConfig {
  readonly type: "encode";
  /** In order of preference where the client has none. */
  readonly formats: readonly ("zstd" | "br" | "gzip")[];
  /** Answers known to be smaller stay as they are. Default 512, as Caddy. */
  readonly minimumBytes: number;
  /** gzip level. Default 5, as Caddy. */
  readonly gzipLevel: number;
  /** Content types that are compressed, `*` at the end is anything; undefined is Caddy's list. */
  readonly contentTypes: readonly string[] | undefined;
}

/** RFC 7617, with passwords hashed by bcrypt. */
export interface BasicAuthConfig {
  readonly type: "basic_auth";
  /** Default `restricted`, as Caddy. */
  readonly realm: string;
  readonly users: readonly { readonly name: string; readonly hash: string }[];
}

/**
 * What is answered when a request fails here: no upstream, none that answers, `error`, a wrong password (Caddy's
 * `handle_errors`). Holds for what comes after it; the last one met holds.
 */
export interface ErrorsConfig {
  readonly type: "errors";
  /** Those for the status are gone through in order, until one answers. */
  readonly on: readonly ErrorRoutesConfig[];
}

export interface ErrorRoutesConfig {
  /** Any of them; empty: every failure. */
  readonly statuses: readonly StatusPattern[];
  readonly routes: readonly RouteConfig[];
}
