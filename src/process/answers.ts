import type { Config } from "../config/model.ts";
import { listenerNames } from "./listener-names.ts";
import { ListenError, type ListenFailure } from "./listener-set.ts";
import type { Answer, ListenFault } from "./messages.ts";
import type { ReloadResult } from "./worker.ts";

/** A worker of a start ended or failed before it served. */
export class WorkerStartError extends Error {}

/** @throws ListenError with every address that could not be listened on; WorkerStartError where it is another answer */
export function requireStarted(answer: Answer | undefined, config: Config): Extract<Answer, { type: "started" }> {
  if (answer?.type === "started") return answer;
  if (answer?.type === "cannot_listen") throw new ListenError(failuresOf(answer.failures, config));
  throw new WorkerStartError(reasonOf(answer));
}

/** What an answer that is not the wanted one means for a reload. */
export function refused(answer: Answer | undefined, config: Config): Exclude<ReloadResult, { type: "reloaded" }> {
  if (answer?.type === "stopping") return { type: "stopping" };
  if (answer?.type === "cannot_listen") return { type: "cannot_listen", failures: failuresOf(answer.failures, config) };
  return { type: "failed", reason: reasonOf(answer) };
}

function failuresOf(faults: readonly ListenFault[], config: Config): readonly ListenFailure[] {
  const listeners = listenerNames(config.listeners);
  return faults.flatMap(({ listener: name, code, message }) => {
    const listener = listeners.get(name);
    return listener === undefined ? [] : [{ listener, error: Object.assign(new Error(message), code && { code }) }];
  });
}

/** Why an answer is not the wanted one, in words. */
export function reasonOf(answer: Answer | undefined): string {
  if (answer === undefined) return "a worker ended before it was ready";
  return answer.type === "failed" ? answer.reason : answer.type.replaceAll("_", " ");
}

/** What a promise comes to, or undefined when that takes too long. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
