/** Exit codes of a serving process; it stopped as it was asked to. */
export const EXIT_OK = 0;
/** The grace period was over, or a second signal came, before everything had ended. */
export const EXIT_FORCED = 1;
