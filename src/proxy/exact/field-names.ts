/** Names that are not spelled with a capital at the start of each word alone. */
const SPECIAL: ReadonlyMap<string, string> = new Map(
  ["DNT", "ETag", "TE", "Content-MD5", "WWW-Authenticate", "X-UA-Compatible", "X-XSS-Protection"].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/** Names come from clients: no more of them are remembered, and none that is longer. */
const MOST_NAMES = 512;
const MOST_CHARS = 64;

/**
 * What stands before a field's value on the wire, `User-Agent: `, by the name in small letters that Bun gives us of any spelling.
 * As Go's canonical form (so Caddy's), which is what most clients sent, and what an upstream that compares letters expects.
 */
export class FieldNames {
  readonly #prefixes = new Map<string, string>();

  prefixOf(name: string): string {
    return this.#prefixes.get(name) ?? this.#learn(name);
  }

  #learn(name: string): string {
    const prefix = `${SPECIAL.get(name) ?? canonical(name)}: `;
    if (this.#prefixes.size < MOST_NAMES && name.length <= MOST_CHARS) this.#prefixes.set(name, prefix);
    return prefix;
  }
}

function canonical(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("-");
}
