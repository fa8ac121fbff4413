import { decodePercentBytes } from "../bytes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { Handler } from "./handler.ts";
import { retarget } from "./target.ts";

/**
 * Takes a prefix from the start of the path. As in Caddy it is found in any case and however it is encoded, with slashes
 * merged unless it has `//` itself; an encoding that stands in the prefix has to stand in the path. What comes after it
 * stays byte for byte as it was sent (Caddy merges its slashes).
 */
export class StripPrefix implements Handler {
  readonly #prefix: Template;

  constructor(prefix: string) {
    this.#prefix = compileTemplate(prefix);
  }

  handle(session: GatewaySession): undefined {
    const prefix = this.#prefix.of(session);
    const end = endOfPrefix(session.path, prefix.startsWith("/") ? prefix : `/${prefix}`);
    if (end !== undefined) retarget(session, session.path.slice(end));
  }
}

/** Where the path goes on after the prefix; undefined where it does not begin with it. */
function endOfPrefix(path: string, prefix: string): number | undefined {
  const mergesSlashes = !prefix.includes("//");
  let at = 0;
  for (let i = 0; i < prefix.length; i++) {
    if (at >= path.length) return undefined;
    const wanted = prefix[i] ?? "";
    const isEncoded = path[at] === "%" && wanted !== "%";
    const length = isEncoded ? 3 : 1;
    const found = isEncoded ? decodePercentBytes(path.slice(at, at + length)) : path[at];
    if (found?.toLowerCase() !== wanted.toLowerCase()) return undefined;
    at += length;
    if (mergesSlashes && found === "/" && !isEncoded) while (path[at] === "/") at++;
  }
  return at;
}
