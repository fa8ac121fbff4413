import { dlopen, type FFIFunction, type Library } from "bun:ffi";

/** The C library as glibc and musl name it. */
const NAMES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** Functions of the C library; undefined where there is none of the names that it has on Linux. */
export function openLibc<const F extends Record<string, FFIFunction>>(functions: F): Library<F>["symbols"] | undefined {
  if (process.platform !== "linux") return undefined;
  for (const name of NAMES) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // It is the other one.
    }
  }
  return undefined;
}
