import type { Config } from "./model.ts";
import { isSecretName } from "./secret-names.ts";

const HIDDEN = "(hidden)";

/** Keys of the model whose values are secrets. */
const SECRET_KEYS = new Set(["secret", "hash"]);

/** What a process serves by, for people: passwords, keys and the like are not in it, nor the bytes of files. */
export function shownConfig(config: Config): unknown {
  return shown(config);
}

function shown(value: unknown): unknown {
  if (typeof value === "string") return shownText(value);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  // `{ field, value }`, `{ field, regexp, with }`, `{ parameter, values }`
  const name = entries.find(([key]) => key === "field" || key === "parameter")?.[1];
  const isSecret = typeof name === "string" && isSecretName(name);
  return Object.fromEntries(
    entries.map(([key, each]) => {
      if (isSecret && key !== "field" && key !== "parameter") return [key, HIDDEN];
      if (SECRET_KEYS.has(key)) return [key, HIDDEN];
      if (key === "content" && typeof each === "string") return [key, `(${each.length} bytes)`];
      return [key, shown(each)];
    }),
  );
}

/** PEM is told by its look: a key is a secret, a certificate is long. Words for people may stand before either. */
function shownText(text: string): string {
  if (!text.includes("-----BEGIN ")) return text;
  return text.includes("PRIVATE KEY") ? HIDDEN : "(PEM)";
}
