import type { Peer } from "../peer.ts";
import type { Selection, SelectionFacts } from "../selection.ts";
import { rankOf } from "./rank.ts";

export interface StickyOptions {
  readonly name: string;
  readonly secret: string;
  /** 0 is a cookie of the session. */
  readonly maxAgeMs: number;
  /** Chooses for a client without the cookie, or whose peer is not available. */
  readonly fallback: Selection;
}

/**
 * Brings a client back to its peer by a cookie, whose value is the HMAC-SHA256 of the peer's address by a secret, in hex
 * (Caddy's `cookie`): it tells nothing of the address, and cannot be made up.
 */
export class StickyCookie {
  readonly #name: string;
  readonly #attributes: string;
  readonly #fallback: Selection;
  readonly #byValue: ReadonlyMap<string, Peer>;
  readonly #values: ReadonlyMap<Peer, string>;

  constructor(peers: readonly Peer[], { name, secret, maxAgeMs, fallback }: StickyOptions) {
    this.#name = name;
    this.#fallback = fallback;
    const age = maxAgeMs > 0 ? `; Max-Age=${Math.round(maxAgeMs / 1000)}` : "";
    this.#attributes = `; Path=/${age}; HttpOnly; SameSite=Lax`;
    this.#values = new Map(peers.map((peer) => [peer, valueOf(peer, secret)]));
    this.#byValue = new Map([...this.#values].map(([peer, value]) => [value, peer]));
  }

  readonly select: Selection = (facts, tried) => {
    const value = this.#valueFrom(facts);
    const peer = value === undefined ? undefined : this.#byValue.get(value);
    return peer !== undefined && rankOf(peer, tried) <= 1 ? peer : this.#fallback(facts, tried);
  };

  /** The Set-Cookie that goes with an answer of this peer; undefined where the client has the cookie already. */
  cookieFor(facts: SelectionFacts, peer: Peer): string | undefined {
    const value = this.#values.get(peer);
    if (value === undefined || this.#valueFrom(facts) === value) return undefined;
    return `${this.#name}=${value}${this.#attributes}${facts.secure ? "; Secure" : ""}`;
  }

  #valueFrom({ headers }: SelectionFacts): string | undefined {
    const cookies = headers.get("cookie");
    if (cookies === null) return undefined;
    for (const cookie of cookies.split(";")) {
      const equals = cookie.indexOf("=");
      if (equals > 0 && cookie.slice(0, equals).trim() === this.#name) return cookie.slice(equals + 1).trim();
    }
    return undefined;
  }
}

/** Caddy hashes what it dials, `127.0.0.1:3000`. */
function valueOf({ address, name }: Peer, secret: string): string {
  const dialled = address.type === "tcp" && address.tls ? name.slice("https://".length) : name;
  return new Bun.CryptoHasher("sha256", secret).update(dialled).digest("hex");
}
