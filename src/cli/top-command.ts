import type { LiveState, Tick } from "../observe/live.ts";
import type { Invocation } from "./argv.ts";
import { painter, type Paint } from "./live/paint.ts";
import { Terminal } from "./live/terminal.ts";
import { topLine, topScreen } from "./live/top-screen.ts";
import { watchRunning } from "./live/watch-running.ts";
import { print } from "./output.ts";

/** Seconds that are kept: more than the widest terminal shows. */
const MOST_TICKS = 900;
/** Of a screen that goes to no terminal. */
const PLAIN_COLUMNS = 160;

/** `top`: how the running process does, live. Gives the exit code. */
export async function top(invocation: Invocation): Promise<number> {
  const isTerminal = process.stdout.isTTY === true;
  const paint = painter(isTerminal, process.env);
  if (invocation.actions.has("once")) return await once(invocation, paint);
  return isTerminal && process.env["TERM"] !== "dumb" ? await full(invocation, paint) : await plain(invocation);
}

/** What was told so far. */
class Told {
  state: LiveState | undefined = undefined;
  ticks: readonly Tick[] = [];

  add(ticks: readonly Tick[]): void {
    const last = this.ticks.at(-1)?.at ?? 0;
    this.ticks = [...this.ticks, ...ticks.filter(({ at }) => at > last)].slice(-MOST_TICKS);
  }
}

async function full(invocation: Invocation, paint: Paint): Promise<number> {
  const told = new Told();
  const end = new AbortController();
  let note: string | undefined;
  let terminal: Terminal | undefined;
  const show = (): void => {
    if (told.state === undefined || terminal === undefined) return;
    const { state, ticks } = told;
    terminal.show(topScreen({ state, ticks, ...terminal.size, paint, note }));
  };
  try {
    return await watchRunning(invocation, {
      query: new URLSearchParams(),
      end,
      onBegin: () => {
        terminal = new Terminal(() => end.abort());
        terminal.onResize = show;
        terminal.show(["waiting for the first second"]);
      },
      onLost: (pid) => {
        note = `process ${pid} has ended, waiting for another one`;
        show();
      },
      onFound: () => (note = undefined),
      onEvent: ({ name, data }) => {
        if (name === "history") told.add(data.ticks);
        else if (name === "tick") told.add([data]);
        else if (name === "state") told.state = data;
        if (name !== "exchanges") show();
      },
      onOver: () => terminal?.[Symbol.dispose](),
    });
  } finally {
    terminal?.[Symbol.dispose]();
  }
}

/** One line a second. */
async function plain(invocation: Invocation): Promise<number> {
  const end = new AbortController();
  let state: LiveState | undefined;
  return await watchRunning(invocation, {
    query: new URLSearchParams(),
    end,
    onEvent: ({ name, data }) => {
      if (name === "state") state = data;
      else if (name === "tick" && !print(`${topLine(data, state)}\n`)) end.abort();
    },
  });
}

/** One screen, as long as it takes. */
async function once(invocation: Invocation, paint: Paint): Promise<number> {
  const told = new Told();
  const end = new AbortController();
  return await watchRunning(invocation, {
    query: new URLSearchParams(),
    end,
    onEvent: ({ name, data }) => {
      if (name === "history") told.add(data.ticks);
      else if (name === "tick") told.add([data]);
      else if (name === "state") {
        const columns = process.stdout.columns ?? PLAIN_COLUMNS;
        const screen = topScreen({ state: data, ticks: told.ticks, columns, rows: undefined, paint, note: undefined });
        print(`${screen.join("\n")}\n`);
        end.abort();
      }
    },
  });
}
