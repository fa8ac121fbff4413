import type { Config, ListenAddress, ListenerConfig, PathPattern, RouteConfig, UpstreamAddress } from "./model.ts";

/** A listen address as it is written in flags and files: `127.0.0.1:3000`, `[::1]:3000`, `unix//run/app.sock`. */
export function listenText(address: ListenAddress): string {
  return address.type === "unix" ? `unix/${address.path}` : `${bracketed(address.host)}:${address.port}`;
}

/** An upstream address as it is written in flags and files; TLS shows as `https://`. */
export function upstreamText(address: UpstreamAddress): string {
  if (address.type === "unix") return `unix/${address.path}`;
  return `${address.tls ? "https://" : ""}${bracketed(address.host)}:${address.port}`;
}

/** A listener as one opens it in a browser: `http://0.0.0.0:8008`. */
export function listenerText(listener: Pick<ListenerConfig, "address" | "tls">): string {
  const { address, tls } = listener;
  if (address.type === "unix") return listenText(address);
  return `${tls === undefined ? "http" : "https"}://${listenText(address)}`;
}

/** A path pattern as `--cp` takes it. */
export function patternText(pattern: PathPattern): string {
  return pattern.type === "prefix" ? `${pattern.path}*` : pattern.path;
}

/** `/up to 127.0.0.1:3000, 127.0.0.1:3001`. */
export function routeText(route: RouteConfig): string {
  const proxy = route.handlers.find((handler) => handler.type === "proxy");
  if (proxy === undefined) return route.name;
  return `${route.name} to ${proxy.proxy.upstreams.map(upstreamText).join(", ")}`;
}

/**
 * The start in one sentence: `http://0.0.0.0:8008, forwarding / to 127.0.0.1:3000`, to stand after
 * `listening on ` or `would listen on `. `urls` are where it really listens, by default what is configured.
 */
export function startText(config: Config, urls: readonly string[] = config.listeners.map(listenerText)): string {
  return `${urls.join(", ")}, forwarding ${(config.listeners[0]?.routes ?? []).map(routeText).join("; ")}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
