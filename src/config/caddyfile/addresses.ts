import { isIPv6 } from "node:net";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** The ports that names without a port of their own are served at. */
export interface Ports {
  readonly http: number;
  readonly https: number;
}

/** The address of a site, as its parts. */
export interface SiteAddress {
  readonly at: Token;
  readonly scheme: "http" | "https" | undefined;
  /** In small letters, IPv6 without brackets; empty for every host. */
  readonly host: string;
  /** What was written, or what the scheme means. */
  readonly port: number;
  /** As it is written; empty for every path. */
  readonly path: string;
  /** TLS is spoken at it, whatever else stands in the site. */
  readonly needsTls: boolean;
}

const EXPECTED = "an address such as :8080, example.com, http://example.com or localhost:3000";

/** Reads the address of a site. */
export function readAddress(at: Token, ports: Ports, report: Report): SiteAddress | undefined {
  const { text } = at;
  const [, written, rest = ""] = /^(?:([^/:]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const scheme = written?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    const meant = scheme === "ws" ? "http" : scheme === "wss" ? "https" : undefined;
    const help = meant === undefined ? {} : { help: `did you mean ${meant}://${rest}?` };
    return report.error(at, `${written}:// is no scheme of a site`, { expected: EXPECTED, ...help });
  }
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  // In Caddy a path of / alone asks for that path only.
  const path = slash < 0 ? "" : rest.slice(slash);
  const split = splitAuthority(authority);
  if (split === undefined) return report.error(at, "this is not the address of a site", { expected: EXPECTED });
  const { host, portText } = split;
  if (/\{/.test(text)) {
    return report.error(at, "the address of a site holds no placeholder", { expected: EXPECTED });
  }
  if (/[\s"'<>\\@()}=;]/.test(host) || /^\*./.test(host.replace(/^(?:\*\.)+/, ""))) {
    return report.error(at, "this is not the address of a site", { expected: EXPECTED });
  }
  if (portText !== "" && (!/^\d+$/.test(portText) || Number(portText) > 65_535)) {
    const what = /^\d+$/.test(portText) ? `port ${portText} is over 65535` : `"${portText}" is no port`;
    return report.error(at, what, { expected: EXPECTED });
  }
  const port = portText === "" ? (scheme === "http" ? ports.http : ports.https) : Number(portText);
  if ((scheme === "http" && port === ports.https) || (scheme === "https" && port === ports.http)) {
    return report.error(at, `${scheme}:// and port ${port} contradict each other (Caddy)`, {
      expected: "one of the two",
    });
  }
  const isPlain = scheme === "http" || port === ports.http;
  const needsTls = scheme === "https" || (!isPlain && (host !== "" || port === ports.https));
  return { at, scheme, host, port, path, needsTls };
}

function splitAuthority(text: string): { readonly host: string; readonly portText: string } | undefined {
  if (isIPv6(text)) return { host: text.toLowerCase(), portText: "" };
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "").toLowerCase();
  if (match[1]?.startsWith("[") === true && !isIPv6(host)) return undefined;
  return { host, portText: match[2] ?? "" };
}
