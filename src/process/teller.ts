import { readdirSync } from "node:fs";
import type { LiveWebSocket } from "../observe/live.ts";
import type { ExchangesWish } from "../observe/metrics/exchanges.ts";
import type { Telling } from "../observe/metrics/telling.ts";
import type { Service } from "./service.ts";

/** What is wanted of a worker's telling. */
export interface TellWish {
  /** Of the exchanges from now on. */
  readonly exchanges: ExchangesWish;
  /** Whether its open files are counted. */
  readonly isFull: boolean;
}

/** Tells what a worker counted, and how it is. */
export class Teller {
  readonly #service: Service;
  readonly #open: () => number;
  #cpuMs = 0;
  #droppedLines = 0;

  /** @param open requests and WebSockets that are open */
  constructor(service: Service, open: () => number) {
    this.#service = service;
    this.#open = open;
  }

  /** What came since this was last called. */
  tell({ exchanges, isFull }: TellWish): Telling {
    const { meter, peers, webSockets, accessLogs } = this.#service;
    const cpuMs = processorMs();
    const droppedLines = accessLogs.dropped;
    const webSocketsOpen = webSockets.open.size;
    const telling: Telling = {
      counts: meter.take(exchanges),
      peers: peers.takeCounts(),
      ...webSockets.open.takeMessages(),
      droppedLines: droppedLines - this.#droppedLines,
      cpuMs: cpuMs - this.#cpuMs,
      now: {
        inFlight: Math.max(0, this.#open() - webSocketsOpen),
        webSocketsOpen,
        rssBytes: process.memoryUsage.rss(),
        openFds: isFull ? openFds() : undefined,
      },
    };
    this.#cpuMs = cpuMs;
    this.#droppedLines = droppedLines;
    return telling;
  }

  /** The busiest of late. */
  webSockets(): readonly LiveWebSocket[] {
    return this.#service.webSockets.open.tell(Date.now());
  }
}

/** User and system time of this process since it began. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Undefined where the system does not tell. */
export function openFds(): number | undefined {
  try {
    // One of them is for reading the folder.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
