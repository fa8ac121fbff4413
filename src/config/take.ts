import type { Refused } from "../core/parsed.ts";
import type { Settings } from "./given.ts";
import type { Kind } from "./kinds.ts";
import type { Place, Problem } from "./problem.ts";
import { settingOf, type SettingName } from "./settings/table.ts";

/** A text that was given for a value, on the command line or in a file. */
export interface GivenText {
  readonly text: string;
  readonly place: Place;
  /** How the suggested text is shown: `--bind :8080` on the command line, `:8080` in a file. */
  show(text: string): string;
}

/** A text that was given for a setting. */
export interface TextFor extends GivenText {
  readonly name: SettingName;
}

/** Reads a text and adds its value to the settings, or gives the problem with it. */
export function takeText(settings: Settings, given: TextFor): Problem | undefined {
  settings.attempt(given.name);
  const { kind } = settingOf(given.name);
  if (given.text === "") {
    const message = "the value is empty";
    return { severity: "error", place: given.place, message, seen: '""', expected: kind.expected };
  }
  const parsed = kind.parse(given.text);
  if (!parsed.ok) return textProblem(kind, parsed, given);
  settings.add(given.name, { value: parsed.value, text: given.text, place: given.place });
  return undefined;
}

/** The problem with a text that its kind refused. A secret is not shown in it. */
export function textProblem(kind: Kind<unknown>, { fault, suggestion }: Refused, given: GivenText): Problem {
  const { text, place, show } = given;
  return {
    severity: "error",
    place: kind.isSecret === true ? withoutExcerpt(place) : place,
    message: fault,
    ...(kind.isSecret !== true && { seen: text }),
    expected: kind.expected,
    ...(suggestion !== undefined && { help: `did you mean ${show(suggestion)}?` }),
  };
}

/** The same place, with what stands there made unreadable. */
function withoutExcerpt(place: Place): Place {
  if (place.type !== "file" || place.at === undefined) return place;
  const { excerpt, column, length } = place.at;
  const from = column - 1;
  const hidden = excerpt.slice(0, from) + "•".repeat(length) + excerpt.slice(from + length);
  return { ...place, at: { ...place.at, excerpt: hidden } };
}
