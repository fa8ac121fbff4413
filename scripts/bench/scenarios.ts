/** What every answer of a scenario must be before it is timed. */
export interface ExpectedAnswer {
  readonly path: string;
  readonly bytes: number;
}

export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly answer: ExpectedAnswer;
  readonly connections: number;
  /** Header lines every request carries. */
  readonly headers: readonly string[];
  /** Part of a run that names no scenario. */
  readonly byDefault: boolean;
  /** Who is compared: everyone, or the same program before few and before many routes. Default everyone. */
  readonly field?: "routes";
}

/** The host whose route is the first of few, or the last of many. */
export const ROUTED_HOST = "routed.example";

export const HELLO = "Hello, World!";

export const ANSWERS = {
  hello: { path: "/", bytes: HELLO.length },
  "100k": { path: "/100k", bytes: 100_000 },
} as const satisfies Record<string, ExpectedAnswer>;

/** A client without these makes Bun's fetch add its own, which a proxy has to prevent; every real one sends them. */
const REAL_CLIENT = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench", "Accept: */*"];

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "hello-50",
    description: "13-byte answer, 50 connections, client sends User-Agent and Accept",
    answer: ANSWERS.hello,
    connections: 50,
    headers: REAL_CLIENT,
    byDefault: true,
  },
  {
    name: "hello-50-bare",
    description: "13-byte answer, 50 connections, client sends Host alone (wrk as it is)",
    answer: ANSWERS.hello,
    connections: 50,
    headers: [],
    byDefault: true,
  },
  {
    name: "hello-256",
    description: "13-byte answer, 256 connections",
    answer: ANSWERS.hello,
    connections: 256,
    headers: REAL_CLIENT,
    byDefault: false,
  },
  {
    name: "100k-50",
    description: "100,000-byte answer, 50 connections",
    answer: ANSWERS["100k"],
    connections: 50,
    headers: REAL_CLIENT,
    byDefault: false,
  },
  {
    name: "routes",
    description: "13-byte answer by the first of 10 routes (host and path) against the last of 1,000, 50 connections",
    answer: ANSWERS.hello,
    connections: 50,
    headers: [`Host: ${ROUTED_HOST}`, ...REAL_CLIENT],
    byDefault: true,
    field: "routes",
  },
];
