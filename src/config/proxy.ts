import { patternText } from "./describe.ts";
import type { Settings } from "./given.ts";
import { networks } from "./listeners.ts";
import type {
  ReverseProxyConfig,
  RouteConfig,
  UpstreamAddress,
  UpstreamPolicyConfig,
  UpstreamTlsConfig,
} from "./model.ts";
import { NO_POLICY_EXTRA, upstreamPolicy } from "./upstream-policy.ts";

/** What only a route of a file can say of its upstreams. */
export type ProxyExtra = Pick<
  ReverseProxyConfig,
  keyof UpstreamPolicyConfig | "host" | "headerUp" | "headerDown" | "method" | "rewrite"
>;

/** Forwarding as the settings say, each with its default. */
export function proxyConfig(
  settings: Settings,
  upstreams: readonly UpstreamAddress[],
  upstreamTls: UpstreamTlsConfig,
  extra: ProxyExtra,
): ReverseProxyConfig {
  return {
    ...extra,
    upstreams,
    upstreamTls,
    maxAttempts: settings.value("max_retries"),
    timeouts: {
      dialMs: settings.value("dial_timeout"),
      responseHeaderMs: settings.value("response_header_timeout"),
      readMs: settings.value("read_timeout"),
      writeMs: settings.value("write_timeout"),
    },
    keepAlive: {
      idleTimeoutMs: settings.value("idle_timeout"),
      poolSize: settings.value("upstream_keepalive_pool_size"),
    },
    client: settings.value("upstream_client"),
    responseBufferBytes: settings.value("response_buffer"),
    websocket: {
      maxMessageBytes: settings.value("websocket_max_message"),
      deadAfterMs: settings.value("websocket_timeout"),
      handshakeTimeoutMs: settings.value("websocket_handshake_timeout"),
    },
    trustedProxies: networks(settings),
    streamCloseDelayMs: settings.value("stream_close_delay"),
  };
}

/** The one route that `cp`, `host` and `upstream` come to, without a file of routes. */
export function flatRoute(
  settings: Settings,
  upstreams: readonly UpstreamAddress[],
  upstreamTls: UpstreamTlsConfig,
): RouteConfig {
  const pattern = settings.value("cp");
  const host = settings.one("host")?.value;
  const extra = {
    ...upstreamPolicy(settings, settings, NO_POLICY_EXTRA),
    host,
    headerUp: undefined,
    headerDown: undefined,
    method: undefined,
    rewrite: undefined,
  } as const;
  const takesAll = pattern.path === "/" || pattern.path === "";
  return {
    name: patternText(pattern),
    match: takesAll ? [] : [[{ type: "context_path", pattern }]],
    handlers: [{ type: "proxy", proxy: proxyConfig(settings, upstreams, upstreamTls, extra) }],
    terminal: false,
  };
}
