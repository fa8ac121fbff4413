import net from "node:net";

const SERVER = `
require("node:http").createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end("ok"));
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;
/** A connection that is not made within this on loopback is not being accepted. */
const STUCK_MS = 300;
const BATCH = 100;

/** An origin in a process of its own that can stop: the system then accepts for it until its queue is full. */
export class StalledOrigin implements AsyncDisposable {
  readonly port: number;
  readonly #child: Bun.Subprocess;
  readonly #fill: net.Socket[] = [];

  private constructor(child: Bun.Subprocess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<StalledOrigin> {
    const child = Bun.spawn([process.execPath, "-e", SERVER], { stdout: "pipe", stderr: "inherit" });
    for await (const piece of child.stdout) return new StalledOrigin(child, Number(Buffer.from(piece).toString()));
    throw new Error("the origin did not start");
  }

  /** Serves nothing from now on; connections are still made. */
  stall(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Waits until a connection of this process to it has been made, accepted or not (Linux). */
  async connected(): Promise<void> {
    const port = this.port.toString(16).toUpperCase().padStart(4, "0");
    const established = new RegExp(`:${port} 01 `);
    while (!established.test(await Bun.file("/proc/self/net/tcp").text())) await Bun.sleep(1);
  }

  /** Fills the queue of connections: from now on the system swallows every SYN. */
  async fill(): Promise<void> {
    for (let isFull = false; !isFull;) {
      const batch = Array.from({ length: BATCH }, () => net.connect(this.port, "127.0.0.1").on("error", () => {}));
      this.#fill.push(...batch);
      const connected = Promise.all(batch.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
      await Promise.race([connected, Bun.sleep(STUCK_MS)]);
      // Where this process was held up itself, they are made by now, and it hears of it in the next turns.
      for (let turn = 0; turn < 3; turn++) await Bun.sleep(1);
      isFull = batch.some((socket) => socket.connecting);
    }
    // Those that wait for their SYN to be answered would take the place of the next one that is.
    for (const socket of this.#fill) if (socket.connecting) socket.destroy();
  }

  /** Lets go of the queue and serves again. */
  resume(): void {
    for (const socket of this.#fill) socket.destroy();
    this.#child.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
