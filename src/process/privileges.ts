import { CString, ptr, read } from "bun:ffi";
import { openLibc } from "../core/libc.ts";

/** Who a process becomes. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Undefined where only the group changes, or nobody is called by that number. */
  readonly name: string | undefined;
}

/** prctl(2), capabilities(7); the version of capset(2) that takes 64 bits. */
const SET_DUMPABLE = 4;
const SET_KEEP_CAPABILITIES = 8;
const AMBIENT = 47;
const AMBIENT_RAISE = 2;
const CAPABILITY_VERSION = 0x20080522;
const NET_BIND_SERVICE = 10;

/** Where `struct passwd` and `struct group` of 64-bit glibc and musl have their numbers. */
const PASSWD = { name: 0, uid: 16, gid: 20 } as const;
const GROUP = { gid: 16 } as const;

/**
 * The account that `user` and `group` mean, each a name or a number; undefined where neither is given. A text says what is
 * wrong. Names are the system's, wherever it has them from (getpwnam(3)).
 */
export function findAccount(user: string | undefined, group: string | undefined): Account | undefined | string {
  if (user === undefined && group === undefined) return undefined;
  const system = openLibc({
    getpwnam: { args: ["ptr"], returns: "ptr" },
    getpwuid: { args: ["u32"], returns: "ptr" },
    getgrnam: { args: ["ptr"], returns: "ptr" },
  });
  if (system === undefined) return "this platform cannot change the user of a process";
  const account: { uid: number; gid: number | undefined; name: string | undefined } = {
    uid: process.getuid?.() ?? 0,
    gid: undefined,
    name: undefined,
  };
  if (user !== undefined) {
    const entry = isNumber(user) ? system.getpwuid(Number(user)) : system.getpwnam(ptr(textBytes(user)));
    if (entry !== null) {
      account.uid = read.u32(entry, PASSWD.uid);
      account.gid = read.u32(entry, PASSWD.gid);
      account.name = String(new CString(read.ptr(entry, PASSWD.name)));
    } else if (isNumber(user)) account.uid = Number(user);
    else return `there is no user ${user}`;
  }
  if (group !== undefined) {
    const entry = isNumber(group) ? null : system.getgrnam(ptr(textBytes(group)));
    if (entry === null && !isNumber(group)) return `there is no group ${group}`;
    account.gid = entry === null ? Number(group) : read.u32(entry, GROUP.gid);
  }
  const { uid, gid, name } = account;
  return gid === undefined ? `user ${uid} has no group: group says which it is to be` : { uid, gid, name };
}

/** Why this process may not become it; undefined where it may. */
export function accountFault({ uid, gid }: Account): string | undefined {
  const own = process.getuid?.();
  if (own === 0 || (own === uid && process.getgid?.() === gid)) return undefined;
  return "only root may become another user or group";
}

/**
 * Becomes it for good, with its groups, in all threads of this process (the C library sees to that). Of root's rights one
 * stays, with the thread that listens and with the workers that it starts: to listen on ports below 1024, where the system
 * lets it be kept, so that a reload and a worker that takes another's place may do so as well.
 *
 * @throws where the system refuses, or would let it become root again: then nothing is to be served
 */
export function becomeAccount({ uid, gid, name }: Account): void {
  if (process.getuid?.() !== 0) return;
  const keeps = uid !== 0 && keepCapabilities(true);
  if (name === undefined) process.setgroups?.([gid]);
  else joinGroups(name, gid);
  process.setgid?.(gid);
  if (uid === 0) return;
  process.setuid?.(uid);
  if (keeps) keepOnlyListening();
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid || process.getgid?.() !== gid || canBecomeRoot()) {
    throw new Error(`this process could not become user ${uid} for good`);
  }
}

function canBecomeRoot(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

/** @throws where the system refuses */
function joinGroups(name: string, gid: number): void {
  const system = openLibc({ initgroups: { args: ["ptr", "u32"], returns: "i32" } });
  if (system?.initgroups(ptr(textBytes(name)), gid) !== 0) throw new Error(`the groups of ${name} cannot be joined`);
}

function keepCapabilities(on: boolean): boolean {
  return prctl(SET_KEEP_CAPABILITIES, on ? 1 : 0, 0) === 0;
}

function keepOnlyListening(): void {
  // Whoever may not have this right has none left.
  if (!setCapabilities(1 << NET_BIND_SERVICE) && !setCapabilities(0))
    throw new Error("rights of root cannot be dropped");
  // Given on to workers.
  prctl(AMBIENT, AMBIENT_RAISE, NET_BIND_SERVICE);
  keepCapabilities(false);
  // A change of user takes this away, and with it what /proc says to processes of the new one, `gatekeeper stop` among them.
  prctl(SET_DUMPABLE, 1, 0);
}

function setCapabilities(low: number): boolean {
  const system = openLibc({ capset: { args: ["ptr", "ptr"], returns: "i32" } });
  const header = new Uint32Array([CAPABILITY_VERSION, 0]);
  // Effective, permitted, inheritable: the lower halves, then the upper ones.
  const sets = new Uint32Array([low, low, low, 0, 0, 0]);
  return system?.capset(ptr(header), ptr(sets)) === 0;
}

function prctl(option: number, first: number, second: number): number | undefined {
  return openLibc({ prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } })?.prctl(
    option,
    first,
    second,
    0,
    0,
  );
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

function textBytes(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}
