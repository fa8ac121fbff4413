/** `node:zlib` when it is first needed: it takes 6 MB, and most processes compress nothing (Bun 1.4.5). */
export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
