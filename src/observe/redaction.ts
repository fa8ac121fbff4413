/** Caddy's word for a value that is not shown. */
export const REDACTED = "REDACTED";

export interface RedactionOptions {
  /** Show Authorization, Cookie, Proxy-Authorization and Set-Cookie (Caddy's `log_credentials`). */
  readonly showsCredentials: boolean;
  /** Further fields that are not shown, of requests and of answers, in small letters. */
  readonly headers: readonly string[];
  /** Parameters of queries that are not shown: of the target, and of URLs in Referer and Location. */
  readonly query: readonly string[];
}

const CREDENTIALS = ["authorization", "cookie", "proxy-authorization", "set-cookie"] as const;

/** What of a request must not stand in a log. */
export class Redaction {
  /** Names of fields, in small letters. */
  readonly headers: ReadonlySet<string>;
  readonly #query: ReadonlySet<string> | undefined;

  constructor({ showsCredentials, headers, query }: RedactionOptions) {
    this.headers = new Set([...(showsCredentials ? [] : CREDENTIALS), ...headers]);
    this.#query = query.length === 0 ? undefined : new Set(query);
  }

  /** A target, or a URL. */
  target(target: string): string {
    const names = this.#query;
    if (names === undefined) return target;
    const start = target.indexOf("?") + 1;
    if (start === 0) return target;
    const hash = target.indexOf("#", start);
    const end = hash < 0 ? target.length : hash;
    const pairs = target
      .slice(start, end)
      .split("&")
      .map((pair) => redacted(pair, names));
    return target.slice(0, start) + pairs.join("&") + target.slice(end);
  }

  /** The value of a field as it may be shown. The field itself is not one of `headers`. */
  value(name: string, value: string): string {
    return name === "referer" || name === "location" ? this.target(value) : value;
  }
}

function redacted(pair: string, names: ReadonlySet<string>): string {
  const equals = pair.indexOf("=");
  if (equals < 0) return pair;
  const name = pair.slice(0, equals);
  return names.has(name) || names.has(decoded(name)) ? `${name}=${REDACTED}` : pair;
}

/** As whoever reads the query would have the name. */
function decoded(name: string): string {
  if (!/[%+]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
