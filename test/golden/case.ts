/** One golden case: what is typed and what is in the file, and beside it what is said about it. */
export interface GoldenCase {
  /** `$TLS` is test/golden/tls, `$DIR` the folder of the file, `$CONF` the file. */
  readonly args: readonly string[];
  /** conf.yaml, which `-c` reads where the args do not name it themselves. */
  readonly conf: string | undefined;
  /** The value of GATEKEEPER_LOG. */
  readonly log: string | undefined;
  readonly result: "refused" | "starts";
  readonly plain: string;
  readonly pretty: string;
}

const SECTION = /^=== (args|conf\.yaml|GATEKEEPER_LOG|refused|starts|on a terminal)$/m;

/** Reads `=== name` sections. An argument that is empty or has spaces in it stands in double quotes. */
export function parseCase(text: string): GoldenCase {
  const parts = text.split(SECTION);
  const sections = new Map<string, string>();
  for (let i = 1; i < parts.length; i += 2) sections.set(parts[i] ?? "", (parts[i + 1] ?? "").replace(/^\n/, ""));
  const args = (sections.get("args") ?? "").match(/"[^"]*"|\S+/g) ?? [];
  return {
    args: args.map((word) => word.replace(/^"|"$/g, "")),
    conf: sections.get("conf.yaml"),
    log: sections.get("GATEKEEPER_LOG")?.trim(),
    result: sections.has("starts") ? "starts" : "refused",
    plain: sections.get("refused") ?? sections.get("starts") ?? "",
    pretty: sections.get("on a terminal") ?? "",
  };
}

/** What `parseCase` reads. */
export function renderCase({ args, conf, log, result, plain, pretty }: GoldenCase): string {
  const line = args.map((word) => (word === "" || word.includes(" ") ? `"${word}"` : word)).join(" ");
  const sections = [`=== args\n${line}${line === "" ? "" : "\n"}`];
  if (log !== undefined) sections.push(`=== GATEKEEPER_LOG\n${log}\n`);
  if (conf !== undefined) sections.push(`=== conf.yaml\n${conf}`);
  sections.push(`=== ${result}\n${plain}`, `=== on a terminal\n${pretty}`);
  return sections.join("");
}
