import { controlSetting } from "../../process/control-folder.ts";
import { runningProcesses } from "../../process/control-client.ts";
import type { LiveEvent } from "../../process/live-events.ts";
import type { Invocation } from "../argv.ts";
import { EXIT_NOT_DONE, EXIT_OK } from "../exit.ts";
import { runningProcess } from "../running-process.ts";
import { following } from "./following.ts";

export interface Watching {
  /** As `/events` takes it. */
  readonly query: URLSearchParams;
  /** Aborted when whoever watches has enough, which signals say as well. */
  readonly end: AbortController;
  /** A process was found. */
  readonly onBegin?: () => void;
  readonly onEvent: (event: LiveEvent) => void;
  /** The process has gone, and another one is waited for. Default: says so. */
  readonly onLost?: (pid: number) => void;
  readonly onFound?: (pid: number) => void;
  /** Before anything is said of its end. */
  readonly onOver?: () => void;
}

/** Watches the running process that a command is for. Gives the exit code: 0 when its user had enough, 1 when it ended. */
export async function watchRunning(invocation: Invocation, watching: Watching): Promise<number> {
  const first = await runningProcess(invocation);
  if (typeof first === "number") return first;
  const { end, query, onBegin, onEvent, onOver } = watching;
  const leave = (): void => end.abort();
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  try {
    onBegin?.();
    const told = following({
      first,
      isPinned: invocation.values.has("pid"),
      query,
      end: end.signal,
      find: () => runningProcesses(controlSetting(), undefined),
      onLost: watching.onLost ?? ((pid) => say(`process ${pid} has ended, waiting for another one`)),
      onFound: watching.onFound ?? ((pid) => say(`process ${pid} has taken its place`)),
    });
    let step = await told.next();
    while (step.done !== true) {
      onEvent(step.value);
      step = await told.next();
    }
    onOver?.();
    if (step.value === "left") return EXIT_OK;
    say("the process has ended");
  } catch (error) {
    onOver?.();
    say(`process ${first.pid} cannot be watched: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    process.off("SIGINT", leave);
    process.off("SIGTERM", leave);
  }
  return EXIT_NOT_DONE;
}

function say(text: string): void {
  process.stderr.write(`gatekeeper: ${text}\n`);
}
