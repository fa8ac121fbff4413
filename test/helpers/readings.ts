/** One way to read a path; readers further in differ in every one of these. */
interface Reader {
  readonly decodings: number;
  /** `;x` at the end of a segment is cut. */
  readonly cutsParameters: boolean;
  readonly backslashSeparates: boolean;
  readonly joinsSlashes: boolean;
  /** What is decoded to one of these ends the path. */
  readonly endsAt: string;
}

/**
 * Every path that some reader could make of a target: each combination of decoding none to three times (overlong
 * and fullwidth forms too), cutting parameters, taking `\` for `/`, joining slashes, ending at NUL, `?` or `#`.
 * Written without a look at the code it judges.
 */
export function readingsOf(target: string): readonly string[] {
  const path = target.replace(/\?.*$/s, "");
  return READERS.map((reader) => read(path, reader));
}

const READERS: readonly Reader[] = [0, 1, 2, 3].flatMap((decodings) =>
  [false, true].flatMap((cutsParameters) =>
    [false, true].flatMap((backslashSeparates) =>
      [false, true].flatMap((joinsSlashes) =>
        ["", "\0", "?", "#"].map((endsAt) => ({
          decodings,
          cutsParameters,
          backslashSeparates,
          joinsSlashes,
          endsAt,
        })),
      ),
    ),
  ),
);

function read(path: string, reader: Reader): string {
  let text = path;
  for (let count = 0; count < reader.decodings; count++) text = decodeOnce(text);
  if (reader.endsAt !== "") text = text.split(reader.endsAt)[0] ?? "";
  if (reader.backslashSeparates) text = text.replaceAll("\\", "/");
  const resolved: string[] = [];
  for (const [index, written] of text.split("/").entries()) {
    const segment = reader.cutsParameters ? written.replace(/;.*$/s, "") : written;
    if (index === 0 || segment.trim() === ".") continue;
    if (segment === "" && reader.joinsSlashes) continue;
    if (/^\.\.[\t\n\r ]*$/.test(segment)) resolved.pop();
    else resolved.push(segment);
  }
  return `/${resolved.join("/")}`;
}

function decodeOnce(text: string): string {
  return text
    .replace(/%c0%ae|%e0%80%ae|%ef%bc%8e|%u002e|%uff0e/gi, ".")
    .replace(/%c0%af|%e0%80%af|%ef%bc%8f|%u002f|%u2215/gi, "/")
    .replace(/%c1%9c|%u005c/gi, "\\")
    .replace(/%([0-7][0-9a-f])/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
