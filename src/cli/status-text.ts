import type { ProcessStatus, WorkerFacts } from "../process/process-status.ts";
import { peerTable } from "./peer-table.ts";
import { columns } from "./columns.ts";

/** One screen about a running process. @param now milliseconds since 1970 */
export function statusText(status: ProcessStatus, now: number): string {
  const { pid, version, startedAt, urls, workers, peers } = status;
  const open = workers.reduce((sum, worker) => sum + (worker.open ?? 0), 0);
  const wrong = ailments(status);
  const lines = [
    `${version}, process ${pid}, up for ${spanText(now - startedAt)}`,
    `listening on ${urls.join(", ")}`,
    `${open} ${open === 1 ? "request or WebSocket is" : "requests and WebSockets are"} open`,
    "",
    ...columns(
      ["WORKER", "PROCESS", "MEMORY", "OPEN", "RESTARTS"],
      workers.map((each) => workerRow(each, pid)),
    ),
    "",
    ...peerTable(peers),
    "",
    ...(wrong.length === 0 ? ["all is well"] : wrong),
  ];
  return `${lines.join("\n")}\n`;
}

/** What is not as it should be, in words; none where all is well. */
export function ailments({ workers, peers, isStopping }: ProcessStatus): readonly string[] {
  return [
    ...(isStopping ? ["it drains: it takes no new connections, and ends when nothing is open"] : []),
    ...workers.flatMap(({ worker, isServing, open }) => {
      if (!isServing) return [`worker ${worker} is missing: another one is on its way`];
      return open === undefined ? [`worker ${worker} does not answer`] : [];
    }),
    ...peers.flatMap(({ name, isUp, down }) => (isUp ? [] : [`peer ${name} is down${down ? `: ${down.reason}` : ""}`])),
  ];
}

function workerRow({ worker, pid, rssBytes, open, restarts }: WorkerFacts, own: number): readonly string[] {
  const memory = rssBytes === undefined ? "-" : `${Math.round(rssBytes / MEBIBYTE)} MiB`;
  return [String(worker), String(pid ?? own), memory, String(open ?? "-"), String(restarts)];
}

const MEBIBYTE = 1024 * 1024;
const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** `3d 2h`, `5m 7s`: the two largest units. */
function spanText(ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0s";
  return UNITS.slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      return count === 0 ? [] : [`${count}${unit}`];
    })
    .join(" ");
}
