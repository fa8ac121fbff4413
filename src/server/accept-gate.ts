import type { Library } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isOutOfFiles } from "../core/free-file.ts";

/** How a listening socket is told from others of the process: its TCP port, or the path that it was bound to. */
export type SocketName = number | string;

/** A socket that Bun's event loop waits on for connections. */
interface ListeningSocket {
  readonly file: number;
  readonly inode: string;
  readonly epoll: number;
  /** An `epoll_event`: what Bun waits for, and by what it knows the socket again. */
  readonly waiting: Uint8Array;
  /** The same without what it waits for. */
  readonly deaf: Uint8Array;
}

const FUNCTIONS = {
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
} as const;

type Libc = Library<typeof FUNCTIONS>["symbols"];

const EPOLLIN = 1;
const EPOLL_CTL_MOD = 3;
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** Of `sockaddr_un`, the largest there is. */
const ADDRESS_BYTES = 110;
/** The event loop's file is among the first that a process opens. */
const FIRST_FILES = 256;
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT = process.arch === "x64" ? { bytes: 12, dataAt: 4 } : { bytes: 16, dataAt: 8 };

/**
 * Leaves new connections waiting in the kernel for a while. Bun asks for them again and again when the process has no file
 * left for one (EMFILE), with all of the processor's time, and has no way to stop listening that lets open connections
 * live (Bun 1.4.5). So the listening sockets are taken from what its event loop waits on, and put back: from outside,
 * by epoll_ctl(2), with what /proc says of the loop (proc_pid_fdinfo(5)). Linux alone.
 */
export class AcceptGate implements Disposable {
  #libc: Libc | undefined = undefined;
  #closed: readonly ListeningSocket[] = [];
  /** Found the last time, and by which names: finding them takes long where a process has many connections. */
  #found: { readonly names: string; readonly sockets: readonly ListeningSocket[] } | undefined = undefined;

  get isClosed(): boolean {
    return this.#closed.length > 0;
  }

  /** To be awaited before it is closed. */
  async prepare(): Promise<void> {
    this.#libc ??= await openFunctions();
  }

  /**
   * Lets connections to these wait. False where that cannot be done, or not now: it needs a free file, to read what it
   * has to know.
   */
  close(names: readonly SocketName[]): boolean {
    try {
      return this.#libc !== undefined && this.#close(this.#libc, names);
    } catch (error) {
      if (isOutOfFiles(error)) return false;
      throw error;
    }
  }

  #close(libc: Libc, names: readonly SocketName[]): boolean {
    const key = JSON.stringify(names);
    if (this.#found?.names !== key || !this.#found.sockets.every(isSame)) {
      const sockets = listeningSockets(libc, names);
      this.open();
      this.#found = { names: key, sockets };
    }
    this.#closed = this.#found.sockets;
    for (const { epoll, file, deaf } of this.#closed) libc.epoll_ctl(epoll, EPOLL_CTL_MOD, file, deaf);
    return this.isClosed;
  }

  /** Takes what waits, and what comes. */
  open(): void {
    for (const socket of this.#closed) {
      // Another socket may have the number by now; this one's own mark in it would be read as a pointer.
      if (isSame(socket)) this.#libc?.epoll_ctl(socket.epoll, EPOLL_CTL_MOD, socket.file, socket.waiting);
    }
    this.#closed = [];
  }

  [Symbol.dispose](): void {
    this.open();
    this.#found = undefined;
  }
}

async function openFunctions(): Promise<Libc | undefined> {
  // Two megabytes of memory, which most processes never need.
  const { openLibc } = await import("../core/libc.ts");
  return openLibc(FUNCTIONS);
}

function isSame({ file, inode }: ListeningSocket): boolean {
  return linkOf(file) === inode;
}

function linkOf(file: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    return "";
  }
}

function listeningSockets(libc: Libc, names: readonly SocketName[]): readonly ListeningSocket[] {
  const wanted = new Set(names);
  const files = readdirSync("/proc/self/fd").map(Number);
  const loops = files.filter((file) => file < FIRST_FILES && linkOf(file) === "anon_inode:[eventpoll]");
  return loops.flatMap((epoll) =>
    watchedBy(epoll).flatMap(([file, events, data]) => {
      if (!isListening(libc, file) || !wanted.has(nameOf(libc, file))) return [];
      // One that is deaf already lacks it.
      const waiting = eventOf(events | EPOLLIN, data);
      return { file, inode: linkOf(file), epoll, waiting, deaf: eventOf(0, data) };
    }),
  );
}

/** What an epoll waits on: each file, for which events, with which data. */
function watchedBy(epoll: number): readonly (readonly [number, number, bigint])[] {
  const text = readFileSync(`/proc/self/fdinfo/${epoll}`, "latin1");
  return [...text.matchAll(/^tfd:\s*(\d+) events:\s*([\da-f]+) data:\s*([\da-f]+)/gm)].map(
    ([, file, events, data]) => [Number(file), Number.parseInt(events ?? "", 16), BigInt(`0x${data}`)] as const,
  );
}

function eventOf(events: number, data: bigint): Uint8Array {
  const bytes = new Uint8Array(EVENT.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, events, true);
  view.setBigUint64(EVENT.dataAt, data, true);
  return bytes;
}

function isListening(libc: Libc, file: number): boolean {
  const value = new Int32Array(1);
  return libc.getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, value, new Uint32Array([4])) === 0 && value[0] === 1;
}

function nameOf(libc: Libc, file: number): SocketName {
  const address = Buffer.alloc(ADDRESS_BYTES);
  const length = new Uint32Array([ADDRESS_BYTES]);
  if (libc.getsockname(file, address, length) !== 0) return "";
  const family = address.readUInt16LE(0);
  if (family === AF_INET || family === AF_INET6) return address.readUInt16BE(2);
  return family === AF_UNIX ? address.toString("utf8", 2, length[0]).replace(/\0.*$/s, "") : "";
}
