import type { ControlState } from "./controls.ts";
import type { ServiceFacts } from "./service-manager.ts";
import type { ListeningAt } from "./sharing.ts";

/** The process that is taken over from, as it tells of itself. */
export interface Predecessor {
  readonly pid: number;
  readonly version: string;
  /** Where each of its listeners really listens, by its name. */
  readonly listeningAt: ListeningAt;
  /** What a person switched; an older version does not tell. */
  readonly controls?: ControlState;
  /** The service manager that watches over it. */
  readonly service?: ServiceFacts;
}

/** Where a process stands that was started with `--upgrade`. Until the last step the old one serves as before. */
export type TakingOver =
  /** 1. Asks who is there. */
  | { readonly at: "asking" }
  /** 2. Listens beside it. */
  | { readonly at: "opening"; readonly predecessor: Predecessor }
  /** 3. Serves already, and tells the old one to go. */
  | { readonly at: "telling"; readonly predecessor: Predecessor }
  /** 4. The old one takes its leave, or is gone. */
  | { readonly at: "serving"; readonly predecessor: Predecessor }
  /** It ends; the old one stays as it was. */
  | { readonly at: "given_up"; readonly reason: string };

export type TakingOverEvent =
  | { readonly type: "found"; readonly predecessor: Predecessor }
  | { readonly type: "listening" }
  /** It will go. */
  | { readonly type: "agreed" }
  /** It has ended meanwhile. */
  | { readonly type: "gone" }
  /** Something went wrong, on either side. */
  | { readonly type: "failed"; readonly reason: string };

/** Where it stands after an event. An event that cannot come there is a bug. */
export function afterStep(state: TakingOver, event: TakingOverEvent): TakingOver {
  if (state.at === "serving" || state.at === "given_up") throw new Error(`${event.type} when all is over`);
  if (event.type === "failed") return { at: "given_up", reason: event.reason };
  if (state.at === "asking" && event.type === "found") return { at: "opening", predecessor: event.predecessor };
  if (state.at === "opening" && event.type === "listening") return { ...state, at: "telling" };
  if (state.at === "telling" && (event.type === "agreed" || event.type === "gone")) return { ...state, at: "serving" };
  throw new Error(`${event.type} while ${state.at}`);
}
