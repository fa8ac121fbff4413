/** Set for a worker's process: its number, counted from 1. */
export const WORKER_VARIABLE = "GATEKEEPER_WORKER";

/** Whether this process is to be a worker of one that has started it. */
export function isWorkerProcess(): boolean {
  return process.env[WORKER_VARIABLE] !== undefined && process.send !== undefined;
}
