/** A place in a plot, in pixels; undefined is a gap. */
export type Spot = readonly [x: number, y: number] | undefined;

/** A line through the spots, broken at gaps. One alone is a dot, by the round ends of the line. */
export function linePath(spots: readonly Spot[]): string {
  let path = "";
  for (const run of runsOf(spots)) {
    path += run.map(([x, y], i) => `${i === 0 ? "M" : "L"}${at(x)} ${at(y)}`).join("");
    if (run.length === 1) path += "h0";
  }
  return path;
}

/** What lies between the line and the ground. */
export function areaPath(spots: readonly Spot[], ground: number): string {
  let path = "";
  for (const run of runsOf(spots)) {
    const [first] = run;
    const last = run.at(-1);
    if (first === undefined || last === undefined || run.length === 1) continue;
    path += `M${at(first[0])} ${at(ground)}${run.map(([x, y]) => `L${at(x)} ${at(y)}`).join("")}L${at(last[0])} ${at(ground)}Z`;
  }
  return path;
}

/** A bar on the ground for each spot that is above it. */
export function barsPath(spots: readonly Spot[], ground: number, width: number): string {
  let path = "";
  for (const spot of spots) {
    if (spot === undefined || spot[1] >= ground) continue;
    path += `M${at(spot[0] - width / 2)} ${at(ground)}V${at(spot[1])}h${at(width)}V${at(ground)}Z`;
  }
  return path;
}

function runsOf(spots: readonly Spot[]): readonly (readonly (readonly [number, number])[])[] {
  const runs: (readonly [number, number])[][] = [];
  let run: (readonly [number, number])[] | undefined;
  for (const spot of spots) {
    if (spot === undefined) {
      run = undefined;
      continue;
    }
    if (run === undefined) runs.push((run = []));
    run.push(spot);
  }
  return runs;
}

/** A tenth of a pixel is more than a screen shows. */
function at(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}
