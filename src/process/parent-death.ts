import { openLibc } from "../core/libc.ts";

/** PR_SET_PDEATHSIG (Linux, prctl(2)): which signal this process gets when the one that started it ends. */
const SET_PARENT_DEATH_SIGNAL = 1;
const SIGKILL = 9;

/**
 * Has the kernel end this process with the one that started it, whatever it does then: one whose event loop stands still
 * would not notice that its channel has closed, and go on holding its port. Without it the channel's end does for all
 * that turn.
 */
export function endWithParent(): void {
  const libc = openLibc({ prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } });
  libc?.prctl(SET_PARENT_DEATH_SIGNAL, SIGKILL, 0, 0, 0);
}
