/** Messages with more fields than this, or with a longer name, are not remembered: names come from clients. */
const MOST_FIELDS = 40;
const MOST_NAME_CHARS = 64;
/** So many sets of one size: as many kinds of client are told apart at once. */
const WAYS = 4;

/**
 * What was found out of the names that stand together in one message, for the next with the same names: clients send the same
 * ones again and again, and to ask for a name costs a third of having all of them listed (Bun 1.4.5).
 */
export class FieldSets<T extends { readonly names: readonly string[] }> {
  readonly #bySize: T[][] = [];
  #turn = 0;

  /** Those that have as many names as `headers`: whether they are the same is to be looked at. */
  like(headers: Headers): readonly T[] {
    return this.#bySize[headers.count] ?? NONE;
  }

  /** Keeps `found` in the place of an older one of its size. */
  learn(found: T): void {
    const { names } = found;
    if (names.length > MOST_FIELDS || names.some((name) => name.length > MOST_NAME_CHARS)) return;
    const ways = (this.#bySize[names.length] ??= []);
    if (ways.length < WAYS) ways.push(found);
    else ways[this.#turn++ % WAYS] = found;
  }
}

const NONE: readonly never[] = [];

/** Every name once, in small letters; undefined where one of them is `Set-Cookie`, whose lines Bun keeps apart. */
export function namesOf(headers: Headers): readonly string[] | undefined {
  const names: string[] = [];
  headers.forEach((_, name) => void names.push(name));
  return names.includes("set-cookie") ? undefined : names;
}

/** Whether `headers`, which have as many names, have all of these. */
export function hasAll(headers: Headers, names: readonly string[]): boolean {
  for (const name of names) if (!headers.has(name)) return false;
  return true;
}
