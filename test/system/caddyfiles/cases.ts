import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readWires, type Wire } from "./wire.ts";

const FOLDER = join(import.meta.dir, "cases");

/** What files import, as `imported/…` beside them. */
export const IMPORTED = join(FOLDER, "imported");

/** A Caddyfile and what is asked of it. */
export interface Case {
  readonly name: string;
  readonly caddyfile: string;
  readonly wires: readonly Wire[];
}

/** Every `cases/NAME.caddyfile` with its `NAME.requests`. */
export async function readCases(): Promise<readonly Case[]> {
  const names = readdirSync(FOLDER).filter((file) => file.endsWith(".caddyfile"));
  const read = names.sort().map(async (file) => {
    const name = file.slice(0, -".caddyfile".length);
    const [caddyfile, requests] = await Promise.all([
      Bun.file(join(FOLDER, file)).text(),
      Bun.file(join(FOLDER, `${name}.requests`)).text(),
    ]);
    return { name, caddyfile, wires: readWires(requests) };
  });
  return Promise.all(read);
}

/** What Debian's Caddy calls otherwise than the Caddy of today, whose names the files have. */
const OLDER: readonly (readonly [RegExp, string])[] = [
  // Renamed in 2.8.
  [/\bbasic_auth\b/g, "basicauth"],
  [/\blog_skip\b/g, "skip_log"],
  // New in 2.7. Where no proxy is trusted the two are the same.
  [/\bclient_ip\b/g, "remote_ip"],
  // New in 2.8: it keeps Caddy from writing its configuration down, which these folders do not mind.
  [/\bpersist_config off\b/g, ""],
  // 2.6.2 has no encoder of Brotli.
  [/\bencode zstd br gzip\b/g, "encode zstd gzip"],
];

export function forOlderCaddy(caddyfile: string): string {
  return OLDER.reduce((text, [pattern, older]) => text.replace(pattern, older), caddyfile);
}
