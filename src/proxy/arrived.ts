import { estimateShallowMemoryUsageOf } from "bun:jsc";

/**
 * Tells whether the body of a fetched answer is here already, whole: then the answer can be passed on as it is,
 * and keeps its Content-Length. That saves the reading and the building of another answer, a tenth of a request.
 *
 * Bun 1.4.5 has no question for it, but its estimate of a Response's memory is a constant, the URL, the status
 * text, and the bytes that have come. The constant is learnt from answers that are known to be whole rather than written
 * here. Where the estimate should ever mean something else, answers are gathered as before; the worst that a wrong
 * guess could do is to send a right body in chunks.
 */
export class ArrivedBodies {
  #constant: number | undefined = undefined;

  /** @param urlLength length of the URL that was fetched; `bodyLength` the answer's Content-Length */
  isWhole(answer: Response, urlLength: number, bodyLength: number): boolean {
    return this.#constant !== undefined && constantOf(answer, urlLength, bodyLength) === this.#constant;
  }

  /**
   * Is told of an answer before its body is taken, and gives what to call when that showed that the body was whole.
   * Nothing when the constant is known.
   */
  learn(answer: Response, urlLength: number, bodyLength: number): (() => void) | undefined {
    if (this.#constant !== undefined) return undefined;
    const constant = constantOf(answer, urlLength, bodyLength);
    return () => {
      this.#constant = constant;
    };
  }
}

function constantOf(answer: Response, urlLength: number, bodyLength: number): number {
  return estimateShallowMemoryUsageOf(answer) - answer.statusText.length - urlLength - bodyLength;
}
