import type { DocEntry } from "../document.ts";
import { argumentOf, argumentsOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import { readMetrics } from "./metrics-option.ts";
import { entry, oneOrMore, wordNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";
import { durationNode } from "./values.ts";

/** A `servers` block of the global options: keys for one listener or for all. */
export interface ServerOptions {
  /** The address that it is for, `:8080`; undefined for all. */
  readonly listener: Token | undefined;
  readonly entries: readonly DocEntry[];
  /** `log_credentials`, where it stands for all. */
  readonly credentials: Token | undefined;
}

const LINES = [
  "trusted_proxies",
  "trusted_proxies_strict",
  "client_ip_headers",
  "protocols",
  "timeouts",
  "log_credentials",
  "metrics",
];
const REFUSED = new Set(
  (
    "name listener_wrappers packet_conn_wrappers max_header_size keepalive_interval keepalive_idle keepalive_count " +
    "strict_sni_host enable_full_duplex allow_h2c 0rtt trace protocol"
  ).split(" "),
);

/** Reads `servers [LISTENER] { ... }`. */
export function readServers(line: Directive, report: Report): ServerOptions | undefined {
  const form = "servers [ADDRESS] { ... }";
  const args = argumentsOf(line, { form, least: 0, most: 1, block: true }, report);
  if (args === undefined) return undefined;
  const lines = line.block ?? [];
  const credentials = lines.find(({ name }) => name.text === "log_credentials");
  const [listener] = args;
  if (listener !== undefined && credentials !== undefined) {
    report.error(credentials.name, "log_credentials is for all servers here", {
      expected: "servers { log_credentials }",
    });
  }
  return { listener, credentials: credentials?.name, entries: lines.flatMap((inner) => readLine(inner, report)) };
}

function readLine(line: Directive, report: Report): readonly DocEntry[] {
  const { name, args } = line;
  switch (name.text) {
    case "trusted_proxies":
      return readTrusted(line, report);
    case "trusted_proxies_strict":
      // X-Forwarded-For is always read from the right.
      argumentsOf(line, { form: "trusted_proxies_strict", least: 0, most: 0 }, report);
      return [];
    case "client_ip_headers": {
      const other = args.find(({ text }) => text.toLowerCase() !== "x-forwarded-for");
      const expected = "client_ip_headers X-Forwarded-For";
      if (other !== undefined || args.length === 0) {
        report.error(other ?? name, "the client is only read from X-Forwarded-For", { expected });
      }
      return [];
    }
    case "log_credentials":
      argumentsOf(line, { form: "log_credentials", least: 0, most: 0 }, report);
      return [];
    case "metrics":
      // All servers are counted, unless a flag says otherwise.
      readMetrics(line, report);
      return [];
    case "protocols":
      return readProtocols(line, report);
    case "timeouts":
      return (line.block ?? []).flatMap((inner) => readTimeout(inner, report));
    default:
      if (REFUSED.has(name.text)) report.error(name, `${name.text} is Caddy's, and not taken here`);
      else report.unknown(name, "line of servers", LINES);
      return [];
  }
}

function readTrusted({ name, args }: Directive, report: Report): readonly DocEntry[] {
  const [source, ...ranges] = args;
  const expected = "trusted_proxies static private_ranges 192.0.2.7";
  if (source?.text !== "static" || ranges.length === 0) {
    const what =
      source === undefined ? "trusted_proxies lacks its ranges" : "the ranges of trusted_proxies are static here";
    report.error(source?.text === "static" ? name : (source ?? name), what, { expected });
    return [];
  }
  return [
    entry(
      "trusted_proxies",
      name,
      oneOrMore(
        ranges.map((range) => wordNode(range)),
        name.span,
      ),
    ),
  ];
}

function readProtocols({ name, args }: Directive, report: Report): readonly DocEntry[] {
  const expected = "protocols h1, h1 h2, or h1 h2 h3";
  const other = args.find(({ text }) => !/^h[123]$/.test(text));
  if (other !== undefined) {
    report.error(other, `${other.text} is not spoken here`, { expected });
    return [];
  }
  const has = (protocol: string): Token | undefined => args.find(({ text }) => text === protocol);
  if (has("h1") === undefined) {
    report.error(args[0] ?? name, "HTTP/1.1 is always spoken", { expected });
    return [];
  }
  const [second, third] = [has("h2"), has("h3")];
  return [
    ...(second === undefined ? [entry("http2", name, wordNode(name, "false"))] : []),
    ...(third === undefined ? [] : [entry("http3", name, wordNode(third, "true"))]),
  ];
}

function readTimeout(line: Directive, report: Report): readonly DocEntry[] {
  const { name } = line;
  if (name.text === "idle") {
    const time = argumentOf(line, "idle TIME", report);
    return time === undefined ? [] : [entry("client_idle_timeout", name, durationNode(time, report))];
  }
  if (/^(?:read_body|read_header|write)$/.test(name.text)) {
    const help =
      "timeouts { idle TIME } limits the silence of a client, and how long its head may take; --client-body-timeout that within a body";
    report.error(name, `the timeout ${name.text} is Caddy's, and not taken here`, { help });
  } else report.unknown(name, "timeout", ["idle"]);
  return [];
}
