import { runCommandLine } from "./cli/main.ts";

// process.argv is the same in a run from source and in the executable: runtime, script, then the words.
process.exitCode = await runCommandLine(process.argv.slice(2));
