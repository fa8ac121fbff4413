import { jsonBytes } from "./escape.ts";
import { REDACTED, type Redaction } from "./redaction.ts";

/** Values up to this long are remembered, with what is written for them. */
const REMEMBERED_CHARS = 512;
/** Messages with more fields are written without remembering. */
const MOST_FIELDS = 64;

/** One field of the last message that had as many. */
interface Known {
  readonly name: string;
  value: string;
  json: string;
}

interface Layout {
  readonly fields: readonly Known[];
  /** It had the one that is left out, too. */
  readonly hasLeftOut: boolean;
  /** All of them. */
  text: string;
}

/**
 * Writes the fields of messages as JSON, under the names that Go, and so Caddy, writes. The messages of a site are alike: one that
 * has the names of an earlier one needs no list of its fields, which costs more than all else in a line (Bun 1.4.5), and of
 * what is written for its values most is there already.
 */
export class FieldsJson {
  readonly #redaction: Redaction;
  readonly #leftOut: string | undefined;
  /** By how many fields there are. */
  readonly #layouts: (Layout | undefined)[] = [];

  /** @param leftOut a field that is said elsewhere */
  constructor(redaction: Redaction, leftOut?: string) {
    this.#redaction = redaction;
    this.#leftOut = leftOut;
  }

  text(headers: Headers): string {
    const { count } = headers;
    if (count > MOST_FIELDS) return this.#learn(headers);
    const layout = this.#layouts[count];
    const known = layout === undefined ? undefined : this.#known(layout, headers);
    if (known !== undefined) return known;
    // Part of it may speak of this message already.
    this.#layouts[count] = undefined;
    return this.#learn(headers);
  }

  /** Undefined where the names are other ones. */
  #known(layout: Layout, headers: Headers): string | undefined {
    if (this.#leftOut !== undefined && headers.has(this.#leftOut) !== layout.hasLeftOut) return undefined;
    let isSame = true;
    for (const known of layout.fields) {
      const value = headers.get(known.name);
      if (value === null) return undefined;
      if (value === known.value || this.#redaction.headers.has(known.name)) continue;
      // It would be kept for nothing.
      if (value.length > REMEMBERED_CHARS) return undefined;
      known.value = value;
      known.json = this.#json(known.name, value);
      isSame = false;
    }
    if (!isSame) layout.text = joined(layout.fields);
    return layout.text;
  }

  #learn(headers: Headers): string {
    const fields: Known[] = [];
    let isMemorable = true;
    let hasLeftOut = false;
    const all: Readonly<Record<string, string | readonly string[]>> = headers.toJSON();
    for (const name in all) {
      if (name === this.#leftOut) {
        hasLeftOut = true;
        continue;
      }
      const value = all[name] ?? "";
      // Set-Cookie, the one field that comes once for each of its lines.
      const isPlain = typeof value === "string";
      const isRedacted = this.#redaction.headers.has(name);
      if (!isPlain || (value.length > REMEMBERED_CHARS && !isRedacted)) isMemorable = false;
      const json = isPlain || isRedacted ? this.#json(name, isPlain ? value : "") : cookies(value);
      fields.push({ name, value: isPlain && !isRedacted ? value : "", json });
    }
    const text = joined(fields);
    const count = fields.length + (hasLeftOut ? 1 : 0);
    if (isMemorable && headers.count === count && count <= MOST_FIELDS) {
      this.#layouts[count] = { fields, hasLeftOut, text };
    }
    return text;
  }

  #json(name: string, value: string): string {
    const shown = this.#redaction.headers.has(name) ? REDACTED : this.#redaction.value(name, value);
    return `${FREQUENT.get(name) ?? jsonBytes(canonical(name))}:[${jsonBytes(shown)}]`;
  }
}

/** Flat, since it is kept: not a tree of its pieces. */
function joined(fields: readonly Known[]): string {
  return `{${fields.map(({ json }) => json).join(",")}}`;
}

function cookies(values: readonly string[]): string {
  return `"Set-Cookie":[${values.map(jsonBytes).join(",")}]`;
}

/** `user-agent` as `User-Agent`. */
function canonical(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Made once: spelling them costs more than all the rest of a field. */
const FREQUENT: ReadonlyMap<string, string> = new Map(
  (
    "accept accept-encoding accept-language accept-ranges access-control-allow-origin age authorization cache-control " +
    "connection content-encoding content-length content-type cookie date dnt etag expires host if-modified-since " +
    "if-none-match last-modified link location origin pragma priority proxy-status range referer sec-ch-ua " +
    "sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-websocket-key " +
    "sec-websocket-version server set-cookie strict-transport-security transfer-encoding upgrade " +
    "upgrade-insecure-requests user-agent vary via x-content-type-options x-forwarded-for x-forwarded-host " +
    "x-forwarded-proto x-frame-options x-powered-by x-request-id x-requested-with"
  )
    .split(" ")
    .map((name) => [name, `"${canonical(name)}"`] as const),
);
