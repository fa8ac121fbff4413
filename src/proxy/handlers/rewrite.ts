import type { PlaceholderName } from "../../core/placeholders.ts";
import { parseTemplate, type Placeholder, type TemplatePart } from "../../core/template.ts";
import { bytesOfText } from "../bytes.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { pathReaders, READERS, type Reader } from "../placeholders.ts";
import type { Handler } from "./handler.ts";
import { encodePath, encodePathValue, encodeQuery, encodeQueryValue, retarget } from "./target.ts";

/**
 * Sends another path, another query, or both upstream (Caddy's `rewrite`). Without `?` the query stays as it is; a lone
 * `?` takes it away. What the client sent goes in as it was sent (Caddy decodes it, so that `%2F` becomes a slash and
 * `%3F` ends the path); other values are encoded, so that none of them can end the path or begin a parameter.
 */
export class Rewrite implements Handler {
  readonly #path: readonly Piece[];
  /** Undefined where the template has no `?`. */
  readonly #query: readonly Component[] | undefined;

  constructor(to: string) {
    const parsed = parseTemplate(to);
    if (!parsed.ok) throw new Error(`an unchecked template: ${parsed.fault}`);
    const { path, query } = split(parsed.value);
    this.#path = path.map(pathPiece);
    this.#query = query === undefined ? undefined : components(query);
  }

  handle(session: GatewaySession): undefined {
    if (this.#path.length === 0) {
      retarget(session, session.path, this.#queryFor(session));
      return;
    }
    const path = joined(this.#path, session);
    // `{uri}` brings its query along.
    const mark = path.indexOf("?");
    retarget(
      session,
      mark < 0 ? path : path.slice(0, mark),
      this.#query === undefined && mark >= 0 ? path.slice(mark) : this.#queryFor(session),
    );
  }

  /** From its `?` on; undefined to leave it as it is. */
  #queryFor(session: GatewaySession): string | undefined {
    if (this.#query === undefined) return undefined;
    let query = "";
    for (const { separator, pieces } of this.#query) {
      const text = joined(pieces, session);
      // An empty key makes no parameter, so that `?{query}&a=b` begins with `a` where there is no query.
      query += (separator === "&" && (query === "" || text === "") ? "" : separator) + text;
    }
    return query === "" ? "" : `?${query}`;
  }
}

/** A text that is encoded already, or what reads one. */
type Piece = string | ((session: GatewaySession) => string);

/** A key (after `&`, or the first) or a value (after `=`) of the query. */
interface Component {
  readonly separator: "&" | "=" | "";
  readonly pieces: readonly Piece[];
}

function joined(pieces: readonly Piece[], session: GatewaySession): string {
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : piece(session);
  return text;
}

/** At the first `?` of the template itself. Of what comes after a `#`, nothing is ever sent. */
function split(parts: readonly TemplatePart[]): {
  readonly path: readonly TemplatePart[];
  readonly query: readonly TemplatePart[] | undefined;
} {
  const path: TemplatePart[] = [];
  let query: TemplatePart[] | undefined;
  for (const part of parts) {
    if (part.type === "placeholder") {
      (query ?? path).push(part);
      continue;
    }
    const fragment = part.text.indexOf("#");
    const text = fragment < 0 ? part.text : part.text.slice(0, fragment);
    const mark = query === undefined ? text.indexOf("?") : -1;
    push(query ?? path, mark < 0 ? text : text.slice(0, mark));
    if (mark >= 0) push((query = []), text.slice(mark + 1));
    if (fragment >= 0) break;
  }
  return { path, query };
}

function push(parts: TemplatePart[], text: string): void {
  if (text !== "") parts.push({ type: "text", text });
}

/** Parts of the target that go in as they were sent. */
const AS_SENT: Partial<Readonly<Record<PlaceholderName, (argument: string) => Reader>>> = {
  ...pathReaders((path) => path),
  "http.request.uri": READERS["http.request.uri"],
  "http.request.uri.query": READERS["http.request.uri.query"],
  "http.request.uri.prefixed_query": READERS["http.request.uri.prefixed_query"],
  "http.request.orig_uri": READERS["http.request.orig_uri"],
  "http.request.orig_uri.query": READERS["http.request.orig_uri.query"],
};

function pathPiece(part: TemplatePart): Piece {
  if (part.type === "text") return encodePath(bytesOfText(part.text));
  const asSent = AS_SENT[part.name]?.(part.argument);
  if (asSent !== undefined) return (session) => asSent(session, undefined);
  return valuePiece(part, encodePathValue);
}

function valuePiece({ name, argument }: Placeholder, encode: (value: string) => string): Piece {
  const read = READERS[name](argument);
  return (session) => encode(read(session, undefined));
}

/** Keys and values. A whole query goes in as it was sent where a key would stand, and encoded within a value. */
function components(parts: readonly TemplatePart[]): readonly Component[] {
  const found: { separator: "&" | "=" | ""; pieces: Piece[] }[] = [{ separator: "", pieces: [] }];
  for (const part of parts) {
    if (part.type === "text") {
      for (const piece of part.text.split(/(?=[&=])/)) {
        const inValue = found.at(-1)?.separator === "=";
        const [first] = piece;
        // Only the first `=` ends a key.
        const separator = first === "&" || (first === "=" && !inValue) ? first : "";
        if (separator !== "") found.push({ separator, pieces: [] });
        found.at(-1)?.pieces.push(encodeQuery(bytesOfText(piece.slice(separator.length))));
      }
      continue;
    }
    const isKey = found.at(-1)?.separator !== "=";
    const asSent = isKey && QUERIES.has(part.name) ? AS_SENT[part.name]?.(part.argument) : undefined;
    found
      .at(-1)
      ?.pieces.push(
        asSent === undefined ? valuePiece(part, encodeQueryValue) : (session) => asSent(session, undefined),
      );
  }
  return found;
}

const QUERIES: ReadonlySet<PlaceholderName> = new Set(["http.request.uri.query", "http.request.orig_uri.query"]);
