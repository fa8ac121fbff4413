import { chmodSync } from "node:fs";
import { removeStaleSocket, SocketFile } from "../server/unix-socket.ts";
import type { Predecessor } from "./taking-over.ts";

export interface UpgradeHandlers {
  readonly facts: () => Predecessor;
  /** @returns why this process does not go; undefined where it does */
  readonly handOver: (successor: number) => string | undefined;
}

/**
 * Where a process that serves waits for the one that takes over from it (Pingora's `upgrade_sock`): HTTP over a unix socket
 * that only its user can open. `GET /` says what it is and where it listens; `POST /hand-over?pid=N` has it go.
 */
export class UpgradeSocket implements AsyncDisposable {
  readonly #file: SocketFile;
  readonly #server: Bun.Server<undefined>;

  private constructor(file: SocketFile, server: Bun.Server<undefined>) {
    this.#file = file;
    this.#server = server;
  }

  /**
   * @param replaces whether it takes the place of the predecessor's
   * @throws an error with code EADDRINUSE where another process has it, or what the system says
   */
  static async open(path: string, handlers: UpgradeHandlers, replaces: boolean): Promise<UpgradeSocket> {
    if (!replaces) await removeStaleSocket(path);
    const file = new SocketFile(path);
    const options = {
      unix: file.temporary,
      development: false,
      fetch: (request: Request) => answer(request, handlers),
    };
    const server = Bun.serve(options as unknown as Bun.Serve.Options<undefined>);
    try {
      chmodSync(file.temporary, 0o600);
      file.publish(replaces);
    } catch (error) {
      void server.stop(true);
      throw error;
    }
    return new UpgradeSocket(file, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
    await this.#server.stop(true);
  }
}

function answer(request: Request, { facts, handOver }: UpgradeHandlers): Response {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/" && request.method === "GET") return Response.json(facts());
  if (pathname !== "/hand-over" || request.method !== "POST") return new Response(null, { status: 404 });
  const refusal = handOver(Number(searchParams.get("pid")));
  return refusal === undefined ? new Response(null, { status: 202 }) : new Response(refusal, { status: 409 });
}
