import { join } from "node:path";
import type { ControlCommand, ControlResult } from "./controls.ts";
import { type ControlSetting, folderFault, folders, namesIn, socketName } from "./control-folder.ts";
import type { WorkerProfile } from "./cpu-profiling.ts";
import type { ProcessStatus } from "./process-status.ts";
import type { ReloadReport } from "./reloader.ts";

/** A process that listens on its control socket answers at once. */
const STATUS_TIMEOUT_MS = 2_000;

/** A running process, as its control socket tells. */
export interface RunningProcess extends ProcessStatus {
  readonly socket: string;
}

/** Every running process that this user may speak to, or the one with this process id. */
export async function runningProcesses(
  setting: ControlSetting,
  pid: number | undefined,
): Promise<readonly RunningProcess[]> {
  const sockets = folders(setting)
    .filter((folder) => folderFault(folder, setting.uid) === undefined)
    .flatMap((folder) => namesIn(folder).map((name) => ({ folder, name })))
    .filter(({ name }) => (pid === undefined ? /^\d+\.sock$/.test(name) : name === socketName(pid)))
    .map(({ folder, name }) => join(folder, name));
  const found = await Promise.all(sockets.map(statusOf));
  return found.flatMap((each) => each ?? []).toSorted((a, b) => a.pid - b.pid);
}

/** Undefined where nobody listens any more. */
async function statusOf(socket: string): Promise<RunningProcess | undefined> {
  try {
    const answer = await ask(socket, "/", { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    return { ...((await answer.json()) as ProcessStatus), socket };
  } catch {
    return undefined;
  }
}

/** Has a process reload. Rejects where it goes meanwhile. */
export async function requestReload({ socket }: RunningProcess): Promise<ReloadReport> {
  const answer = await ask(socket, "/reload", { method: "POST" });
  return (await answer.json()) as ReloadReport;
}

/** Has a process do something else. Rejects where it goes meanwhile. */
export async function requestControl({ socket }: RunningProcess, command: ControlCommand): Promise<ControlResult> {
  const answer = await ask(socket, "/control", { method: "POST", body: JSON.stringify(command) });
  return (await answer.json()) as ControlResult;
}

/** Has a process sample what it computes with. Rejects with why it does not. */
export async function requestProfiles({ socket }: RunningProcess, ms: number): Promise<readonly WorkerProfile[]> {
  const answer = await ask(socket, `/profile?ms=${ms}`, { method: "POST" });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as readonly WorkerProfile[];
}

function ask(socket: string, path: string, init: BunFetchRequestInit): Promise<Response> {
  return fetch(`http://gatekeeper${path}`, { ...init, unix: socket, proxy: false, timeout: false });
}
