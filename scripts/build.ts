import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { bundlePage } from "../src/page/bundle.ts";
import { compile, currentCommit, ROOT, TARGETS, type TargetName } from "./compile.ts";

const USAGE = `Usage: bun run build [--all | --target NAME ...] [--outdir DIR]

Without arguments: dist/gatekeeper, for this machine.
--all         every target, as dist/gatekeeper-NAME, with dist/SHA256SUMS
--target      one of ${Object.keys(TARGETS).join(", ")}; repeatable
--outdir      another folder than dist
`;

function isTarget(name: string): name is TargetName {
  return Object.hasOwn(TARGETS, name);
}

async function buildOne(outfile: string, commit: string, target?: TargetName): Promise<boolean> {
  const started = Bun.nanoseconds();
  try {
    await compile({ outfile, commit, target });
  } catch (error) {
    console.error(`${basename(outfile)}: not built`);
    console.error(error);
    return false;
  }
  const seconds = ((Bun.nanoseconds() - started) / 1e9).toFixed(1);
  const megabytes = (Bun.file(outfile).size / 1e6).toFixed(0);
  console.log(`${outfile}  ${megabytes} MB  ${seconds} s`);
  return true;
}

/** In the form `sha256sum -c` reads. */
async function writeSums(outdir: string, files: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${basename(file)}\n`);
  }
  await Bun.write(join(outdir, "SHA256SUMS"), lines.join(""));
}

async function buildTargets(names: readonly TargetName[], outdir: string, commit: string): Promise<boolean> {
  await rm(join(outdir, "SHA256SUMS"), { force: true });
  const built: string[] = [];
  for (const name of names) {
    const outfile = join(outdir, `gatekeeper-${name}`);
    if (await buildOne(outfile, commit, name)) built.push(outfile);
  }
  if (built.length > 0) await writeSums(outdir, built);
  return built.length === names.length;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      all: { type: "boolean", default: false },
      target: { type: "string", multiple: true, default: [] },
      outdir: { type: "string", default: join(ROOT, "dist") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = values.target.filter((name) => !isTarget(name));
  if (unknown.length > 0) {
    console.error(`unknown target ${unknown.join(", ")}\n\n${USAGE}`);
    return 2;
  }
  const targets = values.all ? Object.keys(TARGETS) : values.target;
  const commit = await currentCommit();
  const good =
    targets.length === 0
      ? await buildOne(join(values.outdir, "gatekeeper"), commit)
      : await buildTargets(targets.filter(isTarget), values.outdir, commit);
  if (good) console.log(`its page  ${Buffer.byteLength(await bundlePage()).toLocaleString("en")} bytes`);
  return good ? 0 : 1;
}

process.exitCode = await main();
