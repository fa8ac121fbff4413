import { asksFor, isMadeByUs, sends, sharedStatus, type Table } from "./intended.ts";

/** In what the client gets. */
export const ANSWERS = {
  "server field": {
    reason: "Caddy names itself; gatekeeper does not, and what the origin says of itself passes",
    covers: ({ name, caddy = "", ours = "" }) =>
      name === "header server" &&
      caddy
        .split("\n")
        .filter((line) => line !== "Caddy")
        .join("\n") === ours,
  },
  "date field": {
    reason: "each its own clock",
    covers: ({ name, caddy, ours }) => name === "header date" && caddy !== undefined && ours !== undefined,
  },
  "date of a HEAD": {
    reason: "Bun 1.4.5 puts no Date into an answer to HEAD",
    covers: ({ name, caddy, ours }, { wire }) =>
      name === "header date" && wire.method === "HEAD" && caddy !== undefined && ours === undefined,
  },
  "date of a handshake": {
    reason: "Bun puts a Date into a 101, Caddy none",
    covers: ({ name, caddy }, setting) =>
      name === "header date" && caddy === undefined && sharedStatus(setting) === 101,
  },
  "length of a HEAD": {
    reason: "an empty answer says so to HEAD as it does to GET",
    covers: ({ name, caddy, ours }, { wire }) =>
      name === "header content-length" && wire.method === "HEAD" && caddy === undefined && ours === "0",
  },
  "lines of one field": {
    reason: "lines of one field are joined into one, which means the same (RFC 9110 5.3)",
    covers: ({ name, caddy, ours }) =>
      /^header /.test(name) && caddy?.includes("\n") === true && caddy.replaceAll("\n", ", ") === ours,
  },
  "type set twice": {
    reason: "Caddy adds the origin's Content-Type to the one that header set, and sends two; there can be one only",
    covers: ({ name, caddy, ours }) =>
      name === "header content-type" && ours === "application/x-own" && caddy?.split("\n")[0] === ours,
  },
  "type made up": {
    reason: "Caddy guesses a Content-Type where the origin named none; gatekeeper does not speak for it",
    covers: ({ name, caddy, ours }, { wire, caddy: facts }) =>
      name === "header content-type" &&
      caddy === "text/plain; charset=utf-8" &&
      ours === undefined &&
      facts.get("body") !== "" &&
      /"fields":/.test(wire.line) &&
      !/"Content-Type:/i.test(wire.line),
  },
  "compressed as it came": {
    reason: "Caddy asks for gzip on its own and takes it off again; gatekeeper passes on what the origin sent",
    covers: ({ name }, { wire, caddy, ours }) =>
      /^header (content-encoding|content-length|transfer-encoding)$/.test(name) &&
      !sends(wire, "accept-encoding") &&
      caddy.get("header content-encoding") === undefined &&
      ours.get("header content-encoding") === "gzip" &&
      ours.get("body") === caddy.get("body"),
  },
  "own errors": {
    reason: "an error of gatekeeper's own has a short plain body, says why, and is not to be stored",
    covers: ({ name }, setting) =>
      /^(body|header (content-type|content-length|cache-control|proxy-status|connection|date))$/.test(name) &&
      isMadeByUs(setting) &&
      sharedStatus(setting) >= 400,
  },
  "answers for own errors": {
    reason:
      "what is answered for an error of gatekeeper's own by handle_errors says so as well, and is not to be stored",
    covers: ({ name, caddy, ours }, setting) =>
      caddy === undefined &&
      (name === "header proxy-status" || (name === "header cache-control" && ours === "no-store")) &&
      isMadeByUs(setting) &&
      sharedStatus(setting) < 400,
  },
  "refused by the parser": {
    reason: "a request that Bun refuses itself gets a bare 400 from it, and one from Caddy with a body",
    covers: ({ name }, setting) =>
      /^(body|header (content-type|content-length|connection|date))$/.test(name) &&
      sharedStatus(setting) === 400 &&
      setting.ours.get("body") === "" &&
      !isMadeByUs(setting),
  },
  "space in the target": {
    reason: "Bun takes what follows the space for the version, and says 505",
    covers: ({ name }, { wire }) => asksFor(wire, "GET /a b") && /^(status|body|header content-type)$/.test(name),
  },
  "body of a GET": {
    reason: "Bun does not hand over the body of a GET, and a request is not sent on without its body",
    covers: (_, { wire, ours }) =>
      asksFor(wire, "GET /") && /\| body \w/.test(wire.line) && ours.get("status") === "400",
  },
  "body over the limit": {
    reason: "a body that is said to be too large is refused with 413 at once; Caddy reads it first, and says 502",
    covers: ({ name }, setting) =>
      !/^ORIGIN/.test(name) &&
      / \| bytes \d+/.test(setting.wire.line) &&
      setting.ours.get("status") === "413" &&
      isMadeByUs(setting),
  },
  "deferred on an empty answer": {
    reason: "the empty 200 of a request that nothing answered is an answer, too; Caddy leaves deferred edits out",
    covers: ({ name, caddy }, { wire }) =>
      asksFor(wire, "GET /nothing") && /^header x-(default|deferred)$/.test(name) && caddy === undefined,
  },
  "defaults each by itself": {
    reason: "Caddy sets the ?Fields of one block only where the answer has none of them",
    covers: ({ name, caddy, ours }, { wire }) =>
      asksFor(wire, "GET /defaults") && name === "header x-c" && caddy === undefined && ours === "default",
  },
} as const satisfies Table;
