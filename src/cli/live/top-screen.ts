import type { LiveState, Tick } from "../../observe/live.ts";
import { printable } from "../report.ts";
import { fit, table, widthOf } from "./columns.ts";
import { ageText, clockText, short, sizeText, timeText } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { spark } from "./spark.ts";
import { type Section, sections } from "./top-sections.ts";

export interface TopView {
  readonly state: LiveState;
  /** The oldest first. */
  readonly ticks: readonly Tick[];
  readonly columns: number;
  /** Undefined: as many as it takes. */
  readonly rows: number | undefined;
  readonly paint: Paint;
  /** Stands where the figures would be of another time: the process is gone. */
  readonly note: string | undefined;
}

/** A certificate that ends within this is told of. */
const SOON_MS = 14 * 86_400_000;
const LABEL = 10;
/** Too narrow for the time of day. */
const NARROW = 30;
/** Titles and one line. */
const LEAST_SECTION = 2;

/** One screen: figures, the last seconds as bars, then as much of each list as there is room for. */
export function topScreen(view: TopView): readonly string[] {
  const { state, columns, rows, paint } = view;
  const head = headLines(view);
  const all = sections(state);
  const heights = share(
    all.map((section) => section.rows.length + 1),
    rows === undefined ? undefined : rows - head.length,
  );
  const lists = all.flatMap((section, at) => listLines(section, heights[at] ?? 0, { width: columns, paint }));
  return [...head, ...lists].slice(0, rows);
}

function listLines(
  { columns, rows }: Section,
  height: number,
  look: { readonly width: number; readonly paint: Paint },
): readonly string[] {
  return height < LEAST_SECTION ? [] : ["", ...table(columns, rows.slice(0, height - 1), look)];
}

/** How high each list may be, fairly; each costs an empty line as well. Those at the end are left out first. */
export function share(wanted: readonly number[], room: number | undefined): readonly number[] {
  if (room === undefined) return wanted;
  const heights = wanted.map(() => 0);
  let left = room;
  for (const at of wanted.keys()) {
    if (left < LEAST_SECTION + 1) break;
    heights[at] = LEAST_SECTION;
    left -= LEAST_SECTION + 1;
  }
  for (let grew = true; grew && left > 0;) {
    grew = false;
    for (const [at, most] of wanted.entries()) {
      const height = heights[at] ?? 0;
      if (left === 0 || height === 0 || height >= most) continue;
      heights[at] = height + 1;
      left--;
      grew = true;
    }
  }
  return heights;
}

function headLines({ state, ticks, columns, paint, note }: TopView): readonly string[] {
  const { version, pid, at, startedAt, urls } = state;
  const clock = clockText(at);
  const title = printable(`gatekeeper ${version} · pid ${pid} · up ${ageText(at - startedAt)} · ${urls.join(" ")}`);
  const left = fit(title, columns - widthOf(clock) - 1);
  const gap = " ".repeat(Math.max(0, columns - widthOf(left) - widthOf(clock)));
  const first = columns < NARROW ? fit(title, columns) : `${paint("bold", left)}${gap}${clock}`;
  const notices = note === undefined ? noticesOf(state) : [note];
  const bars = Math.max(0, columns - LABEL);
  const tick = ticks.at(-1);
  return [
    first,
    ...notices.map((notice) => paint("yellow", fit(printable(notice), columns))),
    ...(tick === undefined ? [] : figureLines(tick).map((line) => fit(line, columns))),
    fit(`${"requests".padEnd(LABEL)}${spark(ticks, bars, ({ requests }) => requests)}`, columns),
    fit(`${"errors".padEnd(LABEL)}${spark(ticks, bars, ({ errors }) => errors)}`, columns),
    fit(`${"p99".padEnd(LABEL)}${spark(ticks, bars, ({ p99Ms }) => p99Ms)}`, columns),
  ];
}

function figureLines(tick: Tick): readonly string[] {
  const { requests, errors, inFlight, p50Ms, p90Ms, p99Ms, webSocketsOpen, messagesReceived, messagesSent } = tick;
  const part = requests === 0 || errors === 0 ? "" : ` (${short((errors / requests) * 100)} %)`;
  return [
    `${requests} requests/s   ${errors} errors/s${part}   ${inFlight} open   ` +
      `p50 ${timeText(p50Ms)}   p90 ${timeText(p90Ms)}   p99 ${timeText(p99Ms)}`,
    `${sizeText(tick.bytesReceived)}/s in   ${sizeText(tick.bytesSent)}/s out   ` +
      `${webSocketsOpen} WebSockets, ${messagesReceived} messages/s in, ${messagesSent} out`,
  ];
}

/** What is not as usual. */
function noticesOf({ at, isStopping, maintenance, reload, certificates }: LiveState): readonly string[] {
  const { last } = reload;
  const refused = last !== undefined && !last.isReloaded ? [last] : [];
  return [
    ...(isStopping ? ["it drains and will end"] : []),
    ...(maintenance.isOn ? ["everything is in maintenance"] : []),
    ...refused.map(
      (each) => `the reload ${ageText(at - each.at)} ago was refused: ${each.reason ?? "the log says why"}`,
    ),
    ...certificates
      .filter(({ notAfter }) => notAfter - at < SOON_MS)
      .map(({ file, notAfter }) =>
        notAfter <= at
          ? `the certificate ${file} has ended`
          : `the certificate ${file} ends in ${ageText(notAfter - at)}`,
      ),
  ];
}

/** One line for what reads no screen: a log, a program. */
export function topLine(tick: Tick, state: LiveState | undefined): string {
  const peers = state?.peers ?? [];
  const up = peers.filter(({ state: is }) => is === "up" || is === "suspect").length;
  const facts = {
    requests: tick.requests,
    errors: tick.errors,
    open: tick.inFlight,
    p50: timeText(tick.p50Ms),
    p90: timeText(tick.p90Ms),
    p99: timeText(tick.p99Ms),
    in: `${sizeText(tick.bytesReceived)}/s`,
    out: `${sizeText(tick.bytesSent)}/s`,
    websockets: tick.webSocketsOpen,
    peers_up: `${up}/${peers.length}`,
  };
  return `${clockText(tick.at)} ${Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`.replaceAll(" ", ""))
    .join(" ")}`;
}
