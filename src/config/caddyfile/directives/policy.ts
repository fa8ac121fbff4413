import type { DocEntry, DocNode } from "../../document.ts";
import type { Directive } from "../blocks.ts";
import { entry, listNode, mapNode, oneOrMore, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { Token } from "../token.ts";
import { durationNode } from "../values.ts";

const PLAIN = ["random", "round_robin", "least_conn", "first", "ip_hash", "client_ip_hash", "uri_hash"] as const;
const WITH_OPTIONS = ["weighted_round_robin", "random_choose", "header", "query", "cookie"] as const;
const POLICIES: readonly string[] = [...PLAIN, ...WITH_OPTIONS];

/** Caddy's name of the cookie where the line has none. */
const COOKIE = "lb";

/** `lb_policy NAME [OPTION...] [{ fallback NAME }]`: the keys of the route that it comes to. */
export function readPolicy({ name, args, block }: Directive, report: Report): readonly DocEntry[] {
  const [policy, ...options] = args;
  if (policy === undefined) {
    report.error(name, "lb_policy lacks its name", { expected: POLICIES.join(", ") });
    return [];
  }
  if (policy.text === "weighted_round_robin") return readWeighted(name, policy, { options, block }, report);
  const node = policyNode(policy, { options, block }, report);
  return node === undefined ? [] : [entry("lb_policy", name, node)];
}

interface Rest {
  readonly options: readonly Token[];
  readonly block: readonly Directive[] | undefined;
}

function readWeighted(name: Token, policy: Token, { options, block }: Rest, report: Report): readonly DocEntry[] {
  if (block !== undefined) report.error(policy, "weighted_round_robin has no block");
  if (options.length === 0) {
    report.error(policy, "weighted_round_robin lacks its weights", { expected: "weighted_round_robin 3 1" });
    return [];
  }
  const [first] = options as readonly [Token];
  const weights = oneOrMore(
    options.map((each) => wordNode(each)),
    first.span,
  );
  return [entry("lb_policy", name, wordNode(policy)), entry("weights", first, weights)];
}

function policyNode(policy: Token, { options, block }: Rest, report: Report): DocNode | undefined {
  const { text } = policy;
  if (!POLICIES.includes(text)) return report.unknown(policy, "policy", POLICIES);
  const takesBlock = text === "header" || text === "query" || text === "cookie";
  if (block !== undefined && !takesBlock) report.error(policy, `${text} has no block`);
  const most = text === "cookie" ? 2 : WITH_OPTIONS.some((each) => each === text) ? 1 : 0;
  const extra = options[most];
  if (extra !== undefined) {
    return report.error(extra, most === 0 ? `${text} has no option` : `this is one word too many for ${text}`);
  }
  const [option, second] = options;
  const details = takesBlock ? readDetails(block ?? [], text === "cookie", report) : [];
  switch (text) {
    case "random_choose":
      return option === undefined ? wordNode(policy) : keyed(policy, "random_choose", wordNode(option));
    case "header":
    case "query": {
      if (option === undefined) {
        return report.error(policy, `${text} lacks what it looks at`, { expected: `${text} NAME` });
      }
      const key = text === "header" ? "field" : "key";
      const value =
        details.length === 0
          ? textNode(option)
          : mapNode([entry(key, option, textNode(option)), ...details], option.span);
      return keyed(policy, text, value);
    }
    case "cookie": {
      const at = option ?? policy;
      // Without a secret Caddy's is empty, too.
      const secret = second === undefined ? textNode(at, "") : textNode(second);
      const own = [entry("name", at, textNode(at, option?.text ?? COOKIE)), entry("secret", second ?? at, secret)];
      return keyed(policy, "cookie", mapNode([...own, ...details], at.span));
    }
    default:
      return wordNode(policy);
  }
}

function keyed(policy: Token, key: string, value: DocNode): DocNode {
  return mapNode([entry(key, policy, value)], policy.span);
}

/** What stands in the block of a policy. */
function readDetails(lines: readonly Directive[], isCookie: boolean, report: Report): readonly DocEntry[] {
  const known = isCookie ? ["fallback", "max_age"] : ["fallback"];
  return lines.flatMap(({ name, args, block }): readonly DocEntry[] => {
    const [first, ...options] = args;
    if (!known.includes(name.text)) {
      report.unknown(name, "line of a policy", known);
      return [];
    }
    if (first === undefined) {
      report.error(name, `${name.text} lacks a value`);
      return [];
    }
    if (name.text === "max_age") return [entry("max_age", name, durationNode(first, report))];
    if (first.text === "weighted_round_robin") {
      report.error(first, "a fallback has no weights", { expected: "another policy" });
      return [];
    }
    const node = policyNode(first, { options, block }, report);
    return node === undefined ? [] : [entry("fallback", name, node)];
  });
}

/** Several sets of which one has to match: each `lb_retry_match` is one. */
export function retryMatchNode(at: Token, sets: readonly DocNode[]): DocEntry {
  return entry("lb_retry_match", at, sets.length === 1 && sets[0] !== undefined ? sets[0] : listNode(sets, at.span));
}
