import { isUtf8 } from "node:buffer";
import { accept, type Parsed, refuse } from "../core/parsed.ts";
import type { PageFile } from "./routes-model.ts";
import { readBytes } from "./read-file.ts";

/** What is said to be right, where a file is not. */
export const PAGE_EXPECTED = "a file that can be read, of at most 1 MiB";

/** A page is kept in memory, and goes to every worker. */
const MOST_BYTES = 1024 * 1024;

/**
 * Reads a file that answers are made of. Its content type is by its name's extension where none is given.
 *
 * @returns why it is not to be had, in words
 */
export function readPageFile(path: string, contentType?: string): Parsed<PageFile> {
  const bytes = readBytes(path);
  if (!bytes.ok) return bytes;
  const { value } = bytes;
  if (value.length > MOST_BYTES) return refuse("the file is larger than 1 MiB");
  const content = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
  return accept({ path, contentType: contentType ?? typeOf(path, value), content });
}

function typeOf(path: string, bytes: Uint8Array): string {
  // By its name alone: nothing is opened for it.
  const { type } = Bun.file(path);
  if (type !== UNKNOWN) return type;
  return isUtf8(bytes) ? "text/plain; charset=utf-8" : UNKNOWN;
}

const UNKNOWN = "application/octet-stream";
