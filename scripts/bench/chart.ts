import type { Row } from "./report.ts";
import type { Scenario } from "./scenarios.ts";

export interface Result {
  readonly scenario: Scenario;
  readonly rows: readonly Row[];
}

const WIDTH = 760;
const NAME_WIDTH = 110;
const BAR_HEIGHT = 16;
const GAP = 4;
const HEADING = 30;

/** Bars of the figure that decides in each scenario, for people: longer is better where it says so. */
export function chart(results: readonly Result[]): string {
  let top = 10;
  const parts: string[] = [];
  for (const { scenario, rows } of results) {
    const timed = rows.flatMap(({ contender, cells: [cell] }) =>
      cell !== undefined && Number.isFinite(cell.spread.median) ? [{ contender, cell }] : [],
    );
    const [first] = timed;
    if (first === undefined) continue;
    const { column } = first.cell;
    const better = column.isMoreBetter ? "longer is better" : "shorter is better";
    parts.push(text(10, top + 18, `${scenario.name}: ${scenario.description} (${column.title}, ${better})`, "heading"));
    top += HEADING;
    const most = Math.max(...timed.map(({ cell }) => cell.spread.median));
    for (const { contender, cell } of timed) {
      const length = Math.max(1, ((WIDTH - NAME_WIDTH - 110) * cell.spread.median) / most);
      const value = (cell.spread.median / column.unit).toLocaleString("en", { maximumFractionDigits: column.digits });
      const kind = contender.startsWith("gatekeeper") ? "own" : "other";
      parts.push(
        text(NAME_WIDTH, top + 12, contender, "name"),
        `<rect class="${kind}" x="${NAME_WIDTH + 8}" y="${top}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}"/>`,
        text(NAME_WIDTH + 14 + length, top + 12, value, "value"),
      );
      top += BAR_HEIGHT + GAP;
    }
    top += 10;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="Results of the benchmark">
<style>
text { font: 12px sans-serif; fill: #333 } .heading { font-weight: bold } .name { text-anchor: end }
.own { fill: #2563eb } .other { fill: #94a3b8 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
</style>
${parts.join("\n")}
</svg>
`;
}

function text(x: number, y: number, content: string, kind: string): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${x.toFixed(0)}" y="${y.toFixed(0)}">${escaped}</text>`;
}
