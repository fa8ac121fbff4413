/** Where a body comes from: a connection that can be made to wait, or to end. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** Nobody wants the rest of the body. */
  cancel(): void;
}

/** So many bytes are taken before someone asks for the body, and while its reader does not keep up. */
const HIGH_WATER_BYTES = 256 * 1024;

/** A body that is still coming, on its way to whoever reads it: as one piece, or as a stream with back-pressure. */
export class AnswerBody {
  readonly #source: BodySource;
  /** What came before anyone asked for it, or for `bytes`. */
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  #isPaused = false;
  #end: { readonly error: unknown } | undefined = undefined;
  #gathering: PromiseWithResolvers<Uint8Array> | undefined = undefined;
  #stream: ReadableStream<Uint8Array> | undefined = undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** The next piece. To be called while the body has not ended. */
  push(piece: Uint8Array): void {
    const controller = this.#controller;
    if (controller !== undefined) {
      controller.enqueue(piece);
      if ((controller.desiredSize ?? 0) <= 0) this.#pause();
      return;
    }
    this.#pieces.push(piece);
    this.#heldBytes += piece.length;
    if (this.#gathering === undefined && this.#heldBytes >= HIGH_WATER_BYTES) this.#pause();
  }

  /** The body is over: whole where `error` is undefined. Its source is not paused any more. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#resume();
    this.#end = { error };
    const controller = this.#controller;
    if (controller !== undefined) {
      if (error === undefined) controller.close();
      else controller.error(error);
    }
    if (this.#gathering !== undefined) this.#settle(this.#gathering);
  }

  /** The whole body; rejects with the error it broke off by. */
  bytes(): Promise<Uint8Array> {
    const gathering = Promise.withResolvers<Uint8Array>();
    this.#gathering = gathering;
    if (this.#end === undefined) this.#resume();
    else this.#settle(gathering);
    return gathering.promise;
  }

  get stream(): ReadableStream<Uint8Array> {
    return (this.#stream ??= new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.#start(controller),
        pull: () => this.#resume(),
        cancel: () => {
          this.#controller = undefined;
          if (this.#end === undefined) this.#source.cancel();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
    ));
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    for (const piece of this.#pieces) controller.enqueue(piece);
    this.#pieces = [];
    if (this.#end === undefined) this.#controller = controller;
    else if (this.#end.error === undefined) controller.close();
    else controller.error(this.#end.error);
  }

  #settle({ resolve, reject }: PromiseWithResolvers<Uint8Array>): void {
    if (this.#end?.error !== undefined) reject(this.#end.error);
    else if (this.#pieces.length === 1) resolve(this.#pieces[0] as Uint8Array);
    else resolve(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  #pause(): void {
    if (this.#isPaused || this.#end !== undefined) return;
    this.#isPaused = true;
    this.#source.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#source.resume();
  }
}
