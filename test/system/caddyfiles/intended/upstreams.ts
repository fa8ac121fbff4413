import { isTarget, sharedStatus, type Table } from "./intended.ts";

/** In what is done with an origin's answer, and in which origin is asked. */
export const UPSTREAMS = {
  "text of a status": {
    reason: "{rp.status_text} is the text of the status, whatever the origin wrote behind it",
    covers: ({ name, caddy, ours }, setting) =>
      /^(body|header content-length)$/.test(name) &&
      sharedStatus(setting) === 503 &&
      (name !== "body" || caddy?.replace(/\d+ As Asked$/, "") === ours?.replace(/\d+ [A-Z][A-Za-z ]+$/, "")),
  },
  "value of a sticky cookie": {
    reason: "it is made from the origin's address, whose port is another one for each proxy",
    covers: ({ name, caddy = "", ours = "" }) =>
      name === "header set-cookie" && IS_STICKY.test(caddy) && withoutValue(caddy) === withoutValue(ours),
  },
  "a sticky cookie's attributes": {
    reason: "as in today's Caddy it is kept from scripts, and from requests that other sites make; 2.6.2 says neither",
    covers: ({ name, caddy = "", ours = "" }) =>
      name === "header set-cookie" &&
      IS_STICKY.test(caddy) &&
      `${withoutValue(caddy)}; HttpOnly; SameSite=Lax` === withoutValue(ours),
  },
  "the origin of a hash": {
    reason: "a hash on a ring chooses by addresses, of which some move when one goes; Caddy's hashes by its own way",
    covers: ({ name, caddy, ours }, { wire, ...facts }) =>
      isTarget(name) &&
      /^GET \/hash\//.test(wire.line) &&
      (caddy === undefined) !== (ours === undefined) &&
      facts.caddy.has("ORIGIN 1") === facts.ours.has("ORIGIN_2 1"),
  },
} as const satisfies Table;

const IS_STICKY = /^(?:lb|sticky)=[0-9a-f]{64}; Path=\/$/;

function withoutValue(cookie: string): string {
  return cookie.replace(/=[0-9a-f]{64};/, "=;");
}
