import { placeText, type FilePosition, type Problem } from "../config/problem.ts";

/** How problems are written: with excerpts and colour for a person, or one line each. */
export interface ReportStyle {
  readonly pretty: boolean;
  readonly colour: boolean;
}

/** Nothing that was seen is printed longer than this. */
const MOST_SEEN = 120;
/** A file's line is shown in this many columns around the caret. */
const EXCERPT_COLUMNS = 100;

/** Writes problems out, ending with a newline. Text that came from outside is made printable. */
export function renderProblems(problems: readonly Problem[], style: ReportStyle): string {
  const render = style.pretty ? (each: Problem) => pretty(each, painter(style.colour)) : plain;
  return problems.map((problem) => `${render(problem)}\n`).join("");
}

/** `gatekeeper: error: --bind: port 99999 is over 65535; seen "…"; expected …; did you mean …?` */
function plain(problem: Problem): string {
  const { severity, place, message, seen, expected, help } = problem;
  const parts = [`gatekeeper: ${severity}: ${printable(placeText(place))}: ${printable(message)}`];
  if (seen !== undefined) parts.push(`seen ${quoted(seen)}`);
  if (expected !== undefined) parts.push(`expected ${expected}`);
  if (help !== undefined) parts.push(printable(help));
  return parts.join("; ");
}

type Colour = "red" | "yellow" | "blue" | "bold";
type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, blue: 34, bold: 1 };

function painter(colour: boolean): Paint {
  return colour ? (name, text) => `\u001b[${CODES[name]}m${text}\u001b[0m` : (_, text) => text;
}

function pretty(problem: Problem, paint: Paint): string {
  const { severity, place, message, seen, expected, help } = problem;
  const at = place.type === "file" ? place.at : undefined;
  const gutter = " ".repeat(String(at?.line ?? "").length + 1);
  const bar = paint("blue", `${gutter}|`);
  const tint = severity === "error" ? "red" : "yellow";
  const lines = [
    `${paint(tint, severity)}${paint("bold", `: ${printable(message)}`)}`,
    `${gutter}${paint("blue", "-->")} ${printable(placeText(place))}`,
  ];
  if (at !== undefined) lines.push(...excerpt(at, bar, tint, paint));
  // The excerpt shows it already.
  if (seen !== undefined && at === undefined) lines.push(`${bar} seen:     ${printable(shortened(seen))}`);
  if (expected !== undefined) lines.push(`${bar} expected: ${expected}`);
  if (help !== undefined) lines.push(`${bar} help:     ${printable(help)}`);
  return `${lines.join("\n")}\n`;
}

function excerpt(at: FilePosition, bar: string, tint: Colour, paint: Paint): readonly string[] {
  // Long lines are shown around the spot; tabs become one column, so that the caret stands right.
  const from = at.column > EXCERPT_COLUMNS ? at.column - EXCERPT_COLUMNS / 2 : 0;
  const text = at.excerpt.slice(from, from + EXCERPT_COLUMNS).replaceAll("\t", " ");
  const marks = "^".repeat(Math.max(1, Math.min(at.length, EXCERPT_COLUMNS - (at.column - 1 - from))));
  const number = paint("blue", `${at.line} |`);
  const caret = `${bar} ${" ".repeat(at.column - 1 - from)}${paint(tint, marks)}`;
  return [bar, `${number} ${oneColumn(text)}`.trimEnd(), caret];
}

/** How many there are, and that nothing came of it. */
export function summary(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const count = errors === 1 ? "1 error" : `${errors} errors`;
  return `gatekeeper: ${count}, nothing was started; gatekeeper --help shows every flag\n`;
}

function shortened(text: string): string {
  return text.length > MOST_SEEN ? `${text.slice(0, MOST_SEEN)}…` : text;
}

function quoted(text: string): string {
  return text === '""' ? text : `"${printable(shortened(text))}"`;
}

// Control characters would write into the terminal.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A text without what would act on a terminal: `\u001b` in letters stands for each. */
export function printable(text: string): string {
  return text.replace(CONTROL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function oneColumn(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}
