import { basename } from "node:path";

/**
 * True for a Caddyfile: by its name (`Caddyfile`, `Caddyfile.prod`, `site.caddyfile`, `site.caddy`), else by its look. A
 * file whose name is that of YAML never is one.
 */
export function looksLikeCaddyfile(fileName: string, text: string): boolean {
  const name = basename(fileName);
  if (/^caddyfile(?:\.|$)/i.test(name)) return !/\.(?:json|ya?ml)$/i.test(name);
  if (/\.(?:caddyfile|caddy)$/i.test(name)) return true;
  if (/\.(?:ya?ml|json)$/i.test(name)) return false;
  const lines = text.split("\n").filter((line) => /^\s*[^\s#]/.test(line));
  const [first = ""] = lines;
  // A mapping of YAML has its colon and a blank behind a plain key; addresses have none.
  if (/^\s*["']?[\w-]+["']?\s*:(?:\s|$)/.test(first) || /^(?:---|%YAML|- )/.test(first)) return false;
  if (/^\s*\{\s*$/.test(first) || /^\s*\([^)]*\)\s*\{\s*$/.test(first))
    return lines.some((line) => /^\s*\}/.test(line));
  const opening = /^[^\s{"'][^{]*\{\s*(?:#.*)?$/m.test(text) && /^\s*\}\s*(?:#.*)?$/m.test(text);
  const directive =
    /^\s*(?:reverse_proxy|respond|redir|rewrite|handle|handle_path|route|header|encode|file_server|import|tls|log|uri)\b/m;
  const address = /^(?:https?:\/\/\S+|(?:[\w*.-]+|\[[\da-f:]+\])?:\d+|[\w*-]+(?:\.[\w-]+)+|localhost)(?:[\s,].*)?$/i;
  return opening || (address.test(first.trim()) && directive.test(text));
}
