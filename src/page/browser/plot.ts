import type { Cursor } from "./cursor.ts";
import { make, makeSvg, setAttribute, setChildren, setText } from "./dom.ts";
import { clock } from "./format.ts";
import { areaPath, barsPath, linePath, type Spot } from "./path.ts";
import type { Scale } from "./scale.ts";
import { POINT_MS, POINTS, type Point } from "./ticks.ts";

export interface Series {
  /** Its class, which gives it its colour and its stroke. */
  readonly look: string;
  readonly form: "line" | "area" | "bars";
  readonly value: (point: Point) => number | null;
}

/** A figure of the read-out. */
export interface Figure {
  readonly name: string;
  /** The look of the series it belongs to. */
  readonly look?: string;
  readonly text: (point: Point | undefined) => string;
}

export interface PlotOptions {
  readonly title: string;
  readonly series: readonly Series[];
  readonly figures: readonly Figure[];
  readonly scale: (values: readonly number[]) => Scale;
  /** A value at the axis, with its unit. */
  readonly axisText: (value: number) => string;
  readonly sentence: (points: readonly (Point | undefined)[]) => string;
  readonly cursor: Cursor;
}

/** Pixels about what is drawn. */
const LEFT = 46;
const RIGHT = 6;
const TOP = 10;
const BOTTOM = 20;
/** Where the axis of time is written at, in points before now. */
const TIMES = [
  { before: POINTS - 1, text: "−15 min", anchor: "start" },
  { before: (POINTS * 2) / 3, text: "−10", anchor: "middle" },
  { before: POINTS / 3, text: "−5", anchor: "middle" },
  { before: 0, text: "now", anchor: "end" },
] as const;

/** One plot with its title, its read-out, and what it shows as a sentence. */
export class Plot {
  readonly #options: PlotOptions;
  readonly #svg = makeSvg("svg", { attributes: { role: "img" } });
  readonly #axis = makeSvg("g", { class: "axis" });
  readonly #rule = makeSvg("path", { class: "rule" });
  readonly #range = make("input", { attributes: { type: "range", min: "0", max: String(POINTS - 1), step: "1" } });
  readonly #when = make("span", { class: "when" });
  readonly #texts: readonly HTMLElement[];
  readonly #paths: readonly (readonly [Series, SVGPathElement, SVGPathElement | undefined])[];
  readonly #sentence: HTMLElement;
  #width = 0;
  #height = 0;
  #points: readonly (Point | undefined)[] = [];
  #recent: Point | undefined;

  constructor(place: HTMLElement, options: PlotOptions) {
    this.#options = options;
    this.#texts = options.figures.map(() => make("b"));
    this.#paths = options.series.map((series) => [
      series,
      makeSvg("path", { class: `series ${series.form} ${series.look}` }),
      series.form === "area" ? makeSvg("path", { class: `series ground ${series.look}` }) : undefined,
    ]);
    const id = place.id;
    const title = make("h3", { text: options.title, attributes: { id: `${id}-title` } });
    this.#sentence = make("p", { class: "sentence", attributes: { id: `${id}-sentence` } });
    this.#svg.setAttribute("aria-labelledby", `${title.id} ${this.#sentence.id}`);
    this.#svg.append(this.#axis, ...this.#paths.flatMap(([, line, ground]) => (ground ? [ground, line] : [line])));
    this.#svg.append(this.#rule);
    this.#range.setAttribute("aria-label", `${options.title}: read at a time`);
    this.#range.setAttribute("aria-valuetext", "now");
    this.#range.value = this.#range.max;
    const drawing = make("div", { class: "drawing", children: [this.#svg, this.#range] });
    const heading = make("figcaption", { children: [title, this.#when, this.#readOut()] });
    place.append(heading, drawing, this.#sentence);
    this.#listen(drawing);
  }

  show(points: readonly (Point | undefined)[], recent: Point | undefined): void {
    this.#points = points;
    this.#recent = recent;
    this.#draw();
  }

  #readOut(): HTMLElement {
    const terms = this.#options.figures.map(({ name, look }, i) => {
      const key = look === undefined ? [] : [make("i", { class: `key ${look}` })];
      const term = make("dt", { text: name, children: [] });
      term.prepend(...key);
      const value = make("dd");
      const figure = this.#texts[i];
      if (figure !== undefined) value.append(figure);
      return make("div", { children: [term, value] });
    });
    return make("dl", { class: "read-out", children: terms });
  }

  #listen(drawing: HTMLElement): void {
    const { cursor } = this.#options;
    new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      this.#width = entry.contentRect.width;
      this.#height = entry.contentRect.height;
      this.#draw();
    }).observe(drawing);
    cursor.onMove(() => {
      this.#read();
      this.#say();
    });
    drawing.addEventListener("pointermove", ({ clientX, pointerType }) => {
      if (pointerType !== "touch") cursor.move(this.#pointAt(clientX - drawing.getBoundingClientRect().left));
    });
    drawing.addEventListener("pointerleave", () => {
      if (document.activeElement !== this.#range) cursor.move(undefined);
    });
    this.#range.addEventListener("input", () => cursor.move(Number(this.#range.value)));
    this.#range.addEventListener("focus", () => {
      if (this.#range.matches(":focus-visible")) cursor.move(Number(this.#range.value));
    });
    this.#range.addEventListener("blur", () => cursor.move(undefined));
  }

  #pointAt(pixels: number): number {
    const part = (pixels - LEFT) / Math.max(1, this.#width - LEFT - RIGHT);
    return Math.min(POINTS - 1, Math.max(0, Math.round(part * (POINTS - 1))));
  }

  #x(point: number): number {
    return LEFT + (point / (POINTS - 1)) * (this.#width - LEFT - RIGHT);
  }

  #draw(): void {
    const { series, scale: scaleOf, sentence } = this.#options;
    setText(this.#sentence, sentence(this.#points));
    this.#read();
    if (this.#width === 0) return;
    setAttribute(this.#svg, "viewBox", `0 0 ${this.#width} ${this.#height}`);
    const known = this.#points.filter((point) => point !== undefined);
    const values = series.flatMap(({ value }) => known.map(value).filter((each) => each !== null));
    const scale = scaleOf(values);
    const ground = this.#height - BOTTOM;
    const y = (value: number): number => ground - scale.height(value) * (ground - TOP);
    this.#drawAxis(scale, y);
    const width = Math.max(1, (this.#width - LEFT - RIGHT) / POINTS);
    for (const [{ value, form }, line, area] of this.#paths) {
      const spots = this.#points.map((point, i): Spot => {
        const found = point === undefined ? null : value(point);
        return found === null ? undefined : [this.#x(i), y(found)];
      });
      setAttribute(line, "d", form === "bars" ? barsPath(spots, ground, width) : linePath(spots));
      if (area !== undefined) setAttribute(area, "d", areaPath(spots, ground));
    }
  }

  #drawAxis({ lines }: Scale, y: (value: number) => number): void {
    const marks = [
      ...lines.map((value) => ({ x: LEFT - 6, y: y(value) + 4, text: this.#options.axisText(value), anchor: "end" })),
      ...TIMES.map(({ before, text, anchor }) => ({
        x: this.#x(POINTS - 1 - before),
        y: this.#height - 4,
        text,
        anchor,
      })),
    ];
    // On half a pixel, one pixel wide is one pixel.
    const rules = lines.map((value) => `M${LEFT} ${Math.round(y(value)) + 0.5}H${this.#width - RIGHT}`).join("");
    const old = [...this.#axis.children];
    const [path = makeSvg("path"), ...texts] = old;
    setAttribute(path, "d", rules);
    const written = marks.map((mark, i) => {
      const text = texts[i] ?? makeSvg("text");
      setAttribute(text, "x", String(Math.round(mark.x)));
      setAttribute(text, "y", String(Math.round(mark.y)));
      setAttribute(text, "text-anchor", mark.anchor);
      setText(text, mark.text);
      return text;
    });
    setChildren(this.#axis, [path, ...written]);
  }

  /** What stands at the cursor, or now. */
  #read(): void {
    const { cursor, figures } = this.#options;
    const at = cursor.point;
    const point = at === undefined ? this.#recent : this.#points[at];
    setText(this.#when, at === undefined ? "now" : this.#timeOf(at));
    for (const [i, { text }] of figures.entries()) {
      const place = this.#texts[i];
      if (place !== undefined) setText(place, text(point));
    }
    const x = at === undefined ? undefined : Math.round(this.#x(at)) + 0.5;
    setAttribute(this.#rule, "d", x === undefined ? undefined : `M${x} ${TOP}V${this.#height - BOTTOM}`);
  }

  /** For whoever moves by keys and listens. Said when the cursor moves, not when there is news. */
  #say(): void {
    const { cursor, figures } = this.#options;
    const at = cursor.point ?? POINTS - 1;
    const texts = figures.map(({ name, text }) => `${name} ${text(this.#points[at])}`);
    this.#range.value = String(at);
    setAttribute(this.#range, "aria-valuetext", `${this.#timeOf(at)}: ${texts.join(", ")}`);
  }

  #timeOf(at: number): string {
    const known = this.#points.findIndex((point) => point !== undefined);
    const first = this.#points[known];
    return first === undefined ? "" : clock(first.at + (at - known) * POINT_MS);
  }
}
