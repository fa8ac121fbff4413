import type { AnswerHead } from "./handshake.ts";
import type { SocketOwner, UpstreamTcp } from "./upstream-socket.ts";

/** Why a body ended. */
type BodyEnd = "whole" | "cut";

/** Where a body of known length ends, how a chunked one is read, or that it lasts as long as its connection. */
type Framing =
  | { readonly type: "length"; left: number }
  | { readonly type: "chunked"; left: number; state: "size" | "data" | "data-end" | "trailer"; line: string }
  | { readonly type: "until-close" };

/** A chunk's size line or trailer line is not let grow past this. */
const MAX_LINE = 8 * 1024;

/** The origin's answer to a handshake that it did not accept, to be passed on as it is. */
export interface UpstreamRefusal {
  readonly type: "refused";
  readonly status: number;
  /** As the origin sent them, without hop-by-hop fields. */
  readonly headers: Headers;
  /** Null where the status has no body, bytes where it was in hand at once, a stream where it is still coming. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}

/** Reads the body of a refusal from the raw socket (RFC 9112 section 6), with back-pressure. */
export class RefusalBody implements SocketOwner {
  readonly #socket: UpstreamTcp;
  readonly #framing: Framing;
  #gathered: Uint8Array[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;
  #end: BodyEnd | undefined = undefined;

  constructor(socket: UpstreamTcp, head: AnswerHead, early: Buffer) {
    this.#socket = socket;
    this.#framing = framingOf(head);
    socket.data = this;
    if (this.#framing.type === "length" && this.#framing.left === 0) this.#finish("whole");
    else this.onData(early);
  }

  /** The body: bytes when all of it came with the head, so that its Content-Length is kept. */
  take(): UpstreamRefusal["body"] {
    if (this.#end === "whole") return new Uint8Array(Buffer.concat(this.#gathered));
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        for (const piece of this.#gathered) controller.enqueue(piece);
        this.#gathered = [];
        if (this.#end === "cut") controller.error(new Error("the upstream's answer was cut off"));
        else this.#socket.resume();
      },
      pull: () => this.#socket.resume(),
      cancel: () => this.#socket.terminate(),
    });
  }

  onOpen(): void {}
  onHandshake(): void {}
  onDrain(): void {}

  onData(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    const framing = this.#framing;
    if (framing.type === "until-close") this.#give(chunk);
    else if (framing.type === "length") {
      const part = chunk.subarray(0, framing.left);
      framing.left -= part.length;
      this.#give(part);
      if (framing.left === 0) this.#finish("whole");
    } else this.#readChunks(framing, chunk);
  }

  onEnd(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#finish(this.#framing.type === "until-close" && error === undefined ? "whole" : "cut");
  }

  #readChunks(framing: Framing & { type: "chunked" }, chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#end === undefined) {
      if (framing.state === "data") {
        const part = chunk.subarray(at, at + framing.left);
        this.#give(part);
        framing.left -= part.length;
        at += part.length;
        if (framing.left === 0) framing.state = "data-end";
        continue;
      }
      const newline = chunk.indexOf(10, at);
      framing.line += chunk.toString("latin1", at, newline < 0 ? chunk.length : newline);
      if (framing.line.length > MAX_LINE) return this.#finish("cut");
      if (newline < 0) return;
      at = newline + 1;
      const line = framing.line.trim();
      framing.line = "";
      this.#line(framing, line);
    }
  }

  #line(framing: Framing & { type: "chunked" }, line: string): void {
    if (framing.state === "trailer") {
      if (line === "") this.#finish("whole");
    } else if (framing.state === "data-end") {
      if (line === "") framing.state = "size";
      else this.#finish("cut");
    } else {
      const size = /^([0-9a-f]{1,12})(?:[ \t]*;.*)?$/i.exec(line)?.[1];
      if (size === undefined) return this.#finish("cut");
      framing.left = Number.parseInt(size, 16);
      framing.state = framing.left === 0 ? "trailer" : "data";
    }
  }

  #give(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#controller === undefined) {
      this.#gathered.push(piece);
      return;
    }
    this.#controller.enqueue(piece);
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#socket.pause();
  }

  #finish(end: BodyEnd): void {
    this.#end = end;
    this.#socket.terminate();
    if (end === "whole") this.#controller?.close();
    else this.#controller?.error(new Error("the upstream's answer was cut off"));
  }
}

function framingOf(head: AnswerHead): Framing {
  if (head.status === 204 || head.status === 304) return { type: "length", left: 0 };
  const coding = head.headers.get("transfer-encoding");
  if (coding !== null && /(?:^|,)\s*chunked\s*$/i.test(coding)) {
    return { type: "chunked", left: 0, state: "size", line: "" };
  }
  const length = head.headers.get("content-length");
  if (coding === null && length !== null && /^\d{1,15}$/.test(length)) return { type: "length", left: Number(length) };
  return { type: "until-close" };
}
