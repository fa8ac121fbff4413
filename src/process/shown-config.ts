import type { Config } from "../config/model.ts";

const HIDDEN = "(hidden)";
/** Keys of the model whose values are secrets: private keys, hashes of passwords, what cookies are signed with. */
const SECRETS: ReadonlySet<string> = new Set(["clientKey", "hash", "secret"]);
/** Header fields that nobody should read over a shoulder. */
const SECRET_FIELD = /^(?:authorization|proxy-authorization|cookie|set-cookie)$|token|secret|password|api-?key/i;
/** Long texts that are in a file anyway. */
const LONG: ReadonlySet<string> = new Set(["cert", "ca", "clientCert", "content"]);

/** A configuration for people to read: as it is, but for secrets, and with the lengths of files in their place. */
export function shownConfig(config: Config): unknown {
  return shown(config);
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const isSecretField = entries.some(
    ([key, own]) => key === "field" && typeof own === "string" && SECRET_FIELD.test(own),
  );
  const isKeyPair = entries.some(([key]) => key === "keyFile");
  return Object.fromEntries(
    entries.map(([key, own]) => {
      if (own === undefined) return [key, null];
      if (typeof own === "string" && (SECRETS.has(key) || (isKeyPair && key === "key"))) return [key, HIDDEN];
      if (isSecretField && key !== "field") return [key, HIDDEN];
      if (typeof own === "string" && LONG.has(key)) return [key, `(${own.length} characters)`];
      return [key, shown(own)];
    }),
  );
}
