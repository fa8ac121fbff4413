import type { DocEntry } from "../../document.ts";
import { argumentOf, argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { entry, oneOrMore, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import { durationNode } from "../values.ts";

const TIMES = ["dial_timeout", "response_header_timeout", "read_timeout", "write_timeout"];

const LINES: readonly string[] = [
  ...TIMES,
  "tls",
  "tls_server_name",
  "tls_insecure_skip_verify",
  "tls_trusted_ca_certs",
  "tls_client_auth",
  "keepalive",
  "keepalive_idle_conns",
  "versions",
  "max_conns_per_host",
  "compression",
  "resolvers",
];

const REFUSED: ReadonlyMap<string, string> = new Map([
  ["tls_trust_pool", "tls_trusted_ca_certs FILE does the same"],
  ["proxy_protocol", "it comes with a later version"],
  ["local_address", "it comes with a later version"],
  ...[
    "read_buffer write_buffer max_response_header dial_fallback_delay expect_continue_timeout tls_timeout",
    "tls_renegotiation tls_except_ports tls_curves keepalive_interval keepalive_idle_conns_per_host network_proxy",
    "forward_proxy_url",
  ]
    .join(" ")
    .split(" ")
    .map((name) => [name, "take the line out"] as const),
]);

/** `transport http { ... }`: how upstreams are spoken to. */
export function readTransport({ name, args, block }: Directive, report: Report): readonly DocEntry[] {
  const [kind, extra] = args;
  if (kind?.text !== "http" || extra !== undefined) {
    const what = kind?.text === "fastcgi" ? "FastCGI is Caddy's, and not spoken here" : "transport has the word http";
    report.error(extra ?? kind ?? name, what, { expected: "transport http { ... }" });
    return [];
  }
  const entries = (block ?? []).flatMap((line) => readLine(line, report));
  // Whoever says how TLS is to be spoken wants it spoken (Caddy).
  const about = entries.find(({ key }) => ABOUT_TLS.has(key));
  if (about === undefined || entries.some(({ key }) => key === "tls")) return entries;
  return [{ key: "tls", keySpan: about.keySpan, value: wordNode(name, "true") }, ...entries];
}

const ABOUT_TLS: ReadonlySet<string> = new Set(["insecure", "sni", "ca_file", "client_cert", "client_key"]);

function readLine(line: Directive, report: Report): readonly DocEntry[] {
  const { name } = line;
  if (TIMES.includes(name.text)) {
    const time = argumentOf(line, `${name.text} TIME`, report);
    return time === undefined ? [] : [entry(name.text, name, durationNode(time, report))];
  }
  switch (name.text) {
    case "tls":
      return flag(line, "tls", report);
    case "tls_insecure_skip_verify":
      return flag(line, "insecure", report);
    case "tls_server_name": {
      const server = argumentOf(line, "tls_server_name NAME", report);
      return server === undefined ? [] : [entry("sni", name, wordNode(server))];
    }
    case "tls_trusted_ca_certs": {
      const file = argumentOf(line, "tls_trusted_ca_certs FILE, one file with all of them", report);
      return file === undefined ? [] : [entry("ca_file", name, textNode(file))];
    }
    case "tls_client_auth":
      return readClientAuth(line, report);
    case "keepalive":
      return readKeepAlive(line, report);
    case "keepalive_idle_conns": {
      const count = argumentOf(line, "keepalive_idle_conns NUMBER", report);
      return count === undefined ? [] : [entry("upstream_keepalive_pool_size", name, wordNode(count))];
    }
    case "max_conns_per_host": {
      const count = argumentOf(line, "max_conns_per_host NUMBER", report);
      return count === undefined ? [] : [entry("max_conns_per_host", name, wordNode(count))];
    }
    case "resolvers": {
      const servers = argumentsOf(line, { form: "resolvers ADDRESS...", least: 1, most: 100 }, report);
      if (servers === undefined) return [];
      const nodes = servers.map((each) => wordNode(each));
      return [entry("resolvers", name, oneOrMore(nodes, name.span))];
    }
    case "versions":
      return readVersions(line, report);
    case "compression": {
      const word = argumentOf(line, "compression off", report);
      if (word !== undefined && word.text !== "off") {
        report.error(word, "nothing is asked for compressed that the client did not", { expected: "compression off" });
      }
      return [];
    }
    default: {
      const help = REFUSED.get(name.text);
      if (help === undefined) report.unknown(name, "line of transport http", LINES);
      else report.error(name, `${name.text} is Caddy's, and not taken here`, { help });
      return [];
    }
  }
}

function flag(line: Directive, key: string, report: Report): readonly DocEntry[] {
  const { name } = line;
  const args = argumentsOf(line, { form: name.text, least: 0, most: 0 }, report);
  return args === undefined ? [] : [entry(key, name, wordNode(name, "true"))];
}

function readClientAuth(line: Directive, report: Report): readonly DocEntry[] {
  const { name } = line;
  const form = "tls_client_auth CERT KEY";
  const [cert, key] = argumentsOf(line, { form, least: 2, most: 2 }, report) ?? [];
  if (cert === undefined || key === undefined) return [];
  return [entry("client_cert", name, textNode(cert)), entry("client_key", name, textNode(key))];
}

function readKeepAlive(line: Directive, report: Report): readonly DocEntry[] {
  const time = argumentOf(line, "keepalive TIME, or keepalive off", report);
  if (time === undefined) return [];
  if (time.text === "off") return [entry("upstream_keepalive_pool_size", line.name, wordNode(time, "0"))];
  return [entry("idle_timeout", line.name, durationNode(time, report))];
}

function readVersions(line: Directive, report: Report): readonly DocEntry[] {
  const { name, args } = line;
  const expected = "versions 1.1, or versions 1.1 2";
  const other = args.find(({ text }) => text !== "1.1" && text !== "2");
  if (other !== undefined) {
    report.error(other, `HTTP ${other.text} is not spoken to an upstream here`, { expected });
    return [];
  }
  const second = args.find(({ text }) => text === "2");
  if (args.length === 0 || !args.some(({ text }) => text === "1.1")) {
    report.error(second ?? name, "an upstream is always offered HTTP/1.1", { expected });
    return [];
  }
  return [entry("enable_h2", name, wordNode(second ?? name, second === undefined ? "false" : "true"))];
}
