import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What control sockets depend on. */
export interface ControlSetting {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}

export function controlSetting(): ControlSetting {
  return { environment: process.env, uid: process.getuid?.() ?? 0 };
}

/** `1234.sock` */
export function socketName(pid: number): string {
  return `${pid}.sock`;
}

/** Where a process may put its control socket, the best place first. */
export function ownFolders({ environment, uid }: ControlSetting): readonly string[] {
  // What systemd made for the unit (RuntimeDirectory=), which its ExecReload= is told as well.
  const [service] = (environment["RUNTIME_DIRECTORY"] ?? "").split(":");
  if (service !== undefined && service !== "") return [service];
  const last = `/tmp/gatekeeper-${uid}`;
  if (uid === 0) return ["/run/gatekeeper", last];
  const session = environment["XDG_RUNTIME_DIR"] ?? "";
  return session === "" ? [last] : [join(session, "gatekeeper"), last];
}

/** Where the control sockets of processes may be that this user may speak to. Root finds everyone's. */
export function folders(setting: ControlSetting): readonly string[] {
  const { environment, uid } = setting;
  if ((environment["RUNTIME_DIRECTORY"] ?? "") !== "") return ownFolders(setting);
  const all = new Set([...ownFolders(setting), "/run/gatekeeper"]);
  if (uid === 0) {
    for (const user of namesIn("/run/user")) all.add(join("/run/user", user, "gatekeeper"));
    for (const name of namesIn("/tmp")) if (/^gatekeeper-\d+$/.test(name)) all.add(join("/tmp", name));
  }
  return [...all];
}

/** Makes a folder that nobody else can write to. @returns why it is not to be used */
export function makeFolder(path: string, { uid }: ControlSetting): string | undefined {
  try {
    mkdirSync(path, { mode: 0o700, recursive: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return folderFault(path, uid);
}

/** Why a folder may be somebody else's: in /tmp anyone can make one before its owner does. */
export function folderFault(path: string, uid: number): string | undefined {
  // Not followed: a link could be turned elsewhere at any time.
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return `${path} is not there`;
  if (!stat.isDirectory()) return `${path} is no folder`;
  if (stat.uid !== uid && uid !== 0) return `${path} belongs to another user`;
  if ((stat.mode & 0o022) !== 0) return `${path} can be written to by others`;
  return undefined;
}

/** Names in a folder; none where it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
