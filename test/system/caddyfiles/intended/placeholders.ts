import { atOrigin, type Table } from "./intended.ts";

/** In what stands for a placeholder. */
export const PLACEHOLDERS = {
  "a cookie that is missing": {
    reason: "what is missing is empty; of a cookie alone Caddy leaves the placeholder as it stands",
    covers: ({ name, caddy, ours }) =>
      atOrigin(name) === "header x-cookie" && caddy?.replaceAll("{http.request.cookie.c}", "") === ours,
  },
  "lines of one field in a value": {
    reason: "Bun joins the lines of one field with a blank, Caddy's placeholder without",
    covers: ({ name, caddy, ours }) =>
      (atOrigin(name) === "header x-field" || name === "header x-down") &&
      caddy?.replaceAll("\n", ", ").replaceAll("[one,two]", "[one, two]") === ours,
  },
  "an IPv6 address as host": {
    reason: "an address keeps its brackets, without which https://{host} would be none",
    covers: ({ name, caddy, ours }, { wire }) =>
      /\| Host: \[::1\]/.test(wire.line) &&
      (atOrigin(name).startsWith("header x-host-") || name === "header x-down") &&
      caddy?.replaceAll("::1", "[::1]").replaceAll("\n", ", ") === ours,
  },
  "the base of no file": {
    reason: "where a path ends in a slash there is no file; Caddy shows the last segment, or a slash",
    covers: ({ name, ours }, { wire }) =>
      atOrigin(name) === "header x-base" && /^\S+ (\/a\/b)?\/[? ]/.test(`${wire.line} `) && ours === "",
  },
  "an upstream's address": {
    reason: "without tcp/ before it",
    covers: ({ name, caddy, ours }) => atOrigin(name) === "header x-peer-address" && caddy === `tcp/${ours}`,
  },
  "a placeholder that is none": {
    reason: "what is escaped stays as it was written; Caddy shows the long name",
    covers: ({ name, caddy, ours }) =>
      name === "header x-escaped" && caddy === "{http.request.host}" && ours === "{host}",
  },
} as const satisfies Table;
