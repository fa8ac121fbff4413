import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { binaryPath } from "../helpers/binary.ts";

// The executable is built first.
setDefaultTimeout(30_000);

describe("the executable", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("has caught %s before its port is open", async (signal) => {
    const child = Bun.spawn([await binaryPath(), "--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:1"], {
      stderr: "pipe",
      env: { ...process.env, GATEKEEPER_LOG: "info", GATEKEEPER_ADMIN: "off" },
    });
    const reader = child.stderr.getReader();
    let log = "";
    const read = async (wanted: string): Promise<void> => {
      while (!log.includes(wanted)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`ended without "${wanted}": ${log}`);
        log += Buffer.from(value).toString();
      }
    };
    await read("listening on");
    child.kill(signal);
    if (signal === "SIGHUP") {
      await read("configuration reloaded");
      child.kill("SIGTERM");
    }
    expect(await child.exited).toBe(0);
    expect(child.signalCode).toBeNull();
  });
});
