import { ProxyError } from "../../core/errors.ts";

/** Once its body is being read a request cannot go to another peer, whatever the failure says of that. */
export function begun(error: unknown): unknown {
  if (!(error instanceof ProxyError) || !error.nothingSent) return error;
  return new ProxyError("connection_terminated", `no second connection: ${error.kind}, ${error.detail}`, error.cause);
}

/** The upstream ended its connection before it should have: `where` completes that sentence. */
export function closed(where: string, cause?: unknown): ProxyError {
  return new ProxyError("connection_terminated", `the upstream closed its connection ${where}`, cause);
}
