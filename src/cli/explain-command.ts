import { isIP } from "node:net";
import { listenerText } from "../config/describe.ts";
import type { Config, ListenerConfig } from "../config/model.ts";
import { hasErrors, type Place, type Problem } from "../config/problem.ts";
import { isToken } from "../core/fields.ts";
import type { Explanation, Step } from "../proxy/explain.ts";
import type { Invocation } from "./argv.ts";
import { refuse, report } from "./main.ts";
import { print } from "./output.ts";
import { loadInvocation } from "./run.ts";

/** No listener would take the request. */
const EXIT_UNREACHED = 1;

/** Says what would become of a request. Gives the exit code. */
export async function explainCommand(invocation: Invocation): Promise<number> {
  const loaded = await loadInvocation(invocation, undefined);
  const asked = readRequest(invocation);
  const problems = [...asked.problems, ...loaded.problems];
  const { config } = loaded;
  if (config === undefined || asked.request === undefined || hasErrors(problems)) return refuse(problems);
  report(problems);
  const { request, from, url } = asked;
  const listener = listenerFor(config, url);
  if (listener === undefined) {
    const all = config.listeners.map(listenerText).join(", ");
    print(`no listener takes ${url.href}: there are ${all}\n`);
    return EXIT_UNREACHED;
  }
  const { explain } = await import("../proxy/explain.ts");
  const explanation = await explain(listener, { request, from });
  const head = `${request.method} ${url.href} from ${from}, by the listener ${listenerText(listener)}`;
  print(`${[head, "", ...explanationLines(explanation)].join("\n")}\n`);
  return 0;
}

interface Asked {
  readonly problems: readonly Problem[];
  readonly request: Request | undefined;
  readonly url: URL;
  readonly from: string;
}

function readRequest({ words, values }: Invocation): Asked {
  const problems: Problem[] = [];
  const report = (place: Place, message: string, seen: string, expected: string): void => {
    problems.push({ severity: "error", place, message, seen, expected });
  };
  const [, text = ""] = words;
  const url = URL.parse(text);
  const method = values.get("method")?.[0] ?? "GET";
  const from = values.get("from")?.[0] ?? "127.0.0.1";
  const headers = new Headers();
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) {
    report({ type: "command_line" }, "this is no URL", text, "a URL such as http://localhost:8008/up");
  }
  if (!isToken(method)) report({ type: "flag", name: "--method" }, "this is no method", method, "GET or the like");
  if (isIP(from) === 0) report({ type: "flag", name: "--from" }, "this is no IP address", from, "such as 192.0.2.7");
  for (const field of values.get("header") ?? []) {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(0, colon)).trim();
    if (isToken(name)) headers.append(name, field.slice(colon + 1).trim());
    else report({ type: "flag", name: "--header" }, "this is no field", field, "'Name: value'");
  }
  if (problems.length > 0 || url === null) return { problems, request: undefined, url: url ?? NO_URL, from };
  if (url.protocol.startsWith("ws") || headers.get("upgrade")?.toLowerCase() === "websocket") fillHandshake(headers);
  if (!headers.has("host")) headers.set("Host", url.host);
  const target = `${url.protocol === "https:" || url.protocol === "wss:" ? "https" : "http"}://${url.host}${url.pathname}${url.search}`;
  return { problems, request: new Request(target, { method, headers }), url, from };
}

/** What a browser's handshake has, and nobody types. */
function fillHandshake(headers: Headers): void {
  const fields = [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ] as const;
  for (const [name, value] of fields) if (!headers.has(name)) headers.set(name, value);
}

const NO_URL = new URL("http://localhost");

/** The listener of that port and scheme; an address that is listened on with all others is as good as any. */
function listenerFor({ listeners }: Config, url: URL): ListenerConfig | undefined {
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  const port = Number(url.port === "" ? (isSecure ? 443 : 80) : url.port);
  const candidates = listeners.filter(
    ({ address, tls }) => address.type === "tcp" && address.port === port && tls.length > 0 === isSecure,
  );
  const isNamed = ({ address }: ListenerConfig): boolean =>
    address.type === "tcp" && address.host === url.hostname.replace(/^\[|\]$/g, "");
  return candidates.find(isNamed) ?? candidates[0];
}

function explanationLines({ steps, end, upstream }: Explanation): readonly string[] {
  const lines = steps.flatMap(stepLines);
  lines.push("");
  switch (end.type) {
    case "forward":
      lines.push(`forwarded to ${end.upstreams.join(", ")}${end.upstreams.length > 1 ? ` (${end.policy})` : ""}`);
      break;
    case "answer":
      lines.push(`answered with ${end.status}${end.location === null ? "" : `, Location: ${end.location}`}`);
      break;
    case "failure":
      lines.push(`answered with ${end.status}: ${end.reason}`);
      break;
    default:
      return end satisfies never;
  }
  if (upstream === undefined) return lines;
  lines.push(`as ${upstream.line}`, ...upstream.changes.map((change) => `   ${change}`));
  return lines;
}

function stepLines({ depth, route, mismatch, does }: Step): readonly string[] {
  const indent = "  ".repeat(depth);
  if (mismatch !== undefined) return [`${indent}no   ${route}: ${mismatch}`];
  return [`${indent}yes  ${route}`, ...does.map((each) => `${indent}       ${each}`)];
}
