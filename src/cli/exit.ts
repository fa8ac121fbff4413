export { EXIT_FORCED, EXIT_OK } from "../process/exit.ts";

/** What was asked for cannot be started: a wrong command line, a wrong file, an address that is taken. */
export const EXIT_REFUSED = 2;
/** `reload`: the running process goes on with its old configuration. */
export const EXIT_NOT_RELOADED = 1;
/** `reload`: no process runs that this user may speak to, or several do. */
export const EXIT_WHICH_PROCESS = 3;
