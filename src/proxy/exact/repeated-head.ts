import type { AnswerHead } from "./answer-head.ts";
import { MOST_HEAD_CHARS } from "./known-fields.ts";

/**
 * The head of a peer's answers where they come with the same one again and again, as small answers do within a second: then it
 * need not be read, and its fields are copied as a whole.
 */
export class RepeatedHead {
  #text = "";
  #head: AnswerHead | undefined = undefined;

  /** The head of that text, whose `headers` are to be copied; undefined where it is to be read. */
  of(text: string): AnswerHead | undefined {
    return this.#head !== undefined && this.#text === text ? this.#head : undefined;
  }

  /** Is told of what was read: when it came the second time in a row it is kept, unless it is for one client. */
  note(text: string, head: AnswerHead): void {
    if (this.#text !== text) {
      this.#text = text.length > MOST_HEAD_CHARS ? "" : text;
      this.#head = undefined;
    } else if (text !== "" && !head.headers.has("set-cookie")) {
      this.#head = { ...head, headers: new Headers(head.headers) };
    }
  }
}
