import { dlopen } from "bun:ffi";

/** PR_SET_PDEATHSIG (Linux, prctl(2)): which signal this process gets when the one that started it ends. */
const SET_PARENT_DEATH_SIGNAL = 1;
const SIGKILL = 9;
/** The C library as glibc and musl name it. */
const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/**
 * Has the kernel end this process with the one that started it, whatever it does then: one whose event loop stands still
 * would not notice that its channel has closed, and go on holding its port.
 */
export function endWithParent(): void {
  if (process.platform !== "linux") return;
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
      });
      symbols.prctl(SET_PARENT_DEATH_SIGNAL, SIGKILL, 0, 0, 0);
      return;
    } catch {
      // It is the other one; and without either the channel's end does for all that turn.
    }
  }
}
