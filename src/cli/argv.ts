import { resolve } from "node:path";
import { nearest } from "../core/nearest.ts";
import { REQUIRED, Settings } from "../config/given.ts";
import type { Place, Problem } from "../config/problem.ts";
import { type Adapter, ADAPTERS, type ConfFile } from "../config/read-conf.ts";
import { takeText } from "../config/take.ts";
import { type Command, COMMANDS, isCommand, takesFlag, type CommandName } from "./commands.ts";
import { FLAG_BY_LETTER, FLAG_BY_NAME, settingName, type Action, type Flag } from "./flags.ts";
import { meantFlag } from "./meant.ts";

/** What the command line says, wholly checked but for what files hold. */
export interface Invocation {
  /** Undefined when none was named: that is `run`. */
  readonly command: CommandName | undefined;
  readonly settings: Settings;
  readonly conf: ConfFile | undefined;
  /** The words after the command, in their order. */
  readonly words: readonly string[];
  /** What is to be done, each with the spelling that said so. */
  readonly actions: ReadonlyMap<Action, string>;
  /** The values of those that take one, in their order. */
  readonly values: ReadonlyMap<Action, readonly string[]>;
  /** What of the command line is about serving, one flag after the other, names of files absolute. */
  readonly servingWords: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the words after the program's name, strictly: every unknown flag, missing value, repeated flag and
 * stray word is a problem, and all of them are found in one go.
 */
export function parseArgv(words: readonly string[]): Invocation {
  const parser = new ArgvParser(words);
  parser.parse();
  return parser;
}

class ArgvParser implements Invocation {
  command: CommandName | undefined;
  readonly settings = new Settings();
  conf: ConfFile | undefined;
  readonly words: string[] = [];
  readonly actions = new Map<Action, string>();
  readonly values = new Map<Action, string[]>();
  readonly servingWords: string[] = [];
  readonly problems: Problem[] = [];
  readonly #argv: readonly string[];
  readonly #seen = new Map<Flag, string>();
  #at = 0;

  constructor(words: readonly string[]) {
    this.#argv = words;
  }

  parse(): void {
    while (this.#at < this.#argv.length) {
      const word = this.#argv[this.#at++] ?? "";
      if (word === "--") this.#report({ place: COMMAND_LINE, message: "-- has no meaning here", seen: "--" });
      else if (word.startsWith("--")) this.#long(word);
      else if (/^-[^\d]/.test(word)) this.#short(word);
      else this.#plain(word);
    }
    for (const [flag, spelling] of this.#seen) {
      if (this.command === undefined || takesFlag(this.command, flag)) continue;
      const message = `${spelling} does not go with the command ${this.command}`;
      this.#report({ place: { type: "flag", name: spelling }, message });
    }
    this.#expectWords();
    if (this.conf !== undefined) this.conf = { ...this.conf, adapter: this.#adapter() };
  }

  #adapter(): Adapter | undefined {
    const seen = this.values.get("adapter")?.[0];
    const adapter = ADAPTERS.find((each) => each === seen);
    if (seen === undefined || adapter !== undefined) return adapter;
    const place: Place = { type: "flag", name: "--adapter" };
    const near = nearest(seen, ADAPTERS);
    const help = near === undefined ? {} : { help: `did you mean ${near}?` };
    this.#report({ place, message: "this form of file is not known", seen, expected: ADAPTERS.join(" or "), ...help });
    return undefined;
  }

  /** The words that the command needs, and where its file is given as a flag instead. */
  #expectWords(): void {
    if (this.command === undefined) return;
    const { words }: Command = COMMANDS[this.command];
    for (const name of words.slice(this.words.length)) {
      const isOptional = name.startsWith("[") && (name !== "[FILE]" || this.conf !== undefined);
      if (isOptional) continue;
      const bare = name.replace(/[[\]]/g, "");
      const expected = `gatekeeper ${this.command} ${words.map((word) => word.replace(/[[\]]/g, "")).join(" ")}`;
      this.#report({ place: COMMAND_LINE, message: `${bare} is missing after ${this.command}`, expected });
    }
    const [file] = this.words;
    if (file === undefined || !/FILE/.test(words[0] ?? "")) return;
    if (this.conf === undefined) this.conf = { path: file, place: COMMAND_LINE };
    else this.#report({ place: this.conf.place, message: "the file is there twice", seen: this.conf.path });
  }

  /** Flags of some commands alone are unknown to the others, so that a slip there is told as one. */
  #known(flag: Flag | undefined): Flag | undefined {
    return flag === undefined || flag.isOfServing || takesFlag(this.command ?? "run", flag) ? flag : undefined;
  }

  #report(problem: Omit<Problem, "severity">): void {
    this.problems.push({ severity: "error", ...problem });
  }

  #long(word: string): void {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    const flag = this.#known(FLAG_BY_NAME.get(name));
    if (flag === undefined) this.#unknown(`--${name}`, name, attached);
    else this.#take(flag, `--${name}`, attached);
  }

  /** `-c FILE`, `-cFILE`, `-c=FILE`, and switches together: `-td`. */
  #short(word: string): void {
    const letters = word.slice(1);
    const equals = letters.indexOf("=");
    const name = equals < 0 ? letters : letters.slice(0, equals);
    // `-conf` is `--conf` with a dash lost, not `-c onf`.
    if (this.#known(FLAG_BY_LETTER.get(letters.charAt(0))) === undefined || FLAG_BY_NAME.has(name)) {
      this.#unknown(`-${name}`, name, equals < 0 ? undefined : letters.slice(equals + 1));
      return;
    }
    for (let i = 0; i < letters.length; i++) {
      const letter = letters.charAt(i);
      const flag = this.#known(FLAG_BY_LETTER.get(letter));
      if (flag === undefined) {
        this.#unknown(`-${letter}`, letter, undefined);
        continue;
      }
      const rest = letters.slice(i + 1);
      const isLast = rest === "" || rest.startsWith("=") || flag.valueName !== "";
      const attached = rest === "" ? undefined : rest.replace(/^=/, "");
      this.#take(flag, `-${letter}`, isLast ? attached : undefined);
      if (isLast) return;
    }
  }

  /** Takes the value of a known flag and the flag with it. */
  #take(flag: Flag, spelling: string, attached: string | undefined): void {
    const place: Place = { type: "flag", name: spelling };
    const before = this.#seen.get(flag);
    this.#seen.set(flag, spelling);
    const text = flag.valueName === "" ? (attached ?? "true") : (attached ?? this.#nextValue());
    const setting = settingName(flag);
    if (text !== undefined && flag.isOfServing) this.servingWords.push(...servingWords(flag, text));
    if (text === undefined) {
      if (setting !== undefined) this.settings.attempt(setting);
      this.#report({ place, message: "the value is missing", ...this.#missingValue(flag, spelling) });
      return;
    }
    if (before !== undefined && !flag.repeat) {
      const also = before === spelling ? "" : `, first as ${before}`;
      this.#report({ place, message: `this flag is there twice${also}`, seen: text, expected: "it once" });
      return;
    }
    if (setting !== undefined) {
      const show = (value: string): string => (flag.valueName === "" ? `${spelling}=${value}` : `${spelling} ${value}`);
      const problem = takeText(this.settings, { name: setting, text, place, show });
      if (problem !== undefined) this.problems.push(problem);
      return;
    }
    if ("action" in flag.sets) this.#act(flag.sets.action, flag, spelling, text, attached);
  }

  #act(action: Action, flag: Flag, spelling: string, text: string, attached: string | undefined): void {
    const takesValue = flag.valueName !== "";
    const place: Place = { type: "flag", name: spelling };
    if (action === "conf") {
      if (text === "") this.#report({ place, message: "the value is empty", seen: '""', expected: "a file" });
      else this.conf = { path: text, place };
      return;
    }
    if (takesValue) {
      this.values.set(action, [...(this.values.get(action) ?? []), text]);
      this.actions.set(action, spelling);
    } else if (attached === undefined || attached === "true") this.actions.set(action, spelling);
    else if (attached !== "false") this.#report({ place, message: "this flag takes no value", seen: attached });
  }

  /** Keeps silent about what is missing, where more was meant than could be understood. */
  #expectNothingMore(): void {
    for (const name of REQUIRED) this.settings.attempt(name);
  }

  /** The next word, unless it is a flag: what begins with a dash is one, but for a negative number. */
  #nextValue(): string | undefined {
    const next = this.#argv[this.#at];
    if (next === undefined || /^-[^\d]/.test(next)) return undefined;
    this.#at += 1;
    return next;
  }

  #missingValue(flag: Flag, spelling: string): Pick<Problem, "expected" | "seen"> {
    const next = this.#argv[this.#at];
    const expected = `${spelling} ${flag.valueName}`;
    return next === undefined ? { expected } : { seen: `${spelling} ${next}`, expected };
  }

  #unknown(spelling: string, name: string, attached: string | undefined): void {
    const meant = meantFlag(name);
    const flag = meant !== undefined && "flag" in meant ? meant.flag : undefined;
    const setting = meant !== undefined && "key" in meant ? meant.key : flag && settingName(flag);
    // Who wrote `--upstraem` is not to be told as well that `--upstream` is missing.
    if (setting !== undefined) this.settings.attempt(setting);
    // Nor who wanted to do something else than serve, or to read a file that may have held the rest.
    else if (flag !== undefined) this.#expectNothingMore();
    // Its value goes with it, or the value would look like a command.
    const next = this.#argv[this.#at];
    const isFollowed = next !== undefined && !isCommand(next) && flag?.valueName !== "";
    const value = attached ?? (isFollowed ? this.#nextValue() : undefined);
    const seen = value === undefined ? spelling : `${spelling} ${value}`;
    this.#report({ place: { type: "flag", name: spelling }, message: "this flag is not known", seen, ...help() });

    function help(): Pick<Problem, "help"> {
      if (meant === undefined) return { help: "gatekeeper --help shows every flag" };
      if ("key" in meant) return { help: `${meant.key} is a key of conf.yaml, which -c FILE reads` };
      const shown =
        name.length === 1 && meant.flag.short !== undefined ? `-${meant.flag.short}` : `--${meant.flag.name}`;
      const older = meant.flag.older.includes(name) ? `--${name}` : shown;
      return {
        help: `did you mean ${older}${meant.flag.valueName === "" ? "" : ` ${value ?? meant.flag.valueName}`}?`,
      };
    }
  }

  /** A word that is neither a flag nor a value: a command, at most one. */
  #plain(word: string): void {
    if (this.command !== undefined) {
      const { words }: Command = COMMANDS[this.command];
      if (this.words.length < words.length) {
        this.words.push(word);
        return;
      }
      const after = words.length === 0 ? "" : ` ${words.join(" ")}`;
      const message = `nothing may follow the command ${this.command}${after}`;
      this.#report({ place: COMMAND_LINE, message, seen: word });
      return;
    }
    if (isCommand(word)) {
      this.command = word;
      return;
    }
    this.#expectNothingMore();
    const names = Object.keys(COMMANDS);
    const near = nearest(word, names);
    const isAddress = /^https?:|[.:/]/.test(word);
    const help = isAddress
      ? `--upstream ${word} forwards to it, --bind ${word} listens on it`
      : near !== undefined
        ? `did you mean ${near}?`
        : FLAG_BY_NAME.has(word)
          ? `did you mean --${word}?`
          : undefined;
    const message = isAddress ? "an address needs its flag" : "this command is not known";
    const expected = isAddress ? undefined : `a flag, or one of the commands ${names.join(", ")}`;
    this.#report({
      place: COMMAND_LINE,
      message,
      seen: word,
      ...(expected !== undefined && { expected }),
      ...(help !== undefined && { help }),
    });
  }
}

/** A flag as it would be typed in any folder. */
function servingWords(flag: Flag, text: string): readonly string[] {
  const name = flag.short === undefined ? `--${flag.name}` : `-${flag.short}`;
  if (flag.valueName === "") return text === "true" ? [name] : [`--${flag.name}=${text}`];
  const isFile = flag.valueName === "FILE" || (flag.name === "access-log" && text.includes("/"));
  return [name, isFile ? resolve(text) : text];
}

const COMMAND_LINE: Place = { type: "command_line" };
