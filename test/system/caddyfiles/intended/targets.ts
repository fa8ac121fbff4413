import { asksFor, atOrigin, isTarget, type Table, targetOf } from "./intended.ts";

/** Dot segments, plain or escaped. */
const DOTS = /\/(\.|%2e){1,2}(\/|$)/i;
/** Routes of the cases that put a path or a whole URI into a new target. */
const REWRITTEN = /^GET \/(keep|uri|index|rewrite)\//;

/** In targets that are spelled oddly. */
export const TARGETS = {
  "dot segments": {
    reason: "Bun resolves dot segments as every browser does, so a rule and the origin see the same path",
    covers: ({ name, caddy = "", ours = "" }, { wire }) => {
      const target = targetOf(wire);
      if (!DOTS.test(target)) return false;
      if (isTarget(name)) return resolved(caddy) === ours;
      // Where the path is shown.
      if (name === "header content-length") return true;
      if (name !== "body" && atOrigin(name) !== "header x-original") return false;
      return caddy.replace(decodeURIComponent(target), resolved(`GET ${target}`).slice(4)) === ours;
    },
  },
  "backslash in a path": {
    reason: "Bun reads it as a slash, as every browser does; Caddy escapes it",
    covers: ({ name, caddy, ours }) => isTarget(name) && caddy === "GET /a%5Cb" && ours === "GET /a/b",
  },
  "characters that stand for themselves": {
    reason: "a character that Caddy escapes on its way to the origin goes as it came",
    covers: ({ name, caddy, ours }, { wire }) =>
      isTarget(name) && asksFor(wire, "GET /a|b") && caddy === "GET /a%7Cb" && ours === "GET /a|b",
  },
  "bytes that are no UTF-8": {
    reason: "Bun reads the target as UTF-8, and what is none becomes U+FFFD; no client may send it (RFC 9112 3.2)",
    covers: ({ name, caddy, ours }) =>
      isTarget(name) && caddy?.includes("%E4") === true && caddy.replaceAll("%E4", "%EF%BF%BD") === ours,
  },
  "bytes in a query": {
    reason: "Bun escapes what is no ASCII; Caddy does so in paths only",
    covers: ({ name, caddy, ours }) => isTarget(name) && caddy === "GET /a?\u00c3\u00a4" && ours === "GET /a?%C3%A4",
  },
  "escape that is none": {
    reason: "Caddy refuses a target with a lone %; gatekeeper leaves the judgement to the origin",
    covers: (_, { wire, caddy }) => asksFor(wire, "GET /a%", "GET /%zz") && caddy.get("status") === "400",
  },
  fragment: {
    reason: "a fragment has no place in a request (RFC 9112 3.2); Caddy sends it on, in a query as it is",
    covers: (_, { wire, ours }) => targetOf(wire).includes("#") && ours.get("status") === "400",
  },
  asterisk: {
    reason: "Bun refuses a target of * with 400",
    covers: (_, { wire, ours }) => asksFor(wire, "GET *", "OPTIONS *") && ours.get("status") === "400",
  },
  "absolute target": {
    reason: "Bun drops the authority of an absolute target, so Host counts, which a client must send alike",
    covers: ({ name }, { wire }) =>
      /^GET https?:/.test(wire.line) &&
      (/^header (host|x-forwarded-host)$/.test(atOrigin(name)) ||
        /^(status|body|header content-length|header location)$/.test(name)),
  },
  "escapes in a new target": {
    reason: "a path that is put into a new target keeps its escapes; Caddy decodes it, and what was %2F or %3F divides",
    covers: ({ name, ours = "" }, { wire }) =>
      (isTarget(name) || atOrigin(name) === "header x-uri") &&
      REWRITTEN.test(wire.line) &&
      /%(2F|3F|e4)/.test(targetOf(wire)) &&
      ours.includes(targetOf(wire).replace(/\?.*/, "")),
  },
  "a path has a slash": {
    reason: "what is left of a path whose beginning was taken off begins with a slash; Caddy asks the origin for `x`",
    covers: ({ name, caddy = "", ours = "" }, { wire }) => {
      if (!/^GET \/(prefix(ed|%2Fx|\?q)?|through|apix)( |$)/.test(wire.line)) return false;
      if (isTarget(name)) return caddy.replace("GET ", "GET /") === ours;
      if (name === "body") return `${caddy}/` === ours;
      return name === "header content-length" || atOrigin(name) === "header x-uri";
    },
  },
} as const satisfies Table;

/** A request's first line with its dot segments resolved as WHATWG's URL does. */
function resolved(line: string): string {
  const [method, target = ""] = line.split(" ");
  const { pathname, search } = new URL(target, "http://a.example");
  return `${method} ${pathname}${search}`;
}
