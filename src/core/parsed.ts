/** What reading a text gives: the value, or what is wrong with the text in words. Never thrown. */
export type Parsed<T> = Accepted<T> | Refused;

export interface Accepted<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Refused {
  readonly ok: false;
  /** What is wrong, as the end of a sentence: `port 99999 is over 65535`. */
  readonly fault: string;
  /** What would very likely have been right, ready to be typed in. */
  readonly suggestion?: string;
}

/** The text was understood. */
export function accept<T>(value: T): Accepted<T> {
  return { ok: true, value };
}

/** The text was not understood; `suggestion` only where one can be made with confidence. */
export function refuse(fault: string, suggestion?: string | undefined): Refused {
  return suggestion === undefined ? { ok: false, fault } : { ok: false, fault, suggestion };
}
