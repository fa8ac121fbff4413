import { parse } from "node:path";
import type { WorkerProfile } from "../process/cpu-profiling.ts";

/** Writes profiles, each worker's to a file of its own where there are several: `x.cpuprofile`, or `x.1.cpuprofile` … */
export async function writeProfiles(file: string, profiles: readonly WorkerProfile[]): Promise<readonly string[]> {
  const { dir, name, ext } = parse(file);
  const files = profiles.map(({ worker }) =>
    profiles.length === 1 ? file : `${dir === "" || dir.endsWith("/") ? dir : `${dir}/`}${name}.${worker}${ext}`,
  );
  await Promise.all(profiles.map(({ profile }, at) => Bun.write(files[at] ?? file, profile)));
  return files;
}
