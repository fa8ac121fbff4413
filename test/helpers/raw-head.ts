import type { RawConnection } from "./raw.ts";

/** The head of a message as it stood on the wire, each byte one character (Latin-1). */
export interface RawHead {
  /** Everything with the empty line. */
  readonly text: string;
  /** Request line or status line. */
  readonly start: string;
  /** Name and value of each line, in order and spelling; only the spaces around the value are cut. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export function parseHead(bytes: Buffer): RawHead {
  const text = bytes.toString("latin1");
  const [start = "", ...lines] = text.slice(0, -4).split("\r\n");
  const fields = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
  });
  return { text, start, fields };
}

/** Every value of a field, in order; its name in any case. */
export function valuesOf(head: RawHead, name: string): readonly string[] {
  return head.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The value of a field that stands there once; undefined where it does not stand there. */
export function valueOf(head: RawHead, name: string): string | undefined {
  const values = valuesOf(head, name);
  if (values.length > 1) throw new Error(`${name} stands there ${values.length} times`);
  return values[0];
}

/** How the end of a body is told (RFC 9112 6.3). */
export type Framing = "none" | "length" | "chunked" | "close";

export function requestFraming(head: RawHead): Framing {
  if (valueOf(head, "transfer-encoding") !== undefined) return "chunked";
  return valueOf(head, "content-length") === undefined ? "none" : "length";
}

export function responseFraming(head: RawHead, method: string): Framing {
  const status = Number(head.start.slice(9, 12));
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
  if (valueOf(head, "transfer-encoding") !== undefined) return "chunked";
  return valueOf(head, "content-length") === undefined ? "close" : "length";
}

/** Reads a body to its end, chunks put together. */
export async function readBody(connection: RawConnection, head: RawHead, framing: Framing): Promise<Buffer> {
  switch (framing) {
    case "none":
      return Buffer.alloc(0);
    case "length":
      return connection.take(Number(valueOf(head, "content-length")));
    case "close":
      return connection.rest();
    case "chunked": {
      const chunks: Buffer[] = [];
      for (let chunk = await connection.chunk(); chunk.length > 0; chunk = await connection.chunk()) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
  }
}
