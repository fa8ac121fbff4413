export type Tint = "red" | "green" | "yellow" | "cyan" | "bold" | "dim";

/** Gives a text its colour, or leaves it as it is. */
export type Paint = (tint: Tint | undefined, text: string) => string;

const CODES: Readonly<Record<Tint, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** Colours for a terminal that shows them, where its user has nothing against them (no-color.org). */
export function painter(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): Paint {
  const isPlain = !isTerminal || (environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb";
  if (isPlain) return (_, text) => text;
  return (tint, text) => (tint === undefined || text === "" ? text : `\u001b[${CODES[tint]}m${text}\u001b[0m`);
}

/** Of an answer's status. */
export function statusTint(status: number): Tint {
  if (status >= 500 || status < 100) return "red";
  return status >= 400 ? "yellow" : status >= 300 ? "cyan" : "green";
}
