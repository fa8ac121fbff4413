import { child, make, setAttribute, setChildren, setHidden, setText } from "./dom.ts";

export interface Column<Row> {
  readonly head: string;
  /** `number` stands to the right; `action` is not there for those who may not write; `wide` has what may be long. */
  readonly kind?: "number" | "action" | "wide";
  /** Writes a row into its cell; called again whenever there is news, so only what changed may be touched. */
  readonly fill: (cell: HTMLElement, row: Row) => void;
}

export interface TableOptions<Row> {
  readonly caption: string;
  /** What is said where there is no row. */
  readonly empty: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  /** Rows of the same key are the same row over time. */
  readonly key: (row: Row) => string;
  /** More rows than this are shown when they are asked for. Default: 10. */
  readonly most?: number;
}

interface TableRow {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
}

/** A table whose rows come, go and change. Roles are said, since the narrow form takes the table's layout away. */
export class Table<Row> {
  readonly #options: TableOptions<Row>;
  readonly #table: HTMLTableElement;
  readonly #body: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  #known = new Map<string, TableRow>();
  #rows: readonly Row[] = [];
  #isWhole = false;

  constructor(place: HTMLElement, options: TableOptions<Row>) {
    this.#options = options;
    const heads = options.columns.map(({ head, kind = "" }) =>
      make("th", { class: kind, text: head, attributes: { scope: "col", role: "columnheader" } }),
    );
    const row = make("tr", { attributes: { role: "row" }, children: heads });
    this.#body = make("tbody", { attributes: { role: "rowgroup" } });
    this.#table = make("table", {
      attributes: { role: "table" },
      children: [
        make("caption", { text: options.caption }),
        make("thead", { attributes: { role: "rowgroup" }, children: [row] }),
        this.#body,
      ],
    });
    this.#empty = make("p", { class: "empty", text: options.empty });
    this.#more = make("button", { class: "more", attributes: { type: "button", "aria-expanded": "false" } });
    this.#more.addEventListener("click", () => {
      this.#isWhole = !this.#isWhole;
      this.show(this.#rows);
    });
    place.append(this.#table, this.#empty, this.#more);
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    const { key, most = 10 } = this.#options;
    const shown = this.#isWhole ? rows : rows.slice(0, most);
    const now = new Map<string, TableRow>();
    for (const row of shown) {
      let name = key(row);
      while (now.has(name)) name += "+";
      const made = this.#known.get(name) ?? this.#make();
      now.set(name, made);
      for (const [i, column] of this.#options.columns.entries()) {
        const cell = made.cells[i];
        if (cell !== undefined) column.fill(cell, row);
      }
    }
    this.#known = now;
    setChildren(
      this.#body,
      [...now.values()].map(({ element }) => element),
    );
    setHidden(this.#table, rows.length === 0);
    setHidden(this.#empty, rows.length > 0);
    setHidden(this.#more, rows.length <= most);
    setText(this.#more, this.#isWhole ? `Show the first ${most}` : `Show all ${rows.length}`);
    setAttribute(this.#more, "aria-expanded", String(this.#isWhole));
  }

  #make(): TableRow {
    const cells = this.#options.columns.map(({ head, kind = "" }, i) =>
      i === 0
        ? make("th", { class: kind, attributes: { scope: "row", role: "rowheader" } })
        : make("td", { class: kind, attributes: { role: "cell", "data-head": head } }),
    );
    return { element: make("tr", { attributes: { role: "row" }, children: cells }), cells };
  }
}

/** A column of one text. */
export function textColumn<Row>(head: string, text: (row: Row) => string, kind?: Column<Row>["kind"]): Column<Row> {
  return { head, ...(kind !== undefined && { kind }), fill: (cell, row) => setText(cell, text(row)) };
}

export function numberColumn<Row>(head: string, text: (row: Row) => string): Column<Row> {
  return textColumn(head, text, "number");
}

/** A column of a main text and one that explains it; the second is not there where it is undefined. */
export function explainedColumn<Row>(
  head: string,
  texts: (row: Row) => readonly [main: string, more: string | undefined],
  kind?: Column<Row>["kind"],
): Column<Row> {
  return {
    head,
    ...(kind !== undefined && { kind }),
    fill: (cell, row) => {
      const [main, more] = texts(row);
      setText(child(cell, "span", "main"), main);
      const second = child(cell, "small", "note");
      setText(second, more ?? "");
      setHidden(second, more === undefined || more === "");
    },
  };
}

/** A state in a word, with a colour and a shape of its own. */
export function showState(place: HTMLElement, level: "ok" | "bad" | "warn" | "info", word: string): void {
  const state = child(place, "span", "state");
  setAttribute(state, "data-level", level);
  setText(state, word);
}
