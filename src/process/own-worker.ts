import type { Log } from "../observe/log.ts";
import { memoryChannel } from "./channel.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { NewWorker } from "./worker-link.ts";
import { WorkerSeat } from "./worker-seat.ts";

/** The one worker that works in the supervisor's own process. */
export function ownWorker(log: Log): NewWorker {
  const [channel, far] = memoryChannel<ToWorker, FromWorker>();
  new WorkerSeat({ channel: far, log: () => log });
  return { channel, process: undefined };
}
