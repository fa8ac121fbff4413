import { parseDuration } from "../core/units.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_NOT_DONE, EXIT_OK } from "./exit.ts";
import { refuse } from "./main.ts";
import { print } from "./output.ts";
import { writeProfiles } from "./profile-files.ts";
import { runningProcess } from "./running-process.ts";

const STANDARD_MS = 10_000;
const MOST_MS = 10 * 60_000;

/** `profile [OUTPUT]`: what the running process computes with for a while. Gives the exit code. */
export async function profile(invocation: Invocation): Promise<number> {
  const [output = "gatekeeper.cpuprofile"] = invocation.words;
  const [text] = invocation.values.get("for") ?? [];
  const time = text === undefined ? undefined : parseDuration(text);
  const fault = time?.ok === false ? time.fault : (time?.value ?? 1) === 0 ? "it takes some time" : undefined;
  const isLong = time?.ok === true && time.value > MOST_MS;
  if (fault !== undefined || isLong) {
    const place = { type: "flag", name: "--for" } as const;
    const message = fault ?? "what is sampled is held in memory, for ten minutes at most";
    return refuse([{ severity: "error", place, message, seen: text ?? "", expected: "a time, such as 10s or 2m" }]);
  }
  const running = await runningProcess(invocation);
  if (typeof running === "number") return running;
  const { requestProfiles } = await import("../process/control-client.ts");
  try {
    const profiles = await requestProfiles(running, time?.ok === true ? time.value : STANDARD_MS);
    const files = await writeProfiles(output, profiles);
    print(
      `${files.map((file) => `${file} is written: open it at https://www.speedscope.app or in Chrome's DevTools`).join("\n")}\n`,
    );
    return EXIT_OK;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`gatekeeper: process ${running.pid} was not profiled: ${reason}\n`);
    return EXIT_NOT_DONE;
  }
}
