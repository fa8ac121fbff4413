/** What goes before and after a hop of a trace (W3C Trace Context, level 1). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 of them: the caller's span. */
  readonly parentId: string;
  /** 2 of them. */
  readonly flags: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_PARENT = "0".repeat(16);
/** Sampled, and of level 2 that the identifier is random. Others mean nothing yet, and go as 0. */
const KNOWN_FLAGS = 0b11;

/** Reads a `traceparent` field (3.2.2); of a later version what version 00 knows. Undefined where it is none. */
export function parseTraceParent(value: string): TraceParent | undefined {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(value) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (traceId === NO_TRACE || parentId === NO_PARENT) return undefined;
  return { traceId, parentId, flags: `0${Number.parseInt(flags, 16) & KNOWN_FLAGS}` };
}

/** The field of a span. */
export function traceParentText(traceId: string, spanId: string, flags: string): string {
  return `00-${traceId}-${spanId}-${flags}`;
}
