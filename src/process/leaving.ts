/** Where a serving process stands on its way out. */
export type Leaving =
  | { readonly at: "serving" }
  /** SIGQUIT came: it serves on while it waits for the process that takes over. */
  | { readonly at: "awaiting_successor" }
  /** Nothing new is begun, what was begun may end. With the process id of the one that took over. */
  | { readonly at: "draining"; readonly successor: number | undefined }
  /** Everything ends now. */
  | { readonly at: "stopping" };

export type LeavingEvent =
  /** SIGINT */
  | { readonly type: "interrupt" }
  /** SIGTERM */
  | { readonly type: "terminate" }
  /** SIGQUIT */
  | { readonly type: "quit" }
  /** No successor came in time. */
  | { readonly type: "waited" }
  /** Another process serves and takes over. */
  | { readonly type: "successor"; readonly pid: number };

const STOPPING: Leaving = { at: "stopping" };
const DRAINING: Leaving = { at: "draining", successor: undefined };

/** Where it stands after an event; the very same object where the event changes nothing. */
export function afterEvent(state: Leaving, event: LeavingEvent): Leaving {
  switch (state.at) {
    case "serving":
      return event.type === "quit" ? { at: "awaiting_successor" } : event.type === "waited" ? state : outOf(event);
    case "awaiting_successor":
      return outOf(event);
    case "draining":
      // Pingora's users send SIGQUIT after the new process was started: by then it has taken over.
      return event.type === "interrupt" || event.type === "terminate" ? STOPPING : state;
    case "stopping":
      return state;
  }
}

function outOf(event: LeavingEvent): Leaving {
  switch (event.type) {
    case "interrupt":
      return STOPPING;
    case "terminate":
    case "quit":
    case "waited":
      return DRAINING;
    case "successor":
      return { at: "draining", successor: event.pid };
  }
}
