import { HOST, PLAIN, type Setup } from "./setup.ts";

export const HELLO = "Hello, World!";
/** What the article's own server says. */
export const ARTICLE_HELLO = "Hello World!";

/** What stands behind every contender. */
export type OriginName = "static" | "static-tls" | "app" | "article";

/** Bodies of the static origins, by their paths. */
export const FILES = { "/100k": 100_000, "/10m": 10_000_000, "/text": 100_000 } as const;

/** What stands in them: `/text` is one that compressing has some work with, the others hold one letter. */
export function contentOf(path: keyof typeof FILES): string {
  if (path !== "/text") return "x".repeat(FILES[path]);
  let [text, seed] = ["", 1];
  while (text.length < FILES[path]) {
    // Numerical Recipes' linear congruential generator: the same text in every run.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    text += `{"id":${seed},"name":"${WORDS[seed % WORDS.length] ?? ""} ${(seed >>> 16).toString(36)}"},\n`;
  }
  return text.slice(0, FILES[path]);
}

const WORDS = [
  "amber",
  "birch",
  "cedar",
  "delta",
  "ember",
  "fjord",
  "grove",
  "heath",
  "inlet",
  "jetty",
  "knoll",
] as const;

/** What is done to a contender, over and over for the length of a round where nothing else is said. */
export type Load =
  /** HTTP/1.1 requests one after the other on each connection. `bytes` is the answer's length. */
  | {
      readonly type: "requests";
      readonly path: string;
      readonly bytes: number;
      readonly connections: number;
      readonly fields: readonly string[];
      /** Bytes of each request's body, a POST. */
      readonly uploadBytes?: number;
      /** A connection for each request. */
      readonly isFresh?: true;
    }
  /** So many requests in all, as a person would try it. */
  | { readonly type: "burst"; readonly requests: number; readonly connections: number; readonly bytes: number }
  | { readonly type: "http2"; readonly connections: number; readonly streams: number; readonly bytes: number }
  /** Requests by the clock, each counted from when it was due; "half" of what each contender can do without one. */
  | { readonly type: "rate"; readonly perSecond: number | "half"; readonly connections: number; readonly bytes: number }
  /** TLS handshakes, each with one request. */
  | { readonly type: "handshakes"; readonly isResumed: boolean }
  /** WebSocket messages that come back, one at a time on each connection. */
  | { readonly type: "messages"; readonly bytes: number; readonly connections: number }
  /** WebSockets that do nothing. */
  | { readonly type: "idle_sockets"; readonly count: number }
  /** An event to each client so many times a second. */
  | { readonly type: "events"; readonly clients: number; readonly perSecond: number }
  /** From the start of the process to its first answer, and its memory then. */
  | { readonly type: "start" };

export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly setup: Setup;
  readonly origin: OriginName;
  readonly load: Load;
  /** Part of `--quick`. */
  readonly isQuick?: true;
}

/** A client without these makes Bun's fetch add its own, which a proxy has to prevent; every real one sends them. */
export const REAL_CLIENT = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench", "Accept: */*"];
const HELLO_BYTES = HELLO.length;

function hello(connections: number, fields: readonly string[] = REAL_CLIENT): Load {
  return { type: "requests", path: "/", bytes: HELLO_BYTES, connections, fields };
}

function file(path: keyof typeof FILES, connections: number): Load {
  return { type: "requests", path, bytes: FILES[path], connections, fields: REAL_CLIENT };
}

function routed(before: number): Pick<Scenario, "setup" | "origin" | "load"> {
  return {
    setup: { ...PLAIN, routesBefore: before },
    origin: "static",
    load: hello(50, [`Host: ${HOST}`, ...REAL_CLIENT]),
  };
}

const plain = { setup: PLAIN, origin: "static" } as const;
const app = { setup: PLAIN, origin: "app" } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "article",
    description: "200 requests by 50 connections before a Node server",
    setup: PLAIN,
    origin: "article",
    load: { type: "burst", requests: 200, connections: 50, bytes: ARTICLE_HELLO.length },
  },
  { ...plain, name: "hello-1", description: "13 bytes, 1 connection", load: hello(1) },
  { ...plain, name: "hello-50", description: "13 bytes, 50 connections", load: hello(50), isQuick: true },
  {
    ...plain,
    name: "hello-50-bare",
    description: "13 bytes, 50 connections, the client sends Host alone",
    load: hello(50, []),
  },
  { ...plain, name: "hello-256", description: "13 bytes, 256 connections", load: hello(256), isQuick: true },
  { ...plain, name: "hello-1000", description: "13 bytes, 1,000 connections", load: hello(1_000) },
  {
    ...plain,
    name: "fresh-50",
    description: "13 bytes, a connection for each request, 50 at once",
    load: { type: "requests", path: "/", bytes: HELLO_BYTES, connections: 50, fields: REAL_CLIENT, isFresh: true },
  },
  {
    ...plain,
    name: "rate-2000",
    description: "13 bytes, 2,000 requests a second by the clock",
    load: { type: "rate", perSecond: 2_000, connections: 50, bytes: HELLO_BYTES },
  },
  {
    ...plain,
    name: "rate-5000",
    description: "13 bytes, 5,000 requests a second by the clock",
    load: { type: "rate", perSecond: 5_000, connections: 50, bytes: HELLO_BYTES },
    isQuick: true,
  },
  {
    ...plain,
    name: "rate-half",
    description: "13 bytes, half of what each can do a second, by the clock",
    load: { type: "rate", perSecond: "half", connections: 50, bytes: HELLO_BYTES },
  },
  {
    ...plain,
    name: "100k-50",
    description: "100,000 bytes, 50 connections",
    load: file("/100k", 50),
    isQuick: true,
  },
  {
    name: "gzip-50",
    description: "100,000 bytes of text compressed by the proxy, 50 connections",
    setup: { ...PLAIN, encodes: true },
    origin: "static",
    load: {
      type: "requests",
      path: "/text",
      bytes: FILES["/text"],
      connections: 50,
      fields: [...REAL_CLIENT, "Accept-Encoding: gzip"],
    },
  },
  { ...plain, name: "10m-8", description: "10 MB, 8 connections", load: file("/10m", 8) },
  {
    ...app,
    name: "post-50",
    description: "POST of 1,000 bytes, 50 connections",
    load: {
      type: "requests",
      path: "/upload",
      bytes: "1000".length,
      connections: 50,
      fields: REAL_CLIENT,
      uploadBytes: 1_000,
    },
  },
  {
    ...app,
    name: "upload-8",
    description: "uploads of 10 MB, 8 connections",
    load: {
      type: "requests",
      path: "/upload",
      bytes: "10000000".length,
      connections: 8,
      fields: REAL_CLIENT,
      uploadBytes: 10_000_000,
    },
  },
  {
    name: "tls-50",
    description: "13 bytes over TLS, 50 connections",
    setup: { ...PLAIN, downstream: "tls" },
    origin: "static",
    load: hello(50),
  },
  {
    name: "tls-new",
    description: "TLS handshakes, each anew",
    setup: { ...PLAIN, downstream: "tls" },
    origin: "static",
    load: { type: "handshakes", isResumed: false },
  },
  {
    name: "tls-resumed",
    description: "TLS handshakes that resume a session (TLS 1.2, as openssl s_time does)",
    setup: { ...PLAIN, downstream: "tls" },
    origin: "static",
    load: { type: "handshakes", isResumed: true },
  },
  {
    name: "h2-50",
    description: "13 bytes over HTTP/2, 10 connections of 5 streams",
    setup: { ...PLAIN, downstream: "h2" },
    origin: "static",
    load: { type: "http2", connections: 10, streams: 5, bytes: HELLO_BYTES },
  },
  {
    name: "tls-upstream-50",
    description: "13 bytes from an origin that speaks TLS, 50 connections",
    setup: { ...PLAIN, upstreamTls: true },
    origin: "static-tls",
    load: hello(50),
  },
  {
    ...app,
    name: "ws-32",
    description: "WebSocket messages of 32 bytes there and back, 100 connections",
    load: { type: "messages", bytes: 32, connections: 100 },
    isQuick: true,
  },
  {
    ...app,
    name: "ws-16k",
    description: "WebSocket messages of 16 KB there and back, 100 connections",
    load: { type: "messages", bytes: 16_384, connections: 100 },
  },
  {
    ...app,
    name: "ws-idle",
    description: "memory of each of 10,000 idle WebSockets, or of as many as files may be open for",
    load: { type: "idle_sockets", count: 10_000 },
  },
  {
    ...app,
    name: "events-2000",
    description: "an event a second to each of 2,000 event streams",
    load: { type: "events", clients: 2_000, perSecond: 1 },
  },
  { ...routed(9), name: "routes-10", description: "13 bytes by the last of 10 routes, 50 connections" },
  { ...routed(999), name: "routes-1000", description: "13 bytes by the last of 1,000 routes, 50 connections" },
  {
    name: "observed-50",
    description: "hello-50 with all on: access log, edits of fields, health checks, metrics, request ids",
    setup: { ...PLAIN, observed: true },
    origin: "static",
    load: hello(50),
  },
  { ...plain, name: "start", description: "to the first answer, and memory then", load: { type: "start" } },
];
