import { isIPv4, isIPv6 } from "node:net";
import { availableParallelism } from "node:os";
import { parseListen, parseUpstream } from "../core/address.ts";
import { parseNetworks } from "../core/cidr.ts";
import { parseAuthority, parseName } from "../core/host.ts";
import { nearest } from "../core/nearest.ts";
import { accept, refuse, type Parsed } from "../core/parsed.ts";
import { parseDuration, parseSeconds, parseSize } from "../core/units.ts";
import type { LogConfig, PathPattern } from "./model.ts";

/** A kind of value: how its text is read, and how it is called in help and in errors. */
export interface Kind<T> {
  /** Stands after the flag in the help: `ADDR`. Empty for a switch. */
  readonly valueName: string;
  /** What would have been right, in words. */
  readonly expected: string;
  /** What the value may be in YAML, beside a text. */
  readonly yaml: "text" | "number" | "boolean" | "text_or_number";
  /** A value that it takes, as it is written in YAML; for the docs, editors and tests. */
  readonly example: string;
  /** The only words that it takes. */
  readonly words?: readonly string[];
  /** Bounds of a whole number, both included. */
  readonly bounds?: readonly [least: number, most: number];
  /** What every text that it takes matches, for editors. The parse says more. */
  readonly pattern?: string;
  /** An empty text is a value. */
  readonly mayBeEmpty?: true;
  /** Is never shown: not in a problem, not in its excerpt. */
  readonly isSecret?: true;
  parse(text: string): Parsed<T>;
}

/** What is only said of some kinds. */
type KindExtra = Pick<Kind<unknown>, "words" | "bounds" | "pattern" | "mayBeEmpty" | "isSecret">;

/** Makes a kind of value. */
export function kind<T>(
  valueName: string,
  yaml: Kind<T>["yaml"],
  [expected, example]: readonly [expected: string, example: string],
  parse: (text: string) => Parsed<T>,
  extra: KindExtra = {},
): Kind<T> {
  return { valueName, yaml, expected, example, parse, ...extra };
}

const MAX_THREADS = 1024;

const TIME = String.raw`^(?:\d+|(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+)$`;
const BYTES = String.raw`^\d+(?:\.\d+)?(?:[KMGTkmgt]i?)?[Bb]?$`;

export const LISTEN = kind(
  "ADDR",
  "text",
  ["an address to listen on, such as 0.0.0.0:8008, :8008, [::1]:8008, unix//run/app.sock or :8001-8004", ":8008"],
  parseListen,
);

export const UPSTREAM = kind(
  "ADDR",
  "text",
  [
    "the address of an upstream, such as 127.0.0.1:3000, localhost:3000, https://host:443 or unix//run/app.sock",
    "127.0.0.1:3000",
  ],
  parseUpstream,
);

export const SWITCH = kind("", "boolean", ["true or false", "true"], (text): Parsed<boolean> => {
  if (text === "true") return accept(true);
  if (text === "false") return accept(false);
  const meant = /^(?:y|yes|on|1)$/i.test(text) ? "true" : /^(?:n|no|off|0)$/i.test(text) ? "false" : undefined;
  return refuse("this is neither true nor false", meant ?? nearest(text, ["true", "false"]));
});

export const DURATION = kind(
  "DUR",
  "text_or_number",
  ["a time with its unit, such as 250ms, 3s or 1m30s, or 0", "3s"],
  parseDuration,
  { pattern: TIME },
);

export const SECONDS = kind(
  "SECONDS",
  "text_or_number",
  ["a number of seconds, such as 10, or a time with its unit, such as 1m30s", "10"],
  parseSeconds,
  { pattern: TIME },
);

/** Pingora's keys that end in `_seconds`: plain whole numbers only, given as milliseconds. */
export const WHOLE_SECONDS = kind(
  "SECONDS",
  "number",
  ["a whole number of seconds, such as 30", "30"],
  (text): Parsed<number> => {
    if (/^\d+$/.test(text)) return parseSeconds(text);
    const meant = parseDuration(text);
    const seconds = meant.ok ? String(Math.ceil(meant.value / 1000)) : undefined;
    return refuse("this key is a plain number of seconds", seconds);
  },
);

export const SIZE = kind("SIZE", "text_or_number", ["a size, such as 512, 64KiB, 10MB or 1GiB", "10MB"], parseSize, {
  pattern: BYTES,
});

/** Silence allowed to a client: Bun.serve counts in whole seconds, up to 255. */
export const CLIENT_IDLE = kind(
  "DUR",
  "text_or_number",
  ["a time in whole seconds from 1s to 255s, or 0 for no limit", "60s"],
  (text): Parsed<number> => {
    const time = parseDuration(text);
    if (!time.ok) return time;
    if (time.value > 255_000) return refuse(`${text} is over 255s, the most Bun has`, "255s");
    if (time.value % 1000 === 0) return time;
    return refuse("a part of a second cannot be counted here", `${Math.ceil(time.value / 1000)}s`);
  },
  { pattern: TIME },
);

/** Largest message: there is always a limit, since a message is held in memory whole. */
export const MESSAGE_SIZE = kind(
  "SIZE",
  "text_or_number",
  ["a size from 1 to 1GiB, such as 64MiB", "64MiB"],
  (text): Parsed<number> => {
    const size = parseSize(text);
    if (!size.ok) return size;
    if (size.value === 0) return refuse("there is always a limit, since a message is held in memory whole", "64MiB");
    return size.value > 1024 ** 3 ? refuse(`${text} is over 1GiB`, "1GiB") : size;
  },
  { pattern: BYTES },
);

/** The only form of conf.yaml there is. */
export const FILE_VERSION = kind(
  "N",
  "number",
  ["1", "1"],
  (text): Parsed<number> => {
    return text === "1" ? accept(1) : refuse(`version ${text} is not known`);
  },
  { bounds: [1, 1] },
);

/** A whole number between two bounds, both included. */
export function count(least: number, most: number): Kind<number> {
  const expected = `a whole number from ${least} to ${most}`;
  return kind(
    "N",
    "number",
    [expected, String(Math.min(most, Math.max(least, 2)))],
    (text): Parsed<number> => {
      if (!/^[+-]?\d+$/.test(text)) return refuse("this is not a whole number");
      const value = Number(text);
      if (value < least) return refuse(`${text} is less than ${least}`);
      return value > most ? refuse(`${text} is more than ${most}`) : accept(value);
    },
    { bounds: [least, most] },
  );
}

/** Workers: `auto` is one for each core that this process may use. */
export const THREADS = kind(
  "N",
  "text_or_number",
  [`a whole number from 1 to ${MAX_THREADS}, or auto`, "2"],
  (text): Parsed<number> => {
    if (text === "auto") return accept(Math.min(MAX_THREADS, availableParallelism()));
    const parsed = count(1, MAX_THREADS).parse(text);
    return parsed.ok || /\d/.test(text)
      ? parsed
      : refuse("this is neither a whole number nor auto", nearest(text, ["auto"]));
  },
  { pattern: String.raw`^(?:auto|\d+)$` },
);

export const PATH_PREFIX = kind(
  "PREFIX",
  "text",
  ["a path prefix that starts with /, such as /up (whole segments) or /up* (plain prefix)", "/up"],
  (text): Parsed<PathPattern> => {
    if (/[?#]/.test(text)) return refuse("a prefix has no query and no fragment", text.replace(/[?#].*$/s, "") || "/");
    // oxlint-disable-next-line no-control-regex -- they can never stand in a request's path
    if (/[\u0000-\u0020\u007f]/.test(text)) return refuse("a path has no spaces and no control characters");
    const url = /^[a-z]+:\/\/[^/]*(.*)$/i.exec(text);
    if (url !== null) return refuse("a prefix is a path alone", url[1] === "" ? "/" : url[1]);
    if (!text.startsWith("/")) return refuse("it does not start with /", /^\w/.test(text) ? `/${text}` : undefined);
    const star = text.indexOf("*");
    if (star >= 0 && star < text.length - 1) return refuse("* stands only at the end");
    const path = star < 0 ? text : text.slice(0, -1);
    // Requests are matched after dot segments and `\` are resolved, so such a prefix would never match.
    if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return refuse("a prefix has no . or .. segments");
    if (path.includes("\\")) return refuse("a path is written with /", text.replaceAll("\\", "/"));
    if (path.includes("//")) return refuse("a prefix has no empty segments", text.replace(/\/{2,}/g, "/"));
    // Bun.serve gives paths percent-encoded as WHATWG URL does; so is what they are compared with.
    const encoded = new URL(`http://localhost${path}`).pathname;
    if (star >= 0) return accept({ type: "prefix", path: path === "" ? "" : encoded });
    const isBare = encoded.length === 1 || !encoded.endsWith("/");
    return accept({ type: "segments", path: isBare ? encoded : encoded.slice(0, -1) });
  },
);

export const AUTHORITY = kind(
  "NAME",
  "text",
  ["a host with a port or without, such as app.example or app.example:8080", "app.example"],
  parseAuthority,
);

export const SERVER_NAME = kind(
  "NAME",
  "text",
  ["a host name, such as app.example", "app.example"],
  (text): Parsed<string> => {
    // RFC 6066 section 3: literal addresses are not permitted as a server name.
    if (isIPv4(text) || isIPv6(text.replace(/^\[|\]$/g, ""))) return refuse("a server name is no IP address");
    const host = /^(?:[a-z]+:\/\/)?([^/:]+)(?::\d+)?(?:\/.*)?$/i.exec(text)?.[1];
    if (host !== undefined && host !== text) return refuse("a server name is a name alone", host);
    return parseName(text);
  },
);

export const FILE = kind("FILE", "text", ["the path of a file", "/etc/gatekeeper/file"], (text): Parsed<string> => {
  return text.includes("\0") ? refuse("the path holds a NUL") : accept(text);
});

export const TEXT = kind("TEXT", "text", ["a text", "text"], accept<string>);

export const NETWORKS = kind(
  "LIST",
  "text",
  ["networks parted by commas, such as 10.0.0.0/8,192.168.1.7 or private_ranges", "10.0.0.0/8"],
  parseNetworks,
);

/** One local address for outgoing connections, or several parted by commas. */
export function localAddresses(version: 4 | 6): Kind<readonly string[]> {
  const isRight = version === 4 ? isIPv4 : isIPv6;
  const words = [`IPv${version} addresses of this machine`, version === 4 ? "127.0.0.1" : "::1"] as const;
  return kind("LIST", "text", words, (text): Parsed<readonly string[]> => {
    const list = text.split(/[\s,]+/).filter((part) => part !== "");
    const bad = list.find((part) => !isRight(part));
    return bad === undefined ? accept(list) : refuse(`"${bad}" is no IPv${version} address`);
  });
}

/** One word out of few. */
export function oneOf<const T extends string>(valueName: string, words: readonly T[]): Kind<T> {
  const expected = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return kind(
    valueName,
    "text",
    [expected, words[0] ?? ""],
    (text): Parsed<T> => {
      const found = words.find((word) => word === text.toLowerCase());
      return found === undefined ? refuse("this word is not known", nearest(text, words)) : accept(found);
    },
    { words },
  );
}

export const LOG_LEVEL: Kind<LogConfig["level"]> = oneOf("LEVEL", ["error", "warn", "info", "debug", "trace", "off"]);
export const UPSTREAM_CLIENT: Kind<"exact" | "fetch"> = oneOf("CLIENT", ["exact", "fetch"]);
export const LOG_FORMAT: Kind<"human" | "json"> = oneOf("FORMAT", ["human", "json"]);
