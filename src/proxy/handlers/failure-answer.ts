/**
 * The answer of a handler that failed on purpose (`error`, a wrong password): Caddy's handler error. Edits of the
 * answer that are deferred do not hold for it, see `applyAnswerEdits`.
 */
export class FailureAnswer extends Response {
  /** Why, for the log. Never sent. */
  readonly detail: string;
  /** The same in words that a client may read, where a route for failures tells them. */
  readonly message: string;

  constructor(status: number, detail: string, headers?: Headers, message = "") {
    super(null, { status, ...(headers !== undefined && { headers }) });
    this.detail = detail;
    this.message = message;
  }
}
