/** A Caddyfile, and beside it what it means or why it is refused. */
export interface CaddyfileCase {
  readonly caddyfile: string;
  /** Files that it imports, by their path. */
  readonly files: ReadonlyMap<string, string>;
  /** The environment: `NAME=value` lines. */
  readonly env: ReadonlyMap<string, string>;
  /** The YAML that it means; undefined where it is refused. */
  readonly yaml: string | undefined;
  /** The problems, one in a line. */
  readonly said: string;
}

const SECTION = /^=== (Caddyfile|file \S+|environment|yaml|said)$/m;

/** Reads `=== name` sections. */
export function parseCase(text: string): CaddyfileCase {
  const parts = text.split(SECTION);
  const sections = new Map<string, string>();
  for (let i = 1; i < parts.length; i += 2) sections.set(parts[i] ?? "", (parts[i + 1] ?? "").replace(/^\n/, ""));
  const files = new Map<string, string>();
  for (const [name, content] of sections) if (name.startsWith("file ")) files.set(name.slice(5), content);
  const env = new Map<string, string>();
  for (const line of (sections.get("environment") ?? "").split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) env.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const caddyfile = sections.get("Caddyfile") ?? "";
  return { caddyfile, files, env, yaml: sections.get("yaml"), said: sections.get("said") ?? "" };
}

/** What `parseCase` reads. */
export function renderCase({ caddyfile, files, env, yaml, said }: CaddyfileCase): string {
  const sections = [`=== Caddyfile\n${caddyfile}`];
  for (const [name, text] of files) sections.push(`=== file ${name}\n${text}`);
  if (env.size > 0) sections.push(`=== environment\n${[...env].map(([name, value]) => `${name}=${value}\n`).join("")}`);
  if (yaml !== undefined) sections.push(`=== yaml\n${yaml}`);
  if (said !== "") sections.push(`=== said\n${said}`);
  return sections.join("");
}
