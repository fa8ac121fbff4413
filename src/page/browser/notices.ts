import type { LiveCertificate, LivePeer, LiveState, Tick } from "../../observe/live.ts";
import { calmSpan, count, day, moment, percent, plural } from "./format.ts";
import { sum } from "./ticks.ts";

/** What a person should know at once, in words. `bad` is broken, `warn` will be or is meant to pass, `info` is wanted. */
export interface Notice {
  readonly level: "bad" | "warn" | "info";
  readonly text: string;
}

const LEVELS = ["bad", "warn", "info"] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Fewer failures than this are no share of anything. */
const LEAST_ERRORS = 5;

/** The worst first. Empty: there is nothing to do. */
export function noticesOf(state: LiveState, ticks: readonly Tick[]): readonly Notice[] {
  const all = [
    ...processNotices(state),
    ...errorNotices(ticks),
    ...state.peers.flatMap((peer) => peerNotices(peer, state.at)),
    ...state.certificates.flatMap((certificate) => certificateNotices(certificate, state.at)),
  ];
  return LEVELS.flatMap((level) => all.filter((notice) => notice.level === level));
}

/** One word over all of them, for the head of the page and its title. */
export function verdictOf(notices: readonly Notice[]): {
  readonly level: "ok" | Notice["level"];
  readonly text: string;
} {
  const bad = notices.filter(({ level }) => level === "bad").length;
  const warn = notices.filter(({ level }) => level === "warn").length;
  if (bad > 0) return { level: "bad", text: plural(bad + warn, "problem") };
  if (warn > 0) return { level: "warn", text: plural(warn, "warning") };
  return { level: "ok", text: "All is up" };
}

function processNotices({ isStopping, maintenance, reload, workers, at }: LiveState): readonly Notice[] {
  const notices: Notice[] = [];
  if (isStopping) notices.push({ level: "warn", text: "It is stopping: no new connections are taken." });
  if (maintenance.isOn) notices.push({ level: "warn", text: "Maintenance is on: every request is answered 503." });
  for (const route of maintenance.routes) {
    notices.push({ level: "warn", text: `Maintenance is on for the route ${route}: it answers 503.` });
  }
  if (reload.last?.isReloaded === false) {
    const why = reload.last.reason === undefined ? "" : `: ${reload.last.reason}`;
    const text = `The reload at ${moment(reload.last.at, at)} was refused, the configuration before it holds${why}`;
    notices.push({ level: "bad", text });
  }
  for (const { worker, isServing, restarts } of workers) {
    if (!isServing) notices.push({ level: "bad", text: `Worker ${worker} does not serve.` });
    else if (restarts > 0) {
      notices.push({
        level: "warn",
        text: `Worker ${worker} ended unasked and was replaced (${plural(restarts, "time")}).`,
      });
    }
  }
  return notices;
}

function errorNotices(ticks: readonly Tick[]): readonly Notice[] {
  const from = (ticks.at(-1)?.at ?? 0) - MINUTE_MS;
  const last = ticks.filter(({ at }) => at > from);
  const requests = sum(last, (tick) => tick.requests);
  const errors = sum(last, (tick) => tick.errors);
  if (errors < LEAST_ERRORS || errors < requests / 100) return [];
  const text = `${percent(errors, requests)} of the requests of the last minute failed (${count(errors)} of ${count(requests)}).`;
  return [{ level: errors < requests / 20 ? "warn" : "bad", text }];
}

function peerNotices({ name, state, reason, since, isDraining, inFlight }: LivePeer, now: number): readonly Notice[] {
  const drained = isDraining ? "drained, and " : "";
  const time = since === undefined ? "" : ` since ${moment(since, now)}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  switch (state) {
    case "up":
      return [];
    case "down":
      return [{ level: isDraining ? "warn" : "bad", text: `${name} is ${drained}down${time}${why}.` }];
    case "suspect":
      return [{ level: "warn", text: `${name} is suspect: ${reason ?? "requests fail on it"}. Others are preferred.` }];
    case "draining":
      return [{ level: "info", text: `${name} is drained: it gets nothing new, ${count(inFlight)} in flight.` }];
  }
}

function certificateNotices({ names, file, notAfter }: LiveCertificate, now: number): readonly Notice[] {
  const of = names.length === 0 ? file : names.join(", ");
  const left = notAfter - now;
  if (left <= 0) return [{ level: "bad", text: `The certificate of ${of} is past its end (${day(notAfter)}).` }];
  if (left > 21 * DAY_MS) return [];
  const time = left < DAY_MS ? `in ${calmSpan(left)}` : `in ${plural(Math.floor(left / DAY_MS), "day")}`;
  return [{ level: left < 7 * DAY_MS ? "bad" : "warn", text: `The certificate of ${of} ends ${time}.` }];
}
