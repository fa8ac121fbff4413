import type { Directive } from "./blocks.ts";
import type { Conditions, ListCondition } from "./conditions.ts";
import { wordNode } from "./nodes.ts";
import { matcherRegexp } from "./regexp-node.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

type ModuleReader = (line: Directive, conditions: Conditions, report: Report) => void;

/** Caddy's matchers that are not taken, and how the same is said here. */
export const REFUSED_MATCHERS: ReadonlyMap<string, string> = new Map([
  ["expression", "say it with path, header, method, host, query, protocol and not"],
  ["file", "there are no files behind the routes here"],
  ["vars", "there are no variables here: match on what they were made from"],
  ["vars_regexp", "there are no variables here: match on what they were made from"],
  ["tls", "protocol https tells TLS from plain HTTP"],
]);

/** The matchers that are taken, by their names. */
export const MATCHER_MODULES: Readonly<Record<string, ModuleReader>> = {
  host: listOf("host", "host NAME..."),
  path: listOf("path", "path PATH..."),
  method: readMethod,
  path_regexp: readPathRegexp,
  header: readHeader,
  header_regexp: readHeaderRegexp,
  query: readQuery,
  remote_ip: readRemoteIp,
  client_ip: listOf("client_ip", "client_ip RANGE..."),
  protocol: readProtocol,
};

function listOf(key: ListCondition, form: string): ModuleReader {
  return ({ name, args }, conditions, report) => {
    if (args.length === 0) report.error(name, `${name.text} lacks a value`, { expected: form });
    else if (arePlain(args, report)) conditions.add(key, name, args);
  };
}

/** Caddy fills placeholders in when it matches; here a condition is compiled once. */
function arePlain(values: readonly Token[], report: Report): boolean {
  const filled = values.find(({ text }) => /(?<!\\)\{[\w?][\w.?-]*\}/.test(text));
  if (filled === undefined) return true;
  report.error(filled, "placeholders of a request are not taken in a matcher", { expected: "a fixed value" });
  return false;
}

function readMethod(line: Directive, conditions: Conditions, report: Report): void {
  const small = line.args.find(({ text }) => text !== text.toUpperCase());
  if (small !== undefined) {
    const help = `did you mean ${small.text.toUpperCase()}?`;
    report.error(small, "methods are matched as they are written, and those of requests are in capitals", { help });
    return;
  }
  listOf("method", "method GET...")(line, conditions, report);
}

function readPathRegexp({ name, args }: Directive, conditions: Conditions, report: Report): void {
  const [first, second, third] = args;
  if (first === undefined || third !== undefined) {
    report.error(third ?? name, "path_regexp has a pattern, and a name before it or none", {
      expected: "path_regexp [NAME] PATTERN",
    });
    return;
  }
  const node = matcherRegexp(second === undefined ? undefined : first, second ?? first, report);
  if (node !== undefined) conditions.set("path_regexp", name, node);
}

function readHeaderRegexp({ name, args }: Directive, conditions: Conditions, report: Report): void {
  const [first, second, third, fourth] = args;
  if (first === undefined || second === undefined || fourth !== undefined) {
    report.error(fourth ?? name, "header_regexp has a field and a pattern, and a name before them or none", {
      expected: "header_regexp [NAME] FIELD PATTERN",
    });
    return;
  }
  const [own, field, pattern] = third === undefined ? [undefined, first, second] : [first, second, third];
  const node = matcherRegexp(own, pattern, report);
  if (node !== undefined) conditions.addHeaderRegexp(name, field, node);
}

function readHeader({ name, args }: Directive, conditions: Conditions, report: Report): void {
  const [field, value, extra] = args;
  if (field === undefined || field.text === "!") {
    report.error(field ?? name, "the name of a field is missing", { expected: "header FIELD VALUE, or header !FIELD" });
  } else if (field.text.startsWith("!")) {
    if (value === undefined) conditions.addHeader(name, { ...field, text: field.text.slice(1) }, undefined);
    else report.error(value, "a field that has to be absent has no value", { expected: `header ${field.text}` });
  } else if (value === undefined) {
    const help = `header ${field.text} * is any value`;
    report.error(field, "header lacks the value of the field", { expected: "header FIELD VALUE", help });
  } else if (extra !== undefined) {
    const help = `several values are several lines, header ${field.text} VALUE each`;
    report.error(extra, "header has one value in a line", { help });
  } else if (arePlain([value], report)) {
    if (field.text.toLowerCase() === "connection" && value.text.toLowerCase() === "upgrade")
      warnOfUpgrade(value, report);
    conditions.addHeader(name, field, value);
  }
}

function warnOfUpgrade(value: Token, report: Report): void {
  const message = "this does not match `Connection: keep-alive, Upgrade`, which Firefox sends (nor does it in Caddy)";
  report.warning(value, message, { help: "header Connection *Upgrade* matches both" });
}

function readQuery({ name, args }: Directive, conditions: Conditions, report: Report): void {
  if (args.length === 0) report.error(name, "query lacks a value", { expected: "query NAME=VALUE..." });
  for (const arg of args) {
    const equals = arg.text.indexOf("=");
    if (equals < 0) report.error(arg, "a parameter stands with its value", { expected: "query NAME=VALUE; * is any" });
    else if (arePlain([arg], report)) conditions.addQuery(name, arg.text.slice(0, equals), arg);
  }
}

function readRemoteIp({ name, args }: Directive, conditions: Conditions, report: Report): void {
  const [first, ...rest] = args;
  const isForwarded = first?.text === "forwarded";
  const ranges = isForwarded ? rest : args;
  if (isForwarded) {
    const message =
      "Caddy believes X-Forwarded-For of anyone here; it is read as client_ip, which believes trusted proxies";
    report.warning(first, message, { help: "client_ip RANGE..., with trusted_proxies" });
  }
  if (ranges.length === 0) report.error(name, "remote_ip lacks a range", { expected: "remote_ip 10.0.0.0/8..." });
  else if (arePlain(ranges, report)) conditions.add(isForwarded ? "client_ip" : "remote_ip", name, ranges);
}

function readProtocol({ name, args }: Directive, conditions: Conditions, report: Report): void {
  const [word, extra] = args;
  const expected = "protocol http, or protocol https";
  if (word === undefined || extra !== undefined) {
    report.error(extra ?? name, "protocol has one word", { expected });
  } else if (word.text === "http" || word.text === "https") {
    conditions.set("protocol", name, wordNode(word));
  } else if (/^(?:grpc|http\/[\d.]+\+?)$/.test(word.text)) {
    report.error(word, `protocol ${word.text} is Caddy's, and not taken here`, { expected });
  } else report.unknown(word, "protocol", ["http", "https"]);
}
