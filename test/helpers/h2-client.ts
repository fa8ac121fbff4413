import http2 from "node:http2";

/** An answer over HTTP/2 as it came. */
export interface H2Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

/** One request that is open: its events as conditions to wait for. */
export class H2Stream {
  readonly stream: http2.ClientHttp2Stream;
  status = 0;
  headers: http2.IncomingHttpHeaders = {};
  received = "";
  /** "end" for a whole body, else why it broke off; undefined while it is open. */
  ending: string | undefined = undefined;
  #wake: (() => void)[] = [];

  constructor(stream: http2.ClientHttp2Stream) {
    this.stream = stream;
    stream.on("response", (headers) => {
      this.headers = headers;
      this.status = Number(headers[":status"]);
      this.#notify();
    });
    stream.on("data", (piece: Buffer) => {
      this.received += piece.toString("latin1");
      this.#notify();
    });
    stream.on("end", () => this.#end("end"));
    stream.on("error", (error: Error) => this.#end(error.message, true));
    stream.on("aborted", () => this.#end("aborted", true));
    stream.on("close", () => this.#end(stream.rstCode === 0 ? "end" : `reset ${stream.rstCode}`));
  }

  async until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited ${deadlineMs} ms for ${what}; received ${JSON.stringify(this.received)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake.push(resolve);
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
  }

  async answer(): Promise<H2Answer> {
    await this.until(() => this.ending !== undefined, "the end of the answer");
    if (this.ending !== "end") throw new Error(`the stream broke off: ${this.ending}`);
    return { status: this.status, headers: this.headers, body: this.received };
  }

  /** Node tells an end before the error that explains it: the worse of two counts. */
  #end(how: string, isWorse = false): void {
    if (this.ending === undefined || isWorse) this.ending = how;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}

/** An HTTP/2 connection over TLS to a port of 127.0.0.1. */
export class H2Client implements AsyncDisposable {
  readonly session: http2.ClientHttp2Session;

  private constructor(session: http2.ClientHttp2Session) {
    this.session = session;
  }

  static async connect(port: number, ca: string): Promise<H2Client> {
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca });
    await new Promise<void>((resolve, reject) => session.once("connect", () => resolve()).once("error", reject));
    session.on("error", () => {});
    return new H2Client(session);
  }

  /** Opens a request; `body` undefined ends it at once, null leaves the upload open. */
  open(headers: http2.OutgoingHttpHeaders, body?: string | null): H2Stream {
    const stream = this.session.request(headers, { endStream: body === undefined });
    if (typeof body === "string") stream.end(body);
    return new H2Stream(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
  }
}
