import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { UpstreamAnswer } from "./lane.ts";

/** An answer that came by node:http. Its body becomes a stream only where it is asked for as one. */
export class ExactAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly headers = new Headers();
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.status = incoming.statusCode ?? 0;
    this.#incoming = incoming;
    const { rawHeaders } = incoming;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      this.headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    }
  }

  get body(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.#incoming) as unknown as ReadableStream<Uint8Array>;
  }

  bytes(): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const incoming = this.#incoming;
    let pieces: Uint8Array = NOTHING;
    incoming.on("data", (piece: Buffer) => {
      pieces = pieces.length === 0 ? piece : Buffer.concat([pieces, piece]);
    });
    incoming.on("end", () => resolve(pieces));
    incoming.on("error", reject);
    incoming.on("aborted", () => reject(new BrokenOff()));
    return promise;
  }
}

const NOTHING = new Uint8Array(0);

/** The connection ended within the body. */
class BrokenOff extends Error {
  readonly code = "ECONNRESET";

  constructor() {
    super("the upstream closed its connection within the answer");
  }
}
