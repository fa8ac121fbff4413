import { accept, refuse, type Parsed } from "../../core/parsed.ts";

/** Puts Go's way to name groups in a replacement (`$1`, `${1}`, `$name`) into ECMAScript's, which has `$1` alone. */
export function translateReplacement(text: string, groups: readonly (string | undefined)[]): Parsed<string> {
  let fault: string | undefined;
  const out = text.replace(/\$(?:\$|\{(\w+)\}|(\w+)|)/g, (written, braced?: string, bare?: string) => {
    if (written === "$$" || written === "$") return "$$";
    const name = braced ?? bare ?? "";
    const number = /^\d+$/.test(name) ? Number(name) : groups.indexOf(name) + 1;
    if (number >= 1 && number <= groups.length) return `$${String(number).padStart(groups.length > 9 ? 2 : 1, "0")}`;
    // Go puts nothing in place of a group that is not there, and that is never what was meant.
    fault ??= `there is no group "${name}"${/^\d/.test(name) ? `; \${${/^\d+/.exec(name)?.[0]}} parts a number from what follows` : ""}`;
    return "";
  });
  return fault === undefined ? accept(out) : refuse(fault);
}
