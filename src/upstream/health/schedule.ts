/** The first pause after a peer was found down. */
const FIRST_PAUSE_MS = 250;
/** Probes of many peers, and of many proxies, do not fall into step. */
const JITTER = 0.1;

/**
 * When a peer is looked at again: at its interval, a tenth more or less; one that is down soon, and then with pauses that
 * double up to the interval (ours; Caddy waits the whole interval).
 *
 * @param looksDown how often in a row it was found down; 0 is up
 * @param draw a number from 0 up to 1
 */
export function pauseMs(intervalMs: number, looksDown: number, draw: number): number {
  const pause = looksDown === 0 ? intervalMs : Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** Math.min(looksDown - 1, 20));
  return pause * (1 + JITTER * (2 * draw - 1));
}
