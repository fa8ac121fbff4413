import type { Exchange, LiveState } from "../../observe/live.ts";
import type { Cell, Column } from "./columns.ts";
import { ageText, clockText, short, sizeText, timeText } from "./figures.ts";
import { statusTint, type Tint } from "./paint.ts";

/** A list below the figures. */
export interface Section {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

const number = (title: string): Column => ({ title, isNumber: true });
const cell = (text: string | number, tint?: Tint): Cell => ({ text: String(text), tint });
const count = (value: number): Cell => cell(value, value > 0 ? "red" : undefined);

/** All there is to list, what matters most first; lists with nothing in them are left out. */
export function sections(state: LiveState): readonly Section[] {
  const all = [peers(state), routes(state), failed(state), slowest(state), webSockets(state), workers(state)];
  return all.filter(({ rows }) => rows.length > 0);
}

function peers({ at, peers: all }: LiveState): Section {
  return {
    columns: [
      { title: "PEER" },
      { title: "STATE" },
      number("OPEN"),
      number("P50"),
      number("P99"),
      number("REQUESTS"),
      number("FAILED"),
      { title: "WHY, OR WHAT FAILED LAST" },
    ],
    rows: all.map(({ name, state, reason, since, inFlight, p50Ms, p99Ms, requests, failures, lastError }) => {
      const tint = state === "up" ? "green" : state === "down" ? "red" : "yellow";
      const why = reason === undefined ? [] : [since === undefined ? reason : `${reason}, for ${ageText(at - since)}`];
      const last = lastError === undefined ? [] : [`${ageText(at - lastError.at)} ago: ${lastError.reason}`];
      return [
        cell(name),
        cell(state, tint),
        cell(inFlight),
        cell(timeText(p50Ms)),
        cell(timeText(p99Ms)),
        cell(requests),
        count(failures),
        cell(why[0] ?? last[0] ?? ""),
      ];
    }),
  };
}

function routes({ routes: all, maintenance }: LiveState): Section {
  const busiest = all.toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond || b.requests - a.requests);
  return {
    columns: [number("REQ/S"), number("P50"), number("P99"), number("REQUESTS"), number("ERRORS"), { title: "ROUTE" }],
    rows: busiest.map(({ key, requests, errors, requestsPerSecond, p50Ms, p99Ms }) => [
      cell(short(requestsPerSecond)),
      cell(timeText(p50Ms)),
      cell(timeText(p99Ms)),
      cell(requests),
      count(errors),
      maintenance.routes.includes(key) ? cell(`${key} (in maintenance)`, "yellow") : cell(key),
    ]),
  };
}

function slowest({ slowest: all }: LiveState): Section {
  return {
    columns: [number("SLOWEST"), number("STATUS"), { title: "AT" }, { title: "REQUEST" }],
    rows: all.map((exchange) => [
      cell(timeText(exchange.durationMs)),
      cell(exchange.status, statusTint(exchange.status)),
      cell(clockText(exchange.at)),
      cell(requestText(exchange)),
    ]),
  };
}

function failed({ failed: all }: LiveState): Section {
  return {
    columns: [{ title: "FAILED" }, number("STATUS"), { title: "WHY" }, { title: "REQUEST" }],
    rows: all.map((exchange) => [
      cell(clockText(exchange.at)),
      cell(exchange.status, statusTint(exchange.status)),
      cell(exchange.error ?? ""),
      cell(requestText(exchange)),
    ]),
  };
}

/** `GET a.example/x -> 127.0.0.1:3000` */
export function requestText({ method, host, uri, peer }: Exchange): string {
  return `${method} ${host}${uri}${peer === undefined ? "" : ` -> ${peer}`}`;
}

function webSockets({ at, webSockets: all }: LiveState): Section {
  return {
    columns: [
      number("MSG/S"),
      number("IN"),
      number("OUT"),
      { title: "OPEN" },
      { title: "CLIENT" },
      { title: "WEBSOCKET" },
    ],
    rows: all.map((each) => [
      cell(short(each.messagesPerSecond)),
      cell(each.messagesReceived),
      cell(each.messagesSent),
      cell(ageText(at - each.openedAt)),
      cell(each.clientAddress),
      cell(`${each.host}${each.path} -> ${each.peer}`),
    ]),
  };
}

function workers({ workers: all }: LiveState): Section {
  return {
    columns: [number("WORKER"), number("PID"), number("MEMORY"), number("OPEN"), number("RESTARTS"), { title: "" }],
    rows: all.map(({ worker, pid, rssBytes, inFlight, restarts, isServing }) => [
      cell(worker),
      cell(pid),
      cell(sizeText(rssBytes)),
      cell(inFlight),
      count(restarts),
      isServing ? cell("") : cell("does not serve", "red"),
    ]),
  };
}
