import type { Settings } from "./given.ts";
import type { Place, Problem } from "./problem.ts";
import { settingOf, type SettingName } from "./settings/table.ts";

/** A text that was given for a setting, on the command line or in a file. */
export interface TextFor {
  readonly name: SettingName;
  readonly text: string;
  readonly place: Place;
  /** How the suggested text is shown: `--bind :8080` on the command line, `:8080` in a file. */
  show(text: string): string;
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
  if (parsed.ok) {
    settings.add(given.name, { value: parsed.value, text: given.text, place: given.place });
    return undefined;
  }
  const { fault, suggestion } = parsed;
  return {
    severity: "error",
    place: given.place,
    message: fault,
    seen: given.text,
    expected: kind.expected,
    ...(suggestion !== undefined && { help: `did you mean ${given.show(suggestion)}?` }),
  };
}
