/**
 * A value pattern as Caddy's `header` has it: `*` at the start, at the end or at both is any text, anywhere else itself.
 * Letters count as they are.
 */
export function compileText(pattern: string): (text: string) => boolean {
  if (pattern === "*") return () => true;
  const begins = pattern.startsWith("*");
  const ends = pattern.endsWith("*");
  if (begins && ends) {
    const part = pattern.slice(1, -1);
    return (text) => text.includes(part);
  }
  if (begins) {
    const suffix = pattern.slice(1);
    return (text) => text.endsWith(suffix);
  }
  if (ends) {
    const prefix = pattern.slice(0, -1);
    return (text) => text.startsWith(prefix);
  }
  return (text) => text === pattern;
}
