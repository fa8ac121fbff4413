import { setDefaultTimeout } from "bun:test";

// Tests wait for conditions, each with a deadline of its own; this is only for one that hangs. Bun's timers for idle
// connections move in steps of four seconds, so what waits for one takes longer than the five that are the default.
setDefaultTimeout(30_000);
