import { ptr } from "bun:ffi";
import { openLibc } from "../../src/core/libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;

/**
 * A port of 127.0.0.1 that refuses connections until somebody listens on it. On Linux it stays bound as long as this
 * process lives: nobody else's port 0 becomes this one meanwhile, and who names it may listen on it all the same.
 */
export function refusingPort(): number {
  return boundPort() ?? freePort();
}

function boundPort(): number | undefined {
  const system = openLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  });
  if (system === undefined) return undefined;
  const fd = system.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  system.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ptr(Int32Array.of(1)), 4);
  const address = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const size = Uint32Array.of(address.length);
  if (system.bind(fd, ptr(address), address.length) !== 0) throw new Error("cannot bind a port");
  system.getsockname(fd, ptr(address), ptr(size));
  return address.readUInt16BE(2);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
