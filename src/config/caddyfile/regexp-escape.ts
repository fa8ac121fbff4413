/** An escape that stands for one character, in a class or out of it. */
export function readEscape(rest: string): { readonly length: number; readonly out: string } | undefined {
  const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
  if (hex !== null) return { length: hex[0].length, out: unicode(Number.parseInt(hex[1] ?? hex[2] ?? "", 16)) };
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal !== null) return { length: octal[0].length, out: unicode(Number.parseInt(octal[1] ?? "", 8)) };
  const next = rest.charAt(1);
  if (next === "a") return { length: 2, out: "\\x07" };
  if ("tnrfv".includes(next) && next !== "") return { length: 2, out: `\\${next}` };
  return /^[!-/:-@[-`{-~]$/.test(next) ? { length: 2, out: `\\${next}` } : undefined;
}

function unicode(code: number): string {
  const units = code > 0xffff ? String.fromCodePoint(code).split("") : [String.fromCharCode(code)];
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
