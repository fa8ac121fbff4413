import type { RawHead } from "../../helpers/raw-head.ts";
import type { Answer } from "./client.ts";
import type { Received } from "./recording-origin.ts";

/**
 * All that is compared of one request, by name: `status`, `header x-a` (one line of the answer a line), `body`,
 * `certificate`, `no answer`, and of each request that the origin got `origin 1` (its first line), `origin 1 header x-a`,
 * `origin 1 body`, where 1 counts them and the origin's own name stands before it.
 */
export type Facts = ReadonlyMap<string, string>;

export interface Difference {
  readonly name: string;
  /** Undefined where there is none. */
  readonly caddy: string | undefined;
  readonly ours: string | undefined;
}

/** Replaces what differs between two runs and means nothing, such as the numbers of ports. */
export type Rename = (text: string) => string;

export async function factsOf(
  answer: Answer,
  received: ReadonlyMap<string, readonly Received[]>,
  rename: Rename,
): Promise<Facts> {
  const facts = new Map<string, string>();
  if (answer.certificate !== "") facts.set("certificate", answer.certificate);
  if (answer.kind === "none") {
    facts.set("no answer", answer.why);
  } else {
    facts.set("status", answer.head.start.slice(9, 12));
    addFields(facts, "header", answer.head.fields);
    facts.set("body", answer.body);
  }
  for (const [origin, requests] of received) {
    for (const [at, { method, target, fields, body }] of requests.entries()) {
      const name = `${origin} ${at + 1}`;
      facts.set(name, `${method} ${target}`);
      addFields(facts, `${name} header`, fields);
      facts.set(`${name} body`, (await body) ?? "broke off");
    }
  }
  return new Map([...facts].map(([name, value]) => [name, rename(value)]));
}

function addFields(facts: Map<string, string>, prefix: string, fields: RawHead["fields"]): void {
  for (const [name, value] of fields) {
    const key = `${prefix} ${name.toLowerCase()}`;
    const before = facts.get(key);
    facts.set(key, before === undefined ? value : `${before}\n${value}`);
  }
}

/** What differs. Of a request that only one origin got, that alone is said. */
export function differencesOf(caddy: Facts, ours: Facts): readonly Difference[] {
  const names = [...new Set([...caddy.keys(), ...ours.keys()])].sort();
  const isPart = (name: string): boolean => {
    const request = /^(\S*ORIGIN\S* \d+) /.exec(name)?.[1];
    return request !== undefined && caddy.has(request) !== ours.has(request);
  };
  return names
    .map((name) => ({ name, caddy: caddy.get(name), ours: ours.get(name) }))
    .filter((one) => one.caddy !== one.ours && !isPart(one.name));
}

/** The differences for a person: Caddy's lines with `-`, ours with `+`. */
export function show(line: string, differences: readonly Difference[]): string {
  const lines = differences.flatMap(({ name, caddy, ours }) => [
    `  ${name}`,
    ...(caddy === undefined ? [] : caddy.split("\n").map((text) => `    - ${shorten(text)}`)),
    ...(ours === undefined ? [] : ours.split("\n").map((text) => `    + ${shorten(text)}`)),
  ]);
  return [line, ...lines].join("\n");
}

function shorten(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length})`;
}
