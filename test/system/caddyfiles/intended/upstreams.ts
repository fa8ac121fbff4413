import { sharedStatus, type Table } from "./intended.ts";

/** In what is done with an origin's answer, and in which origin is asked. */
export const UPSTREAMS = {
  "answers that no route gives": {
    reason: "where the routes of handle_response answer nothing the origin's answer goes on; Caddy's is 200 and empty",
    covers: (_, { wire, caddy, ours }) =>
      /"status":406/.test(wire.line) &&
      caddy.get("status") === "200" &&
      caddy.get("body") === "" &&
      ours.get("status") === "406",
  },
  "text of a status": {
    reason: "{rp.status_text} is the text of the status, whatever the origin wrote behind it",
    covers: ({ name, caddy, ours }, setting) =>
      /^(body|header content-length)$/.test(name) &&
      sharedStatus(setting) === 503 &&
      (name !== "body" || caddy?.replace(/\d+ As Asked$/, "") === ours?.replace(/\d+ [A-Z][A-Za-z ]+$/, "")),
  },
} as const satisfies Table;
