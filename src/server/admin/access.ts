import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { AdminConfig, AdminOrigin, ListenAddress } from "../../config/model.ts";
import { isLoopback } from "../../core/address.ts";
import { isAuthority } from "../../core/authority.ts";

/** What a request asks for: whether the process lives, how it does, or that something be changed. */
export type Need = "life" | "read" | "write";

/** Why a request is not answered. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly reason: string;
  /** Of a 401 (RFC 9110 11.6.1). */
  readonly challenge?: string;
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];
const REALM = 'realm="gatekeeper admin"';

/**
 * Who may ask the admin listener for what. A browser is a way in for every page that its user looks at: a page may send
 * requests across, and a name that it is served from may be turned to 127.0.0.1 (DNS rebinding). So the Host has to be a
 * name of the listener's own, an Origin has to be its own, and what is told to come from another site is refused.
 *
 * Changes need the token, where there is one. Where other machines reach the listener, so does all else but what says
 * that the process lives; without a token there, nothing else is answered. A unix socket needs none: its file belongs to
 * the process's user.
 */
export class AdminAccess {
  readonly #address: ListenAddress;
  readonly #isOpen: boolean;
  readonly #names: ReadonlySet<string>;
  /** Listens on every address of the machine, of which there may be some that it does not know. */
  readonly #takesAnyAddress: boolean;
  readonly #origins: readonly AdminOrigin[];
  readonly #token: Uint8Array | undefined;

  /** @param machine the machine's own name */
  constructor(address: ListenAddress, { token, origins }: Pick<AdminConfig, "token" | "origins">, machine: string) {
    this.#address = address;
    this.#origins = origins;
    this.#token = token === undefined ? undefined : digest(token);
    const host = address.type === "tcp" ? address.host : "localhost";
    this.#takesAnyAddress = host === "::" || host === "0.0.0.0";
    this.#isOpen = !isLoopback(host);
    const isLocal = this.#takesAnyAddress || !this.#isOpen;
    this.#names = new Set([
      host,
      ...(isLocal ? LOOPBACK_NAMES : []),
      ...(this.#takesAnyAddress ? [machine.toLowerCase()] : []),
    ]);
  }

  /** Why a request is not answered; undefined where it is. */
  refusal(headers: Headers, need: Need): Refusal | undefined {
    const host = headers.get("host") ?? "";
    // Whoever speaks over a unix socket is no browser, and writes there what it likes.
    if (this.#address.type === "tcp" && !this.#isOwnHost(host)) {
      return { status: 403, reason: "the Host is none of this listener's names; origins: in admin: names more" };
    }
    const origin = headers.get("origin");
    if (origin !== null && !this.#isOwnOrigin(origin, host)) {
      return { status: 403, reason: "the Origin is another site" };
    }
    if (headers.get("sec-fetch-site") === "cross-site") {
      return { status: 403, reason: "the request comes from another site" };
    }
    return this.#lacksToken(headers, need);
  }

  /** Whether a request that was let in may change something too. */
  mayWrite(headers: Headers): boolean {
    return this.#lacksToken(headers, "write") === undefined;
  }

  #lacksToken(headers: Headers, need: Need): Refusal | undefined {
    if (need === "life" || this.#address.type === "unix" || (need === "read" && !this.#isOpen)) return undefined;
    if (this.#token === undefined) {
      if (!this.#isOpen) return undefined;
      const reason = "other machines reach this listener, and it has no token: it answers /health and /ready alone";
      return { status: 403, reason };
    }
    const shown = shownToken(headers.get("authorization") ?? "");
    if (shown !== undefined && timingSafeEqual(digest(shown), this.#token)) return undefined;
    const error = shown === undefined ? "" : ', error="invalid_token"';
    // Whoever opens the page in a browser is asked by it for a password; the page itself asks for a token. One challenge
    // alone: Chromium 156 takes two of them in one field for the first, and asks nobody.
    const isReader = need === "read" && (headers.get("accept") ?? "").includes("text/html");
    const challenge = isReader ? `Basic ${REALM}, charset="UTF-8"` : `Bearer ${REALM}${error}`;
    const reason = shown === undefined ? "the token is missing" : "the token is wrong";
    return { status: 401, reason, challenge };
  }

  /** With whatever port: a tunnel ends at another one. */
  #isOwnHost(host: string): boolean {
    if (!isAuthority(host)) return false;
    const lower = host.toLowerCase();
    if (this.#origins.some(({ authority }) => isSame(authority, lower))) return true;
    const name = nameOf(lower);
    // An address as the Host is the one that was dialled: no name was turned to it.
    return this.#names.has(name) || (this.#takesAnyAddress && isIP(name) > 0);
  }

  /** The one of the page that this very listener gave, or one of those that were named. */
  #isOwnOrigin(origin: string, host: string): boolean {
    const url = URL.parse(origin);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
    if (this.#origins.some((own) => isSame(own.authority, url.host) && fits(own, url.protocol))) return true;
    return this.#address.type === "tcp" && URL.parse(`${url.protocol}//${host}`)?.host === url.host;
  }
}

function fits({ scheme }: AdminOrigin, protocol: string): boolean {
  return scheme === undefined || `${scheme}:` === protocol;
}

/** Whether an authority is the configured one: with its port where it has one. */
function isSame(own: string, seen: string): boolean {
  return own === seen || own === seen.replace(/:\d*$/, "");
}

/** The host of an authority, without brackets and a last dot. */
function nameOf(authority: string): string {
  const host = authority.replace(/:\d*$/, "");
  return host.startsWith("[") ? host.slice(1, -1) : host.replace(/\.$/, "");
}

/** Of `Bearer TOKEN` (RFC 6750 2.1), or the password of `Basic` (RFC 7617), which is what a browser can show. */
function shownToken(authorization: string): string | undefined {
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (scheme === "") return undefined;
  if (scheme.toLowerCase() === "bearer") return value;
  const pair = Buffer.from(value, "base64").toString();
  return pair.slice(pair.indexOf(":") + 1);
}

/** Of one length, so that comparing takes one time. */
function digest(text: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}
