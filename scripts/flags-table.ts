/** The README's table of flags, made from the table the command line itself is made from. */
import { join } from "node:path";
import { GROUPS } from "../src/config/settings/setting.ts";
import { FLAGS, type Flag } from "../src/cli/flags.ts";
import { ROOT } from "./compile.ts";

const BEGIN = "<!-- flags: written by scripts/flags-table.ts -->";
const END = "<!-- /flags -->";

function row(flag: Flag): string {
  const value = flag.valueName === "" ? "" : ` ${flag.valueName}`;
  const short = flag.short === undefined ? "" : `\`-${flag.short}\`, `;
  const older = flag.older.map((name) => `\`--${name}\``).join(", ");
  const standard = flag.default === undefined ? "" : `\`${flag.default}\``;
  const cells = [`${short}\`--${flag.name}${value}\``, older, standard, flag.doc];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("*", "\\*")).join(" | ")} |`;
}

/** The table as Markdown, without padding. */
export function flagsTable(): string {
  const head = ["| flag | older spelling | default | meaning |", "| --- | --- | --- | --- |"];
  const rows = GROUPS.flatMap((group) => FLAGS.filter((flag) => flag.group === group).map(row));
  return [...head, ...rows].join("\n");
}

/** A README in three parts: up to the mark, the table, and from the other mark on. */
function partsOf(readme: string): readonly [string, string, string] | undefined {
  const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
  return from < BEGIN.length || to < from
    ? undefined
    : [readme.slice(0, from), readme.slice(from, to), readme.slice(to)];
}

/** What stands between the marks of a README; undefined where there are none. */
export function tableIn(readme: string): string | undefined {
  return partsOf(readme)?.[1].trim();
}

/** The same table whatever its padding. */
export function unpadded(table: string): string {
  return table
    .replace(/ *\| */g, "|")
    .replace(/-{3,}/g, "---")
    .trim();
}

if (import.meta.main) {
  const file = join(ROOT, "README.md");
  const parts = partsOf(await Bun.file(file).text());
  if (parts === undefined) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  await Bun.write(file, `${parts[0]}\n\n${flagsTable()}\n\n${parts[2]}`);
  await Bun.$`${process.execPath} fmt ${file}`;
}
