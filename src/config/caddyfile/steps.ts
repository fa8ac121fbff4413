import { nearest } from "../../core/nearest.ts";
import type { DocMap } from "../document.ts";
import { arrange, inWrittenOrder, type Step } from "./arrange.ts";
import type { Directive } from "./blocks.ts";
import { sortingName, SITE_DIRECTIVES } from "./directive-order.ts";
import { DIRECTIVES } from "./directive-table.ts";
import { readHandlePath } from "./directives/blocks.ts";
import { joinErrors } from "./directives/handle-errors.ts";
import { isMatcherName, pathMatcher, readMatchers, type Matcher, type Matchers } from "./matchers.ts";
import { REFUSED_DIRECTIVES } from "./refused-directives.ts";
import type { Report } from "./report.ts";
import { routesOf } from "./route-nodes.ts";
import type { Scope } from "./scope.ts";
import type { Token } from "./token.ts";

/** Reads the lines of a block, which are directives and the matchers that they name, into routes. */
export function readRoutes(
  lines: readonly Directive[],
  outer: Pick<Scope, "report" | "order" | "matchers">,
  how: "sorted" | "as written" = "sorted",
): readonly DocMap[] {
  const { report, order } = outer;
  const matchers = readMatchers(lines, outer.matchers, report);
  const scope: Scope = {
    report,
    order,
    matchers,
    nested: (block, way) => readRoutes(block, { ...outer, matchers }, way),
  };
  const steps = joinErrors(lines.flatMap((line) => (isMatcherName(line.name) ? [] : readStep(line, scope))));
  return routesOf(how === "sorted" ? arrange(steps, order) : inWrittenOrder(steps));
}

/** The names that a directive may have here. */
function knownNames(): readonly string[] {
  return [...Object.keys(DIRECTIVES), "handle_path", ...SITE_DIRECTIVES, "import"];
}

function readStep(line: Directive, scope: Scope): readonly Step[] {
  const { name } = line;
  const read = DIRECTIVES[name.text];
  if (name.text === "handle_path") return readPathStep(line, scope);
  if (read === undefined || !Object.hasOwn(DIRECTIVES, name.text)) {
    refuse(name, scope.report);
    return [];
  }
  const taken = takeMatcher(line, scope);
  const action = read(taken.line, scope);
  if (action === undefined || action.length === 0 || taken.isBroken) return [];
  return [{ directive: sortingName(name.text), matcher: taken.matcher, action, span: name.span }];
}

function readPathStep(line: Directive, scope: Scope): readonly Step[] {
  const [path] = line.args;
  const expected = "handle_path /prefix/* { ... }";
  if (path === undefined || !path.text.startsWith("/")) {
    scope.report.error(path ?? line.name, "handle_path has a path, which begins with /", { expected });
    return [];
  }
  const action = readHandlePath(line, path, scope);
  if (action === undefined) return [];
  return [{ directive: sortingName("handle_path"), matcher: pathMatcher(path), action, span: line.name.span }];
}

interface Taken {
  readonly line: Directive;
  readonly matcher: Matcher | undefined;
  /** Its matcher is not there, or could not be read. */
  readonly isBroken: boolean;
}

/** Takes off what may stand first behind a directive: `*`, a path, or the name of a matcher. */
function takeMatcher(line: Directive, { matchers, report }: Scope): Taken {
  const [first, ...args] = line.args;
  const none: Taken = { line, matcher: undefined, isBroken: false };
  // It has statuses in this place.
  if (first === undefined || line.name.text === "handle_errors") return none;
  const rest = { ...line, args };
  if (first.text === "*") return { line: rest, matcher: undefined, isBroken: false };
  if (first.text.startsWith("/")) {
    // Alone it can only be where to rewrite to (Caddy since 2.8; before, it was an error).
    if (line.name.text === "rewrite" && args.length === 0) return none;
    if (line.name.text === "redir" && args.length === 0) {
      report.error(first, "this is read as a matcher, and then redir lacks where to (as in Caddy)", {
        help: `did you mean redir * ${first.text}?`,
      });
      return { line: { ...line, args: [first] }, matcher: undefined, isBroken: true };
    }
    return { line: rest, matcher: pathMatcher(first), isBroken: false };
  }
  if (!isMatcherName(first)) return none;
  reportUndefined(first, matchers, report);
  const matcher = matchers.get(first.text);
  return { line: rest, matcher, isBroken: matcher === undefined };
}

function reportUndefined(name: Token, matchers: Matchers, report: Report): void {
  if (matchers.has(name.text)) return;
  const near = nearest(name.text, [...matchers.keys()]);
  const expected = `${name.text} and its condition in a line of this block, or of one around it`;
  report.error(
    name,
    "there is no matcher of this name",
    near === undefined ? { expected } : { help: `did you mean ${near}?` },
  );
}

function refuse(name: Token, report: Report): void {
  if (SITE_DIRECTIVES.includes(name.text)) {
    report.error(name, `${name.text} stands in the site itself, not in a block of it`);
    return;
  }
  const help = REFUSED_DIRECTIVES.get(name.text);
  if (help !== undefined) {
    report.error(name, `the directive ${name.text} is Caddy's, and not taken here`, { help });
    return;
  }
  const near = nearest(name.text, knownNames());
  const isAddress = /[.:/]/.test(name.text);
  const advice = isAddress
    ? "several sites have braces each"
    : near === undefined
      ? undefined
      : `did you mean ${near}?`;
  report.error(name, "this directive is not known", advice === undefined ? {} : { help: advice });
}
