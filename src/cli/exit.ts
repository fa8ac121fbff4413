/** What was asked for cannot be started: a wrong command line, a wrong file, an address that is taken. */
export const EXIT_REFUSED = 2;
