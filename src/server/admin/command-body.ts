import { accept, refuse, type Parsed } from "../../core/parsed.ts";

/** How a value of a command is read; undefined where it is none. */
type Reader = (value: unknown) => unknown;

/** What a command may be given, and the name of each in it. */
export type CommandFields = Readonly<Record<string, readonly [name: string, read: Reader]>>;

export const text: Reader = (value) => (typeof value === "string" && value !== "" ? value : undefined);

export const toggle: Reader = (value) => {
  if (typeof value === "boolean") return value;
  return value === "true" || value === "on" ? true : value === "false" || value === "off" ? false : undefined;
};

export const seconds: Reader = (value) => {
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

/** What a request says for a command: in its query (`?on=true`), and as JSON or a form, which win. */
export async function readCommand(request: Request, fields: CommandFields): Promise<Parsed<Record<string, unknown>>> {
  const body = readBody(await request.text());
  if (body === undefined) return refuse("the body is neither a JSON object nor a form");
  const said = { ...Object.fromEntries(new URL(request.url).searchParams), ...body };
  const command: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(said)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return refuse(`"${name}" is not known here; there is ${Object.keys(fields).join(", ")}`);
    const read = field[1](value);
    if (read === undefined) return refuse(`this is no value of "${name}"`);
    command[field[0]] = read;
  }
  return accept(command);
}

/** By its look: `curl -d` calls everything a form. */
function readBody(body: string): Record<string, unknown> | undefined {
  if (body.trim() === "") return {};
  if (/^\s*[[{"]/.test(body)) {
    try {
      const value: unknown = JSON.parse(body);
      return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
    } catch {
      return undefined;
    }
  }
  return body.includes("=") ? Object.fromEntries(new URLSearchParams(body.trim())) : undefined;
}
