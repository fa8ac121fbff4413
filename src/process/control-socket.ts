import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AdminHandlers } from "../server/admin/admin-handlers.ts";
import { readExchangeFilter } from "../server/admin/events-query.ts";
import { EVENTS_TYPE, EventStream } from "../server/admin/event-stream.ts";
import { removeStaleSocket } from "../server/unix-socket.ts";
import { type ControlSetting, makeFolder, namesIn, ownFolders, socketName } from "./control-folder.ts";
import { type ControlCommand, type ControlResult, parseCommand } from "./controls.ts";
import type { WorkerProfile } from "./cpu-profiling.ts";
import type { Holdings } from "./holdings.ts";
import type { ProcessStatus } from "./process-status.ts";
import type { ReloadReport } from "./reloader.ts";

export interface ControlHandlers {
  readonly status: () => Promise<ProcessStatus>;
  readonly holdings: () => Promise<readonly Holdings[]>;
  readonly reload: () => Promise<ReloadReport>;
  readonly control: (command: ControlCommand) => Promise<ControlResult>;
  readonly watch: AdminHandlers["watch"];
  /** Rejects with why there is none. */
  readonly profile: (ms: number) => Promise<readonly WorkerProfile[]>;
}

/**
 * How `gatekeeper reload` and its like speak to a running process: HTTP over a unix socket that only its user can reach.
 * `GET /` says what it is, `GET /holdings` what each of its processes holds, `GET /events` what happens (`?exchanges`: each request), as the
 * admin listener does; `POST /reload` is answered 200, or 409 where the old configuration stays; `POST /control` takes a
 * `ControlCommand` and is answered 200 with what came of it, or 409 where nothing did; `POST /profile?ms=10000` is answered with
 * profiles of that time, or 409 with why there are none.
 */
export class ControlSocket implements AsyncDisposable {
  readonly path: string;
  readonly #server: Bun.Server<undefined>;
  readonly #closing = new AbortController();

  /** @throws Bun's error where it cannot be listened on */
  constructor(path: string, handlers: ControlHandlers) {
    this.path = path;
    const options = {
      unix: path,
      development: false,
      // A reload takes as long as it takes.
      idleTimeout: 0,
      fetch: (request: Request) => answer(request, handlers, this.#closing.signal),
    };
    this.#server = Bun.serve(options as unknown as Bun.Serve.Options<undefined>);
    chmodSync(path, 0o600);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#server.stop(true);
    rmSync(this.path, { force: true });
  }
}

/** Opens it at the first place that will do, and removes what ended processes left there. A text says why there is none. */
export async function openControlSocket(
  handlers: ControlHandlers,
  setting: ControlSetting,
): Promise<ControlSocket | string> {
  const faults: string[] = [];
  for (const folder of ownFolders(setting)) {
    const fault = makeFolder(folder, setting);
    if (fault !== undefined) {
      faults.push(fault);
      continue;
    }
    const stale = namesIn(folder).filter((name) => name.endsWith(".sock"));
    await Promise.all(stale.map((name) => removeStaleSocket(join(folder, name)).catch(() => {})));
    try {
      return new ControlSocket(join(folder, socketName(process.pid)), handlers);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  return faults.join("; ");
}

async function answer(request: Request, handlers: ControlHandlers, closing: AbortSignal): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { method } = request;
  if (pathname === "/" && method === "GET") return Response.json(await handlers.status());
  if (pathname === "/holdings" && method === "GET") return Response.json(await handlers.holdings());
  if (pathname === "/events" && method === "GET") {
    const exchanges = readExchangeFilter(searchParams);
    if (!exchanges.ok) return new Response(exchanges.fault, { status: 400 });
    const options = { exchanges: exchanges.value, mayWrite: true };
    const { body } = new EventStream({ watch: (tell, end) => handlers.watch(options, tell, end), closing });
    return new Response(body, { headers: EVENTS_TYPE });
  }
  if (pathname === "/profile" && method === "POST") {
    const ms = Number(searchParams.get("ms"));
    return await handlers.profile(ms).then(
      (profiles) => Response.json(profiles),
      (error: unknown) => new Response(error instanceof Error ? error.message : String(error), { status: 409 }),
    );
  }
  if (pathname !== "/reload" && pathname !== "/control") return new Response(null, { status: 404 });
  if (method !== "POST") return new Response(null, { status: 405, headers: { Allow: "POST" } });
  if (pathname === "/reload") {
    const report = await handlers.reload();
    return Response.json(report, { status: report.isReloaded ? 200 : 409 });
  }
  const command = parseCommand(await request.json().catch(() => undefined));
  if (command === undefined) return Response.json(NO_COMMAND, { status: 400 });
  const result = await handlers.control(command);
  return Response.json(result, { status: result.type === "refused" ? 409 : 200 });
}

const NO_COMMAND: ControlResult = { type: "refused", reason: "this is no command" };
