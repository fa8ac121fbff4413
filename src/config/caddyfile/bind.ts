import { isIPv6 } from "node:net";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** Where a site listens: an address as `listeners` has it, and the word of the Caddyfile that says so. */
export interface Listening {
  readonly address: string;
  readonly at: Token;
  /** The host alone, as `bind` gave it; undefined for every address of the machine, and for a unix socket. */
  readonly host: string | undefined;
  /** Undefined for a unix socket. */
  readonly port: number | undefined;
}

/** The address of a port on a host that `bind` names, or on all. */
export function listeningAt(bind: Token | undefined, port: number, at: Token): Listening {
  if (bind === undefined) return { address: `:${port}`, at, host: undefined, port };
  if (bind.text.startsWith("unix/")) return { address: bind.text, at: bind, host: undefined, port: undefined };
  const host = bind.text.replace(/^tcp\//, "").replace(/^\[(.*)\]$/, "$1");
  const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return { address, at: bind, host: bind.text, port };
}

/** The hosts of a `bind` or `default_bind` that can be listened on. */
export function readBind(hosts: readonly Token[], name: Token, report: Report): readonly Token[] {
  if (hosts.length === 0) report.error(name, `${name.text} lacks a host`, { expected: `${name.text} 127.0.0.1` });
  return hosts.filter((host) => {
    const { text } = host;
    const other = /^(?:tcp[46]|udp[46]?|fd|fdgram|unixgram)\//.exec(text)?.[0];
    if (other !== undefined) {
      report.error(host, `${other} is Caddy's, and not listened on here`, { expected: "an IP address, or unix//PATH" });
    } else if (/^\[?[^\]:]*\]?:\d+$/.test(text) && !isIPv6(text)) {
      const help = "the port is that of the site's address";
      report.error(host, `${name.text} has hosts without a port`, { help });
    } else return true;
    return false;
  });
}
