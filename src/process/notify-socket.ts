import { ptr } from "bun:ffi";
import { openLibc } from "../core/libc.ts";

/** Linux, socket(2) and unix(7). */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` of `struct sockaddr_un`. */
const MOST_PATH_BYTES = 108;

/** A message that the receiver had no room for is sent again so often, so many times. */
const AGAIN_MS = 100;
const MOST_TIMES = 50;

const FUNCTIONS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
} as const;

type System = NonNullable<ReturnType<typeof openLibc<typeof FUNCTIONS>>>;

/**
 * Sends datagrams to a unix socket, which Bun cannot (1.4.5): through the C library, in this process. It never waits and never
 * throws; what cannot be sent after some time is lost.
 */
export class NotifySocket implements Disposable {
  readonly #system: System;
  readonly #fd: number;
  readonly #address: Uint8Array;
  /** In their order. */
  readonly #unsent: string[] = [];
  #times = 0;
  #timer: Timer | undefined = undefined;

  private constructor(system: System, fd: number, address: Uint8Array) {
    this.#system = system;
    this.#fd = fd;
    this.#address = address;
  }

  /** @param name a path, or a name that begins with `@` for one without a file. Undefined where there is no such thing. */
  static open(name: string): NotifySocket | undefined {
    const address = addressOf(name);
    const system = address && openLibc(FUNCTIONS);
    const fd = system?.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) ?? -1;
    return address === undefined || system === undefined || fd < 0 ? undefined : new NotifySocket(system, fd, address);
  }

  /** Sends it, now or before long. */
  send(message: string): void {
    this.#unsent.push(message);
    if (this.#timer === undefined) this.#sendAll();
  }

  /** Sends it now or not at all: a later one says the same. */
  trySend(message: string): void {
    if (this.#unsent.length === 0) this.#sends(message);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#system.close(this.#fd);
  }

  #sendAll(): void {
    this.#timer = undefined;
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      if (!this.#sends(next) && ++this.#times < MOST_TIMES) {
        this.#timer = setTimeout(() => this.#sendAll(), AGAIN_MS);
        this.#timer.unref();
        return;
      }
      this.#times = 0;
      this.#unsent.shift();
    }
  }

  #sends(message: string): boolean {
    const bytes = Buffer.from(message);
    const address = this.#address;
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = this.#system.sendto(this.#fd, ptr(bytes), bytes.length, flags, ptr(address), address.length);
    return Number(sent) === bytes.length;
  }
}

/** `struct sockaddr_un`; undefined where the name is that of no unix socket. */
function addressOf(name: string): Uint8Array | undefined {
  const path = Buffer.from(name);
  const isAbstract = name.startsWith("@");
  if (!(isAbstract || name.startsWith("/")) || path.length < 2 || path.length >= MOST_PATH_BYTES) return undefined;
  // The family, in the machine's byte order, which is little-endian wherever this runs.
  const address = Buffer.concat([Buffer.of(AF_UNIX, 0), path, ...(isAbstract ? [] : [Buffer.of(0)])]);
  if (isAbstract) address[2] = 0;
  return address;
}
