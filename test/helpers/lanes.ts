/** The fields of a client whose requests go upstream by each of the engine's two lanes. */
export const LANES = [
  { lane: "fetch", fields: ["Host: site.test", "User-Agent: test", "Accept: */*"] },
  { lane: "exact", fields: ["Host: site.test"] },
] as const;

/** The text of a request; `fields` are lines without their ends. */
export function requestText(method: string, target: string, fields: readonly string[], body = ""): string {
  return `${method} ${target} HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n${body}`;
}
