import type { Config } from "../config/model.ts";
import { refused } from "./answers.ts";
import { listenerNames } from "./listener-names.ts";
import type { Answer } from "./messages.ts";
import { type ListeningAt, portsOf } from "./sharing.ts";
import type { WorkerSlot } from "./worker-slot.ts";
import type { ReloadRefusal } from "./worker.ts";

/** All workers could serve by a configuration at once. */
export interface AllPrepared {
  readonly type: "prepared";
  /** Where its listeners listen already, by their names. */
  readonly listeningAt: ListeningAt;
}

/**
 * The first of a reload's two phases: every worker makes ready what it needs. Where one cannot, the others forget it.
 *
 * @param listeningAt where the listeners of the present configuration listen
 */
export async function prepareAll(
  slots: readonly WorkerSlot[],
  config: Config,
  listeningAt: ListeningAt,
): Promise<AllPrepared | ReloadRefusal> {
  const [first, ...others] = slots;
  if (first === undefined) return { type: "failed", reason: "no worker is running at the moment" };
  const names = [...listenerNames(config.listeners).keys()];
  const held = names.filter((name) => listeningAt[name] !== undefined);
  const leading = { ports: portsOf(listeningAt), held, servesUnixSockets: first.index === 0 };
  const answer = await first.ask({ type: "prepare", config, sharing: leading });
  if (answer?.type !== "prepared") return refused(answer, config);
  // Only now is it known which ports there are, and that no stranger has them.
  const all = { ...listeningAt, ...answer.listeningAt };
  const sharing = { ports: portsOf(all), held: names, servesUnixSockets: false };
  const answers: readonly (Answer | undefined)[] = await Promise.all(
    others.map((slot) => slot.ask({ type: "prepare", config, sharing })),
  );
  const faulty = answers.findIndex((each) => each?.type !== "prepared");
  if (faulty < 0) {
    return {
      type: "prepared",
      listeningAt: Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
    };
  }
  await Promise.all(slots.map((slot) => slot.ask({ type: "abandon" })));
  return refused(answers[faulty], config);
}
