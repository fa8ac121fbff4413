import type { Place, Setup } from "../setup.ts";

/** A program that is compared. */
export interface Contender {
  readonly name: string;
  /** Its version, for the report; undefined where it is not installed. */
  readonly version: string | undefined;
  /** Processors that it is given. */
  readonly cores: 1 | 2;
  /** Whether it can be set up so. */
  takes(setup: Setup): boolean;
  /** Writes what it needs into its folder and returns the command that serves in the foreground. */
  command(place: Place): Promise<readonly string[]>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The first line a program says of itself; undefined where there is no such program. */
export async function versionOf(...command: readonly string[]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return (out + err).trim().split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Where Debian puts a daemon that is not on everyone's path. */
export function daemon(name: string): string {
  return Bun.which(name) ?? Bun.which(name, { PATH: "/usr/sbin:/sbin" }) ?? name;
}
