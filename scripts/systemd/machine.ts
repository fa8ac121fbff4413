import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BOOT = join(import.meta.dir, "boot.sh");
const MOST_MS = 20_000;

export interface Ran {
  readonly code: number;
  readonly text: string;
}

/** systemd with a network, processes and folders of its own, which end with it. For root. */
export class Machine implements AsyncDisposable {
  readonly #folder: string;
  readonly #unshare: Bun.Subprocess;
  #init = 0;

  private constructor(folder: string, unshare: Bun.Subprocess) {
    this.#folder = folder;
    this.#unshare = unshare;
  }

  /** @param config what /opt/gatekeeper.yaml is to hold */
  static async boot(binary: string, config: string): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), "gatekeeper-systemd-"));
    writeFileSync(join(folder, "conf.yaml"), config);
    const words = ["--fork", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--kill-child", "--mount-proc"];
    const console = Bun.file(join(folder, "console.log"));
    const unshare = Bun.spawn(["unshare", ...words, BOOT, resolve(binary), join(folder, "conf.yaml")], {
      stdin: "ignore",
      stdout: console,
      stderr: console,
    });
    const machine = new Machine(folder, unshare);
    await eventually(
      "systemd is up",
      () => machine.#isUp(),
      () => readFileSync(join(folder, "console.log"), "utf8"),
    );
    return machine;
  }

  /** Runs a program there to its end. */
  async run(...words: readonly string[]): Promise<Ran> {
    const child = Bun.spawn(["nsenter", "-t", String(this.#init), "--all", ...words], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { code: await child.exited, text: `${out}${errors}` };
  }

  /** Runs a line of shell there. */
  async shell(line: string): Promise<Ran> {
    return await this.run("sh", "-c", line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unshare.kill("SIGKILL");
    await this.#unshare.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #isUp(): Promise<boolean> {
    if (this.#unshare.exitCode !== null) throw new Error("the namespaces could not be made");
    const { pid } = this.#unshare;
    this.#init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
    return this.#init > 0 && (await this.run("systemctl", "is-active", "trial.target")).code === 0;
  }
}

/** Comes when a condition holds. @throws with what is to be told where it does not for long */
export async function eventually(
  what: string,
  condition: () => Promise<boolean>,
  tell: () => string = () => "",
): Promise<void> {
  const end = performance.now() + MOST_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it does not come to be that ${what}\n${tell()}`);
    await Bun.sleep(50);
  }
}
