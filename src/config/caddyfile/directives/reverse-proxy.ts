import type { DocEntry, DocNode } from "../../document.ts";
import { argumentOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { FieldEdits } from "../field-edits.ts";
import { isMatcherName, readMatcher } from "../matchers.ts";
import { entry, mapNode, oneOrMore, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { DirectiveReader, Scope } from "../scope.ts";
import type { Token } from "../token.ts";
import { durationMs, durationNode } from "../values.ts";
import { CARE_LINES, readCare } from "./care.ts";
import { RESPONSE_LINES, ResponseLines } from "./handle-response.ts";
import { readDynamic } from "./dynamic.ts";
import { readPolicy, retryMatchNode } from "./policy.ts";
import { readTransport } from "./transport.ts";
import { upstreamsOf } from "./upstreams.ts";

const LATER = "it comes with a later version";

const LINES: readonly string[] = [
  "to",
  "lb_policy",
  "header_up",
  "header_down",
  "method",
  "rewrite",
  "trusted_proxies",
  "flush_interval",
  "stream_close_delay",
  "transport",
  "lb_retry_match",
  "dynamic",
  ...CARE_LINES,
  ...RESPONSE_LINES,
];

/** Those of them that may open a block. */
const WITH_BLOCK: ReadonlySet<string> = new Set([
  "transport",
  "lb_policy",
  "lb_retry_match",
  "dynamic",
  "health_headers",
  "handle_response",
]);

/** Lines of Caddy's that are not taken. */
const REFUSED = new Set(
  (
    "health_path health_upstream health_request_body copy_response copy_response_headers " +
    "request_buffers response_buffers buffer_requests buffer_responses max_buffer_size " +
    "stream_timeout stream_buffer_size stream_logs verbose_logs"
  ).split(" "),
);

const REFUSED_FOR: ReadonlyMap<string, string> = new Map([["health_path", "health_uri does the same"]]);

/** `reverse_proxy`. */
export const readReverseProxy: DirectiveReader = (line, scope) => {
  const reading = new ProxyReading(line, scope);
  for (const inner of line.block ?? []) reading.take(inner);
  return reading.entries();
};

class ProxyReading {
  readonly #at: Token;
  readonly #report: Report;
  readonly #targets: Token[];
  readonly #up: FieldEdits;
  readonly #down: FieldEdits;
  #upAt: Token | undefined;
  #downAt: Token | undefined;
  readonly #responses: ResponseLines;
  /** What `dynamic` comes to. */
  #lookedUp: readonly DocEntry[] = [];
  readonly #retryMatches: DocNode[] = [];
  readonly #entries = new Map<string, DocEntry>();

  constructor({ name, args }: Directive, scope: Scope) {
    const { report } = scope;
    this.#at = name;
    this.#report = report;
    this.#responses = new ResponseLines(scope);
    this.#targets = [...args];
    this.#up = new FieldEdits("request", report);
    this.#down = new FieldEdits("answer", report);
  }

  take(line: Directive): void {
    const { name, args, block } = line;
    if (isMatcherName(name)) {
      this.#responses.take(line);
      return;
    }
    if (block !== undefined && !WITH_BLOCK.has(name.text) && LINES.includes(name.text)) {
      this.#report.error(name, `${name.text} has no block here`);
      return;
    }
    switch (name.text) {
      case "to":
        if (args.length === 0) this.#report.error(name, "to lacks an upstream", { expected: "to UPSTREAM..." });
        this.#targets.push(...args);
        break;
      case "lb_policy":
        for (const each of readPolicy(line, this.#report)) this.#entries.set(each.key, each);
        break;
      case "header_up":
        this.#takeHeaderUp(line);
        break;
      case "header_down":
        if (!this.#isEdit(line)) break;
        this.#downAt ??= name;
        this.#down.take(args);
        break;
      case "method":
        this.#takeText("upstream_method", line, "method METHOD");
        break;
      case "rewrite":
        this.#takeText("upstream_rewrite", line, "rewrite TO");
        break;
      case "trusted_proxies":
        if (args.length === 0)
          this.#report.error(name, "trusted_proxies lacks a range", { expected: "private_ranges" });
        else
          this.#put(
            "trusted_proxies",
            name,
            oneOrMore(
              args.map((range) => wordNode(range)),
              name.span,
            ),
          );
        break;
      case "flush_interval":
        this.#takeFlush(line);
        break;
      case "stream_close_delay": {
        const delay = argumentOf(line, "stream_close_delay TIME", this.#report);
        if (delay !== undefined) this.#put("stream_close_delay", name, durationNode(delay, this.#report));
        break;
      }
      case "transport":
        for (const each of readTransport(line, this.#report)) this.#entries.set(each.key, each);
        break;
      case "handle_response":
      case "replace_status":
        this.#responses.take(line);
        break;
      case "dynamic":
        this.#lookedUp = readDynamic(line, this.#report);
        break;
      case "lb_retry_match":
        this.#takeRetryMatch(line);
        break;
      default:
        if (!CARE_LINES.includes(name.text)) return this.#refuse(name);
        for (const each of readCare(line, this.#report)) this.#entries.set(each.key, each);
    }
  }

  /** The keys of the route. */
  entries(): readonly DocEntry[] | undefined {
    const [first] = this.#targets;
    if (first === undefined && this.#lookedUp.length === 0) {
      const expected = "reverse_proxy [MATCHER] UPSTREAM...";
      return this.#report.error(this.#at, "reverse_proxy lacks an upstream", { expected });
    }
    // Caddy takes the list only while nothing is found.
    if (first !== undefined && this.#lookedUp.length > 0) {
      this.#report.error(first, "an upstream stands beside dynamic", { expected: "one of the two" });
    }
    const { nodes, isSeveral: areSeveral } = upstreamsOf(this.#targets, this.#report);
    const isSeveral = areSeveral || this.#lookedUp.length > 0;
    const result =
      first === undefined ? [...this.#lookedUp] : [entry("upstreams", this.#at, oneOrMore(nodes, first.span))];
    // Caddy's default; with a single upstream there is nothing to choose.
    if (isSeveral && !this.#entries.has("lb_policy")) {
      result.push(entry("lb_policy", this.#at, wordNode(this.#at, "random")));
    }
    for (const key of ["lb_policy", "host"]) {
      const given = this.#entries.get(key);
      if (given !== undefined) result.push(given);
    }
    result.push(...edits("header_up", this.#upAt, this.#up), ...edits("header_down", this.#downAt, this.#down));
    const responses = this.#responses.entry();
    const others = [...this.#entries.values()].filter((each) => !result.includes(each));
    return [...result, ...others, ...(responses === undefined ? [] : [responses])];
  }

  #put(key: string, at: Token, value: DocEntry["value"]): void {
    this.#entries.set(key, entry(key, at, value));
  }

  #takeText(key: string, line: Directive, form: string): void {
    const word = argumentOf(line, form, this.#report);
    if (word !== undefined) this.#put(key, line.name, textNode(word));
  }

  /** Each is a set of its own, of which one has to match. */
  #takeRetryMatch(line: Directive): void {
    const matcher = readMatcher(line, this.#report);
    if (matcher === undefined) return;
    this.#retryMatches.push(matcher.node);
    this.#entries.set("lb_retry_match", retryMatchNode(line.name, this.#retryMatches));
  }

  #isEdit({ name, args }: Directive): boolean {
    if (args.length > 0) return true;
    this.#report.error(name, `${name.text} lacks a field`, {
      expected: `${name.text} [+|-]FIELD [VALUE|FIND REPLACE]`,
    });
    return false;
  }

  #takeHeaderUp(line: Directive): void {
    const [field, value, replacement] = line.args;
    if (!this.#isEdit(line)) return;
    if (/^host:?$/i.test(field?.text ?? "") && value !== undefined && replacement === undefined) {
      this.#put("host", line.name, textNode(value));
      return;
    }
    this.#upAt ??= line.name;
    this.#up.take(line.args);
  }

  /** Nothing is held back here, whatever it says: the value is only checked. */
  #takeFlush(line: Directive): void {
    const interval = argumentOf(line, "flush_interval -1, or flush_interval TIME", this.#report);
    if (interval === undefined || /^-?\d+$/.test(interval.text) || durationMs(interval.text) !== undefined) return;
    this.#report.error(interval, "this is not a time", { expected: "-1, or a time with its unit, such as 100ms" });
  }

  #refuse(name: Token): void {
    if (!REFUSED.has(name.text)) {
      this.#report.unknown(name, "line of reverse_proxy", LINES);
      return;
    }
    const help = REFUSED_FOR.get(name.text);
    this.#report.error(name, `${name.text} is Caddy's: ${LATER}`, help === undefined ? {} : { help });
  }
}

function edits(key: string, at: Token | undefined, fields: FieldEdits): readonly DocEntry[] {
  const entries = fields.entries();
  return at === undefined || entries.length === 0 ? [] : [entry(key, at, mapNode(entries, at.span))];
}
