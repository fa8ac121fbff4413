import type { Peer } from "../peer.ts";
import type { Selection, SelectionFacts } from "../selection.ts";
import { bestRank, rankOf, UNAVAILABLE } from "./rank.ts";

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
  readonly #peers: readonly Peer[];
  readonly #fallback: Selection;
  readonly #byValue: ReadonlyMap<string, Peer>;
  readonly #values: ReadonlyMap<Peer, string>;

  constructor(peers: readonly Peer[], { name, secret, maxAgeMs, fallback }: StickyOptions) {
    this.#name = name;
    this.#peers = peers;
    this.#fallback = fallback;
    // Rounded up: with `Max-Age=0` it would be gone at once (RFC 6265 5.2.2).
    const age = maxAgeMs > 0 ? `; Max-Age=${Math.ceil(maxAgeMs / 1000)}` : "";
    this.#attributes = `; Path=/${age}; HttpOnly`;
    this.#values = new Map(peers.map((peer) => [peer, valueOf(peer, secret)]));
    this.#byValue = new Map([...this.#values].map(([peer, value]) => [value, peer]));
  }

  readonly select: Selection = (facts, tried) => {
    const value = this.#valueFrom(facts);
    const peer = value === undefined ? undefined : this.#byValue.get(value);
    // Also one that real requests fail on is left where there is a better one (Caddy).
    const best = bestRank(this.#peers, tried);
    const isBest = peer !== undefined && best !== UNAVAILABLE && rankOf(peer, tried) === best;
    return isBest ? peer : this.#fallback(facts, tried);
  };

  /** Whether the client has the cookie of this peer already. */
  isKnown(facts: SelectionFacts, peer: Peer): boolean {
    return this.#valueFrom(facts) === this.#values.get(peer);
  }

  /**
   * The Set-Cookie that goes with an answer of this peer; undefined for one that left the route. By https it is also sent
   * from within pages of other sites, which browsers allow for nothing else (Caddy).
   */
  cookieOf(peer: Peer, isHttps: boolean): string | undefined {
    const value = this.#values.get(peer);
    if (value === undefined) return undefined;
    return `${this.#name}=${value}${this.#attributes}; ${isHttps ? "SameSite=None; Secure" : "SameSite=Lax"}`;
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
