import type { Load } from "./scenarios.ts";

/** What a round is measured by. */
export type FigureName =
  | "perSecond"
  | "perCpuSecond"
  | "p50Ms"
  | "p99Ms"
  | "p999Ms"
  | "bytesEach"
  /** Before there is any. */
  | "idleBytes"
  /** How many there really were. */
  | "sockets"
  | "startMs"
  | "memoryBytes"
  /** Part of one core that the contender's processes used. */
  | "cpu";

export type Figures = Partial<Readonly<Record<FigureName, number>>>;

export interface Column {
  readonly name: FigureName;
  readonly title: string;
  readonly isMoreBetter: boolean;
  /** Decimals. */
  readonly digits: number;
  /** What it is divided by for people. */
  readonly unit: number;
}

const COLUMNS: Readonly<Record<FigureName, Column>> = {
  perSecond: { name: "perSecond", title: "/s", isMoreBetter: true, digits: 0, unit: 1 },
  perCpuSecond: { name: "perCpuSecond", title: "/CPU-s", isMoreBetter: true, digits: 0, unit: 1 },
  p50Ms: { name: "p50Ms", title: "p50 ms", isMoreBetter: false, digits: 2, unit: 1 },
  p99Ms: { name: "p99Ms", title: "p99 ms", isMoreBetter: false, digits: 2, unit: 1 },
  p999Ms: { name: "p999Ms", title: "p99.9 ms", isMoreBetter: false, digits: 2, unit: 1 },
  bytesEach: { name: "bytesEach", title: "KB each", isMoreBetter: false, digits: 2, unit: 1024 },
  idleBytes: { name: "idleBytes", title: "idle MB", isMoreBetter: false, digits: 1, unit: 1024 * 1024 },
  sockets: { name: "sockets", title: "sockets", isMoreBetter: true, digits: 0, unit: 1 },
  startMs: { name: "startMs", title: "start ms", isMoreBetter: false, digits: 1, unit: 1 },
  memoryBytes: { name: "memoryBytes", title: "memory MB", isMoreBetter: false, digits: 1, unit: 1024 * 1024 },
  cpu: { name: "cpu", title: "CPU", isMoreBetter: false, digits: 2, unit: 1 },
};

/** The figures of a kind of load, the one that decides first. Those marked get ratios. */
export function columnsOf({ type }: Load): readonly { readonly column: Column; readonly isCompared: boolean }[] {
  const compared = (...names: readonly FigureName[]) =>
    names.map((name) => ({ column: COLUMNS[name], isCompared: true }));
  const shown = (...names: readonly FigureName[]) =>
    names.map((name) => ({ column: COLUMNS[name], isCompared: false }));
  switch (type) {
    case "requests":
    case "http2":
    case "messages":
    case "handshakes":
      return [...compared("perSecond", "perCpuSecond"), ...shown("p99Ms")];
    case "burst":
      return [...compared("p50Ms", "p99Ms"), ...shown("perSecond")];
    case "rate":
      return [...compared("p99Ms"), ...shown("p50Ms", "p999Ms", "perSecond", "cpu")];
    case "events":
      return [...compared("perCpuSecond", "p99Ms"), ...shown("perSecond")];
    case "idle_sockets":
      return [...compared("bytesEach"), ...shown("idleBytes", "sockets")];
    case "start":
      return compared("startMs", "memoryBytes");
    default:
      return type satisfies never;
  }
}
