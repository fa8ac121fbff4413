import type { Action } from "./actions.ts";

/** Closing or opening everything, or one route. */
export function maintenance(on: boolean, route?: string): Action {
  const body = { type: "maintenance", on, ...(route !== undefined && { route }) };
  const what = route === undefined ? "every request" : `every request of the route ${route}`;
  if (!on) {
    const done =
      route === undefined ? "Maintenance is off: everything is served." : `The route ${route} is served again.`;
    return { path: "/maintenance", body, done };
  }
  return {
    path: "/maintenance",
    body,
    done: route === undefined ? "Maintenance is on: everything is answered 503." : `The route ${route} answers 503.`,
    confirm: {
      title: route === undefined ? "Begin maintenance?" : `Close ${route}?`,
      text: `From now on ${what} is answered 503, until this is taken back. What is in flight ends as usual, and WebSockets stay open.`,
      yes: route === undefined ? "Begin maintenance" : "Close the route",
    },
  };
}
