import { CONFIG_FILE } from "./schema/file.ts";
import type { Field } from "./schema/object.ts";
import type { ObjectShape, Schema } from "./schema/schema.ts";

const HEAD = `# Configuration

\`gatekeeper -c FILE\` reads YAML, or a Caddyfile by its name or its look. What stands here is the YAML: every key with
the value it takes, its default and its meaning. \`gatekeeper schema\` prints the same for editors.

- Flags win over the keys at the top of a file, and those are the defaults of its routes and listeners. \`--bind\` stands
  in for the addresses of the file's listeners.
- \`\${NAME}\` in a value is the environment's variable NAME, \`\${NAME:-text}\` is text where that is unset or empty, and
  \`$\${\` is \`\${\` itself. What is put in is text where the value stands in quotes, and anything where it does not.
- A relative path of a file is relative to the working directory.
- Placeholders such as \`{host}\`, \`{uri}\` or \`{http.request.header.X-Token}\` stand in what is called a template here.
- Regular expressions are JavaScript's, without flags.
- Where a key takes several values, one alone may stand without brackets.
`;

/** The reference of every key of a configuration file, in Markdown. */
export function referenceText(): string {
  const sections: string[] = [HEAD.trimEnd()];
  for (const shape of objectsOf(CONFIG_FILE)) sections.push(section(shape));
  return `${sections.join("\n\n")}\n`;
}

function section({ name, doc, fields, exclusive }: ObjectShape): string {
  const rows = Object.entries(fields).map(([key, each]) => row(key, each));
  const exclusions = exclusive.map(({ keys }) => keys.map(code).join(", "));
  return [
    `## ${name === "file" ? "The file" : capital(name)}`,
    "",
    doc,
    ...(exclusions.length === 0 ? [] : ["", `At most one of ${exclusions.join("; of ")}.`]),
    "",
    "| key | value | default | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function row(key: string, { schema, doc, absent, needs }: Field<unknown>): string {
  const standard = absent === "required" ? "required" : "default" in absent ? code(absent.default) : absent.words;
  const condition = needs === undefined ? "" : `. With ${code(needs)}`;
  const cells = [code(key), valueText(schema), standard, `${doc}${condition}`];
  return `| ${cells.map((cell) => escapeStars(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

/** What stands behind a key, in words. */
function valueText({ shape }: Schema<unknown>): string {
  switch (shape.type) {
    case "scalar":
      return shape.kind.expected;
    case "list":
      return `a list: ${valueText(shape.item)}`;
    case "one_or_many":
      return `${valueText(shape.item)}; or a list`;
    case "map":
      return `keys, each ${shape.key.expected}; their values: ${valueText(shape.value)}`;
    case "object":
      return `keys: [${shape.name}](#${shape.name.replaceAll(" ", "-")})`;
    case "forms":
      return [...new Set(shape.forms.map(valueText))].join("; or ");
    case "lazy":
      return valueText(shape.target());
    default:
      return shape satisfies never;
  }
}

/** Every object below a schema, each once, the outer before the inner. */
function objectsOf(schema: Schema<unknown>): readonly ObjectShape[] {
  const found = new Map<string, ObjectShape>();
  const waiting = [schema];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { shape } = next;
    if (shape.type === "lazy") waiting.push(shape.target());
    else if (shape.type === "list" || shape.type === "one_or_many") waiting.push(shape.item);
    else if (shape.type === "map") waiting.push(shape.value);
    else if (shape.type === "forms") waiting.push(...shape.forms);
    else if (shape.type === "object" && !found.has(shape.name)) {
      found.set(shape.name, shape);
      waiting.push(...Object.values(shape.fields).map((each) => each.schema));
    }
  }
  return [...found.values()];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A `*` outside of code would begin an emphasis. */
function escapeStars(text: string): string {
  return text.replace(/`[^`]*`|\*/g, (part) => (part === "*" ? "\\*" : part));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
