import { Cursor } from "./cursor.ts";
import { byId } from "./dom.ts";
import { milliseconds, minute, percent, rate } from "./format.ts";
import { plotSentence, type PlotValue } from "./sentences.ts";
import { Plot } from "./plot.ts";
import { linearScale, logScale } from "./scale.ts";
import { numberColumn, Table, textColumn } from "./table.ts";
import { POINT_MS, type Point } from "./ticks.ts";

const POINTS_OF_MINUTE = 60_000 / POINT_MS;

type Points = readonly (Point | undefined)[];

/** A minute of the table that says what the plots show. */
interface Minute {
  readonly at: number;
  readonly points: readonly Point[];
}

/** The plots of the last fifteen minutes, read at one cursor, and the same as a table. */
export class Plots {
  readonly #plots: readonly Plot[];
  readonly #details = byId("minutes") as HTMLDetailsElement;
  readonly #minutes: Table<Minute>;
  #points: Points = [];

  constructor() {
    const cursor = new Cursor();
    this.#plots = [
      new Plot(byId("plot-requests"), {
        title: "Requests",
        cursor,
        series: [{ look: "requests", form: "area", value: (point) => point.requestsPerSecond }],
        figures: [{ name: "per second", text: (point) => rate(point?.requestsPerSecond ?? null) }],
        scale: (values) => linearScale(values, 1),
        axisText: (value) => `${rate(value)}/s`,
        sentence: (points) =>
          plotSentence(
            valuesOf(points, (point) => point.requestsPerSecond),
            (value) => `${rate(value)}/s`,
          ),
      }),
      new Plot(byId("plot-latency"), {
        title: "Latency",
        cursor,
        series: [
          { look: "p50", form: "line", value: (point) => point.p50Ms },
          { look: "p90", form: "line", value: (point) => point.p90Ms },
          { look: "p99", form: "line", value: (point) => point.p99Ms },
        ],
        figures: [
          { name: "p50", look: "p50", text: (point) => milliseconds(point?.p50Ms ?? null) },
          { name: "p90", look: "p90", text: (point) => milliseconds(point?.p90Ms ?? null) },
          { name: "p99", look: "p99", text: (point) => milliseconds(point?.p99Ms ?? null) },
        ],
        scale: (values) => logScale(values, 1),
        axisText: milliseconds,
        sentence: (points) =>
          `p99: ${plotSentence(
            valuesOf(points, (point) => point.p99Ms),
            milliseconds,
          )}`,
      }),
      new Plot(byId("plot-errors"), {
        title: "Errors",
        cursor,
        series: [{ look: "errors", form: "bars", value: (point) => point.errorsPerSecond }],
        figures: [
          { name: "per second", text: (point) => rate(point?.errorsPerSecond ?? null) },
          { name: "of requests", text: (point) => percent(point?.errors ?? 0, point?.requests ?? 0) },
        ],
        scale: (values) => linearScale(values, 1),
        axisText: (value) => `${rate(value)}/s`,
        sentence: (points) =>
          plotSentence(
            valuesOf(points, (point) => point.errorsPerSecond),
            (value) => `${rate(value)}/s`,
          ),
      }),
    ];
    this.#minutes = new Table<Minute>(byId("minutes-table"), {
      caption: "Each minute, the latest first. Latency: what half, nine tenths and 99 of 100 requests took at most.",
      empty: "Nothing is known of the last 15 minutes.",
      most: 15,
      key: ({ at }) => String(at),
      columns: [
        textColumn("Until", ({ at }) => minute(at)),
        numberColumn("Requests/s", ({ points }) => rate(mean(points.map((point) => point.requestsPerSecond)))),
        numberColumn("Errors/s", ({ points }) => rate(mean(points.map((point) => point.errorsPerSecond)))),
        numberColumn("p50", ({ points }) => milliseconds(mean(points.map((point) => point.p50Ms)))),
        numberColumn("p90", ({ points }) => milliseconds(mean(points.map((point) => point.p90Ms)))),
        numberColumn("p99", ({ points }) => milliseconds(mean(points.map((point) => point.p99Ms)))),
      ],
    });
    this.#details.addEventListener("toggle", () => this.#showMinutes());
  }

  show(points: Points, recent: Point | undefined): void {
    this.#points = points;
    for (const plot of this.#plots) plot.show(points, recent);
    this.#showMinutes();
  }

  #showMinutes(): void {
    if (this.#details.open) this.#minutes.show(minutesOf(this.#points));
  }
}

/** By the clock, so that a minute that is over does not change. */
function minutesOf(points: Points): readonly Minute[] {
  const minutes = new Map<number, Point[]>();
  for (const point of points) {
    if (point === undefined) continue;
    const at = Math.ceil(point.at / (POINT_MS * POINTS_OF_MINUTE)) * POINT_MS * POINTS_OF_MINUTE;
    const known = minutes.get(at);
    if (known === undefined) minutes.set(at, [point]);
    else known.push(point);
  }
  return [...minutes].map(([at, own]) => ({ at, points: own })).reverse();
}

function valuesOf(points: Points, value: (point: Point) => number | null): readonly PlotValue[] {
  return points.flatMap((point) => (point === undefined ? [] : [{ at: point.at, value: value(point) }]));
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
}
