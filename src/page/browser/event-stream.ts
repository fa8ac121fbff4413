export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Reads server-sent events out of pieces of text (HTML Living Standard, 9.2.6): names and data, the rest is skipped. */
export class EventParser {
  #rest = "";
  #name = "";
  #data: string[] = [];

  /** The events that this piece completes. */
  take(piece: string): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    // A CR at the end of a piece may be half of a line's end.
    const text = this.#rest + piece;
    const held = text.endsWith("\r") ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? "") + text.slice(text.length - held);
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") {
      const event = { name: this.#name === "" ? "message" : this.#name, data: this.#data.join("\n") };
      const isEvent = this.#data.length > 0;
      this.#name = "";
      this.#data = [];
      return isEvent ? event : undefined;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    return undefined;
  }
}
