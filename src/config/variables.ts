/** Values by name, as the environment has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text after its variables were put in. */
export interface Expansion {
  readonly text: string;
  readonly hasVariables: boolean;
  readonly faults: readonly VariableFault[];
}

export interface VariableFault {
  /** As it stands in the text: `${NAME}`. */
  readonly written: string;
  readonly message: string;
  readonly expected: string;
}

const VARIABLE = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?:(:-)([^}]*))?\}|([^}]*)\}?)/g;

/**
 * Puts the environment's values into a text: `${NAME}`, and `${NAME:-default}` for one that is unset or empty. `$${`
 * is `${` itself. What is put in is not looked at again.
 */
export function expandVariables(text: string, environment: Environment): Expansion {
  if (!text.includes("${")) return { text, hasVariables: false, faults: [] };
  const faults: VariableFault[] = [];
  let hasVariables = false;
  const expanded = text.replace(VARIABLE, (written, name?: string, mark?: string, standard?: string): string => {
    if (written === "$${") return "${";
    hasVariables = true;
    if (name === undefined) {
      const message = "this is no variable of the environment";
      faults.push({ written, message, expected: "${NAME} or ${NAME:-default}; $${ for ${ itself" });
      return "";
    }
    const value = environment[name];
    if (value !== undefined && (mark === undefined || value !== "")) return value;
    if (mark !== undefined) return standard ?? "";
    const message = `the environment has no ${name}`;
    faults.push({ written, message, expected: `${name} set, or a default: \${${name}:-...}` });
    return "";
  });
  return { text: expanded, hasVariables, faults };
}
