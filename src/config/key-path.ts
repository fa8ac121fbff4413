/** The path of a key below another, `routes[1].match`; names that are no plain words stand in quotes. */
export function keyPath(path: string, key: string): string {
  if (!/^[\w*+-]+$/.test(key)) return path === "" && /^\S+$/.test(key) ? key : `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The path of a list's item. */
export function itemPath(path: string, index: number): string {
  return `${path}[${index}]`;
}
