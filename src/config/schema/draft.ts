import type { Given, Settings } from "../given.ts";
import type {
  AccessLogConfig,
  FieldEdits,
  HandlerConfig,
  ListenAddress,
  MatcherSet,
  ResponseHandlerConfig,
  StatusPattern,
} from "../model.ts";
import type { Place } from "../problem.ts";
import type { GivenKey, PolicyExtra } from "../upstream-policy.ts";
import type { AdminDraft } from "./admin.ts";

/** A route as it was read: what has to be looked at together with the rest of the file is not yet made. */
export interface RouteDraft {
  readonly path: string;
  readonly place: Place;
  readonly name: Given<string> | undefined;
  readonly match: readonly MatcherSet[];
  readonly handlers: readonly HandlerDraft[];
  readonly terminal: boolean;
}

export type HandlerDraft =
  | Exclude<HandlerConfig, { readonly type: "routes" | "proxy" | "errors" | "respond_file" }>
  | RespondFileDraft
  | { readonly type: "errors"; readonly on: readonly ErrorRoutesDraft[] }
  | { readonly type: "routes"; readonly routes: readonly RouteDraft[] }
  | { readonly type: "proxy"; readonly proxy: ProxyDraft };

/** An answer whose file is not read yet. */
export interface RespondFileDraft {
  readonly type: "respond_file";
  readonly status: string;
  readonly file: Given<string>;
  /** Undefined: by the file's name. */
  readonly contentType: string | undefined;
  readonly close: boolean;
}

export interface ErrorRoutesDraft {
  readonly statuses: readonly StatusPattern[];
  readonly routes: readonly RouteDraft[];
}

export type ResponseHandlerDraft = Omit<ResponseHandlerConfig, "then"> & {
  readonly then:
    | Extract<ResponseHandlerConfig["then"], { readonly type: "replace_status" }>
    | { readonly type: "routes"; readonly routes: readonly RouteDraft[] };
};

/** What a route says of its upstreams. */
export interface ProxyDraft {
  /** What it says itself, `upstreams` under the name of the flag; the rest comes from the top of the file. */
  readonly settings: Settings;
  readonly policy: Omit<PolicyExtra, "onResponse">;
  /** Its keys that have no meaning without some setting. */
  readonly needing: readonly GivenKey[];
  readonly onResponse: readonly ResponseHandlerDraft[];
  readonly host: string | undefined;
  readonly headerUp: FieldEdits | undefined;
  readonly headerDown: FieldEdits | undefined;
  readonly method: string | undefined;
  readonly rewrite: string | undefined;
}

/** A listener as it was read. */
export interface ListenerDraft {
  readonly place: Place;
  readonly addresses: readonly Given<readonly ListenAddress[]>[];
  readonly tls: readonly TlsDraft[];
  /** True when `tls` is there, rightly or wrongly. */
  readonly hasTls: boolean;
  readonly http2: Given<boolean> | undefined;
  readonly http3: Given<boolean> | undefined;
  /** trusted_proxies, client_idle_timeout and max_request_body, where it gives them itself. */
  readonly settings: Settings;
  /** Its own routes; undefined: those of the file. */
  readonly routes: readonly RouteDraft[] | undefined;
}

export interface TlsDraft {
  readonly cert: Given<string>;
  readonly key: Given<string>;
  /** Undefined: the names that the certificate is for. */
  readonly serverNames: readonly Given<string>[] | undefined;
}

/** A file that was decoded. */
export interface FileDraft {
  /** The keys at its top that are settings. */
  readonly settings: Settings;
  readonly admin: AdminDraft | undefined;
  /** Of every request, before what routes say. */
  readonly accessLog?: AccessLogConfig | undefined;
  readonly listeners: readonly ListenerDraft[] | undefined;
  readonly routes: readonly RouteDraft[] | undefined;
}
