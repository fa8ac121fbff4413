import { ptr } from "bun:ffi";
import { openLibc } from "../../src/core/libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MOST_MS = 20_000;

/** A service manager as far as it listens: a datagram socket under a path, or a name that begins with `@`. */
export class NotifyReceiver implements Disposable {
  readonly name: string;
  /** All that has come, each as its lines. */
  readonly messages: Readonly<Record<string, string>>[] = [];
  readonly #system;
  readonly #fd: number;

  constructor(name: string) {
    this.name = name;
    const system = openLibc({
      socket: { args: ["i32", "i32", "i32"], returns: "i32" },
      bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
      recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
      close: { args: ["i32"], returns: "i32" },
    });
    if (system === undefined) throw new Error("this test needs Linux");
    this.#system = system;
    this.#fd = system.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const address = Buffer.concat([Buffer.of(AF_UNIX, 0), Buffer.from(name)]);
    if (name.startsWith("@")) address[2] = 0;
    if (system.bind(this.#fd, ptr(address), address.length) !== 0) throw new Error(`cannot bind ${name}`);
  }

  /** Takes what has come by now. */
  take(): void {
    const bytes = Buffer.alloc(8192);
    for (;;) {
      const length = Number(this.#system.recv(this.#fd, ptr(bytes), bytes.length, MSG_DONTWAIT));
      if (length < 0) return;
      const lines = bytes.toString("utf8", 0, length).split("\n");
      this.messages.push(
        Object.fromEntries(lines.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)])),
      );
    }
  }

  /** The next message but for signs of life, which is taken out. */
  async next(): Promise<Readonly<Record<string, string>>> {
    return await this.#one((message) => message["WATCHDOG"] === undefined);
  }

  /** The next sign of life, which is taken out. */
  async sign(): Promise<void> {
    await this.#one((message) => message["WATCHDOG"] === "1");
  }

  async #one(is: (message: Readonly<Record<string, string>>) => boolean): Promise<Readonly<Record<string, string>>> {
    const end = performance.now() + MOST_MS;
    for (;;) {
      this.take();
      const at = this.messages.findIndex(is);
      const [message] = at < 0 ? [] : this.messages.splice(at, 1);
      if (message !== undefined) return message;
      if (performance.now() > end) throw new Error("no message came");
      await Bun.sleep(5);
    }
  }

  [Symbol.dispose](): void {
    this.#system.close(this.#fd);
  }
}
