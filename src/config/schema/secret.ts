import { FILE, type Kind } from "../kinds.ts";
import { readBytes } from "../read-file.ts";
import { field, object } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, made, type Schema } from "./schema.ts";

/** A value that nobody should read over a shoulder: the value, or `{ file: PATH }`. Gives the value. */
export function readSecret<T>(kind: Kind<T>): Schema<T> {
  const alone = made(scalar(kind), ({ value }) => value);
  const inFile: Schema<T> = object(
    "secret",
    { doc: "A secret that is kept in a file of its own; one newline at its end does not count." },
    {
      file: field(scalar(FILE), {
        doc: "Path of the file; a relative one is relative to the working directory",
        absent: "required",
      }),
    },
    ({ values: { file }, site }) => {
      if (file === undefined) return undefined;
      const { decoding } = site;
      decoding.files.push(file.value);
      const bytes = readBytes(file.value);
      const base = { seen: file.value, expected: `a file that holds ${kind.expected}` };
      if (!bytes.ok) {
        decoding.report(file.place, bytes.fault, base);
        return undefined;
      }
      const text = new TextDecoder().decode(bytes.value).replace(/\r?\n$/, "");
      const parsed = kind.parse(text);
      if (parsed.ok) return parsed.value;
      const fault = text === "" ? "the file is empty" : `in this file: ${parsed.fault}`;
      decoding.report(file.place, fault, base);
      return undefined;
    },
  );
  return forms(alone, inFile);
}
