export { EXIT_FORCED, EXIT_OK } from "../process/exit.ts";

/** What was asked for cannot be started: a wrong command line, a wrong file, an address that is taken. */
export const EXIT_REFUSED = 2;
/** What speaks to a running process: it does not do what it was asked for. */
export const EXIT_NOT_DONE = 1;
/** The same: no process runs that this user may speak to, or several do. */
export const EXIT_WHICH_PROCESS = 3;
/** `status`: it serves, but something is wrong. */
export const EXIT_UNWELL = 1;
/** `status`: no process serves. */
export const EXIT_NOT_SERVING = 2;
