/**
 * The answer of a handler that failed on purpose (`error`, a wrong password): Caddy's handler error. Edits of the
 * answer that are deferred do not hold for it, see `applyAnswerEdits`.
 */
export class FailureAnswer extends Response {
  /** Why, for the log. Never sent. */
  readonly detail: string;

  constructor(status: number, detail: string, headers?: Headers) {
    super(null, { status, ...(headers !== undefined && { headers }) });
    this.detail = detail;
  }
}
