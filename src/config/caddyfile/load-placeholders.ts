import type { CaddyfileInput } from "./input.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

const AT_LOAD = /(?<!\\)\{(env|file)\.([^{}]+)\}/g;

/** Fills in `{env.NAME}` and `{file.PATH}`, whose values hold until the next load (Caddy fills them in later). */
export function fillAtLoad(tokens: readonly Token[], input: CaddyfileInput, report: Report): readonly Token[] {
  return tokens.map((token) => (token.text.includes("{") ? filled(token, input, report) : token));
}

function filled(token: Token, input: CaddyfileInput, report: Report): Token {
  const text = token.text.replace(AT_LOAD, (written: string, kind: string, name: string) => {
    // These are words of templates (`{http.request.uri.path.file.base}`), and no files.
    if (kind === "file" && (name === "base" || name === "ext")) return written;
    const value = kind === "env" ? fromEnvironment(name, token, input, report) : fromFile(name, token, input, report);
    if (!/\{[\w.-]+\}/.test(value)) return value;
    // Caddy would pass it on as it is; here it would be filled in by each request.
    report.error(token, `the value of ${written} holds a placeholder itself`, { expected: "a plain value" });
    return written;
  });
  return text === token.text ? token : { ...token, text, quote: token.quote === "" ? '"' : token.quote };
}

function fromEnvironment(name: string, token: Token, input: CaddyfileInput, report: Report): string {
  const value = input.env(name);
  if (value === undefined) report.warning(token, `the environment has no ${name}, so nothing stands here`);
  return value ?? "";
}

function fromFile(path: string, token: Token, input: CaddyfileInput, report: Report): string {
  const text = input.readFile(path);
  if (text.ok) return text.value.replace(/\r?\n$/, "");
  report.error(token, text.fault, { expected: "the path of a file whose text stands here" });
  return "";
}
