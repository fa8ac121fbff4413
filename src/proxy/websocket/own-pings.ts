/** More pings than this without an answer are not remembered: the oldest is forgotten. */
const MOST = 16;

/**
 * Pings that were sent to one side and whose pongs are not to go on to the other. A pong that answers none
 * of them is the side's own (RFC 6455 section 5.5.3) and crosses.
 */
export class OwnPings {
  // Made with the first ping: most sockets never see one between two keep-alives.
  #waiting: Buffer[] | undefined = undefined;

  add(payload: Uint8Array): void {
    const waiting = (this.#waiting ??= []);
    if (waiting.length === MOST) waiting.shift();
    waiting.push(Buffer.from(payload));
  }

  /** True when `pong` answers one of them; that one and those before it are forgotten, as a pong may stand for all. */
  takes(pong: Buffer): boolean {
    const index = this.#waiting?.findIndex((ping) => ping.equals(pong)) ?? -1;
    if (index < 0) return false;
    this.#waiting?.splice(0, index + 1);
    return true;
  }
}
