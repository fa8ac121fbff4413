import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { bundlePage } from "../src/page/bundle.ts";

/** The folder of the project, wherever the script was started from. */
export const ROOT = resolve(import.meta.dir, "..");

/** What `--all` builds: the name in dist/, and the runtime Bun puts into it. */
export const TARGETS = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "darwin-arm64": "bun-darwin-arm64",
  "darwin-x64": "bun-darwin-x64",
} as const satisfies Record<string, Bun.Build.CompileTarget>;

export type TargetName = keyof typeof TARGETS;

export interface CompileOptions {
  readonly outfile: string;
  /** Undefined is the machine that builds. Another one's runtime comes from the npm registry, once. */
  readonly target?: TargetName | undefined;
  readonly commit: string;
  /** For tests: a build that has bugs on demand (src/process/faults.ts). Default false. */
  readonly faults?: boolean;
}

/** Makes one executable of src/main.ts. Rejects with what the bundler said. */
export async function compile(options: CompileOptions): Promise<void> {
  const outfile = resolve(options.outfile);
  await mkdir(dirname(outfile), { recursive: true });
  // Built beside its place and moved into it: a gatekeeper that runs from there is not written over
  // ("text file busy"), and a build that fails leaves the old one.
  const unfinished = `${outfile}.unfinished-${process.pid}`;
  try {
    await Bun.build({
      entrypoints: [join(ROOT, "src/main.ts")],
      target: "bun",
      // `format: "cjs"`, the default with bytecode, refuses top-level await and `import.meta` (Bun 1.4.5).
      format: "esm",
      bytecode: true,
      // Names of functions stand in profiles and stack traces.
      minify: { whitespace: true, syntax: true, identifiers: false },
      // Embedded: stack traces name the file and line of src/.
      sourcemap: "inline",
      define: {
        GATEKEEPER_VERSION: JSON.stringify(manifest.version),
        GATEKEEPER_COMMIT: JSON.stringify(options.commit),
        GATEKEEPER_PAGE: JSON.stringify(await bundlePage()),
        ...(options.faults === true && { GATEKEEPER_FAULTS: "true" }),
      },
      compile: {
        outfile: unfinished,
        ...(options.target === undefined ? {} : { target: TARGETS[options.target] }),
        // A stray file in the folder it is started in must not change what a proxy does.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    });
    await rename(unfinished, outfile);
  } finally {
    await rm(unfinished, { force: true });
    // Bun writes the map a second time, beside the executable.
    await rm(`${unfinished}.map`, { force: true });
  }
}

/** The commit that is built, with `-dirty` where files differ from it; `unknown` outside of the project's own git. */
export async function currentCommit(): Promise<string> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    const ran = await Bun.$`git -C ${ROOT} ${args}`.nothrow().quiet();
    return ran.exitCode === 0 ? ran.stdout.toString().trim() : undefined;
  };
  try {
    // An unpacked archive may lie inside somebody else's repository.
    if ((await git("rev-parse", "--show-toplevel")) !== ROOT) return "unknown";
    const commit = await git("rev-parse", "--short=12", "HEAD");
    if (commit === undefined) return "unknown";
    const changed = await git("status", "--porcelain", "--untracked-files=no");
    return changed === "" ? commit : `${commit}-dirty`;
  } catch {
    return "unknown";
  }
}
