import { SETTING_NAMES, settingOf } from "../config/settings/table.ts";
import { GROUPS, type KeyStatus } from "../config/settings/setting.ts";
import { COMMANDS, takesFlag, type CommandName } from "./commands.ts";
import {
  EXIT_FORCED,
  EXIT_NOT_DONE,
  EXIT_NOT_SERVING,
  EXIT_OK,
  EXIT_REFUSED,
  EXIT_UNWELL,
  EXIT_WHICH_PROCESS,
} from "./exit.ts";
import { FLAGS, type Flag } from "./flags.ts";

const EXAMPLES: Readonly<Record<CommandName, readonly (readonly [command: string, what: string])[]>> = {
  run: [
    ["gatekeeper --bind 0.0.0.0:8008 --upstream 127.0.0.1:3000", "everything on port 8008 to one program"],
    ["gatekeeper --ba :80 --pa :3001 --pa :3002 --hc-freq 5", "two in turn, each checked every 5 seconds"],
    ["gatekeeper --bind :443 --cert site.pem --key site.key --upstream unix//run/app.sock", "TLS before a socket"],
    ["gatekeeper --bind :8008 --upstream https://api.example --host api.example", "to a TLS upstream"],
    ["gatekeeper -c conf.yaml -t", "see whether a file is right"],
  ],
  validate: [["gatekeeper validate Caddyfile", "see whether a file is right"]],
  adapt: [["gatekeeper adapt Caddyfile > gatekeeper.yaml", "go on in YAML"]],
  explain: [
    ["gatekeeper explain Caddyfile http://localhost:8008/up", "which route takes it, and why"],
    ["gatekeeper explain gatekeeper.yaml https://a.example/x -X POST -H 'X-A: b' --from 192.0.2.7", "another request"],
  ],
  reload: [["gatekeeper reload", "after the file was changed; says what is wrong with it, if so"]],
  stop: [
    ["gatekeeper stop", "as SIGTERM does, and wait for it"],
    ["gatekeeper stop --now --pid-file /run/gatekeeper.pid", "at once, where several run"],
  ],
  status: [
    ["gatekeeper status -c conf.yaml", "of the process whose pid file it names; for a monitor, by the exit code"],
  ],
  maintenance: [
    ["gatekeeper maintenance on", "everything answers 503; what is open stays open"],
    ["gatekeeper maintenance on a.example --retry-after 10m", "one route, by its name"],
    ["gatekeeper maintenance off", "everything is served again"],
  ],
  drain: [
    ["gatekeeper drain 127.0.0.1:3001", "before that program is stopped"],
    ["gatekeeper drain", "how every peer does, and how many requests and WebSockets it has"],
  ],
  undrain: [["gatekeeper undrain 127.0.0.1:3001", "it is back"]],
  top: [
    ["gatekeeper top", "q leaves it; where it is no terminal, one line a second"],
    ["gatekeeper top --once", "how it does now, once"],
  ],
  tail: [
    ["gatekeeper tail --status 5xx", "what fails, as it does"],
    ["gatekeeper tail --slower-than 500ms --route a.example", "what is slow on one route"],
  ],
  service: [
    ["gatekeeper service -c /etc/gatekeeper/gatekeeper.yaml > /etc/systemd/system/gatekeeper.service", "as root, once"],
    ["gatekeeper service --user www-data --bind :80 --upstream :3000", "without a file"],
  ],
  profile: [
    ["gatekeeper profile slow.cpuprofile", "when it is slow: where the time goes, as a flame graph"],
    ["gatekeeper profile --for 1m", "into gatekeeper.cpuprofile"],
  ],
  schema: [["gatekeeper schema > gatekeeper.schema.json", "for an editor that knows JSON Schema"]],
  docs: [["gatekeeper docs | less", "every key, its type, default and meaning"]],
  demo: [["gatekeeper demo", "see it work, without anything else"]],
};

/** Columns that the flags' names get. */
const NAME_COLUMNS = 34;

/** The help of a command, at most `columns` wide where words allow it. Ends with a newline. */
export function helpText(command: CommandName, columns: number): string {
  const lines = [
    "gatekeeper stands before your services as an HTTP and WebSocket reverse proxy.",
    "",
    `Usage: gatekeeper ${command === "run" ? "--bind ADDR --upstream ADDR [flags]" : [command, ...COMMANDS[command].words, "[flags]"].join(" ")}`,
  ];
  if (command === "run") {
    lines.push("       gatekeeper -c FILE [flags]", "       gatekeeper COMMAND [flags]", "", "Commands:");
    for (const [name, { doc }] of Object.entries(COMMANDS)) lines.push(...twoColumns(`  ${name}`, doc, columns));
  }
  const flags = FLAGS.filter((flag) => takesFlag(command, flag));
  for (const group of GROUPS) {
    const members = flags.filter((flag) => flag.group === group);
    if (members.length === 0) continue;
    lines.push("", `${group}:`);
    for (const flag of members) lines.push(...twoColumns(`  ${spelling(flag)}`, docOf(flag), columns));
  }
  if (command === "run") {
    for (const paragraph of [...keysTexts(), ADDRESSES, UNITS, SIGNALS, EXIT_CODES])
      lines.push("", ...hanging(paragraph, columns));
  }
  lines.push("", "Examples:");
  for (const [example, what] of EXAMPLES[command]) lines.push(`  # ${what}`, `  ${example}`);
  return `${lines.join("\n")}\n`;
}

const ADDRESSES =
  "Addresses: 127.0.0.1:3000, [::1]:3000, localhost:3000, :3000 (to listen: every address; upstream: localhost), " +
  "unix//run/app.sock, :8001-8004 (a range is several); upstream also http://host and https://host:443.";

const UNITS = "Times: 250ms, 3s, 1m30s, 2h. Sizes: 512, 64KiB, 10MB. A switch can be taken back: --tls=false.";

const SIGNALS =
  "Signals: SIGINT stops at once; SIGTERM lets requests end first, for grace_period_seconds at most; a second one of these " +
  "stops at once; SIGQUIT waits up to 5 s for a process that takes over (--upgrade), then drains; SIGHUP and SIGUSR1 reload; SIGUSR2 opens the files of logs anew.";

const EXIT_CODES =
  `Exit codes: ${EXIT_OK} stopped as asked, ${EXIT_FORCED} stopped before everything had ended, ` +
  `${EXIT_REFUSED} refused: nothing was started; of reload, stop, maintenance, drain and undrain: ${EXIT_NOT_DONE} the running process does not do ` +
  `it, ${EXIT_WHICH_PROCESS} no process, or several; of top and tail: ${EXIT_NOT_DONE} the process has ended, and none came in its place; ` +
  `of status: ${EXIT_OK} all is well, ${EXIT_UNWELL} something is wrong, ${EXIT_NOT_SERVING} nothing serves.`;

/** What conf.yaml may hold beside the flags' names. */
function keysTexts(): readonly string[] {
  const namesOf = (status: KeyStatus): string => {
    const only = SETTING_NAMES.filter((name) => settingOf(name).flag === undefined);
    return only.filter((name) => settingOf(name).status === status).join(", ");
  };
  return [
    `conf.yaml: each flag's name with _ for - is a key there (bind, hc_freq), and so are ${namesOf("effective")}.`,
    `Keys that are checked, and take effect with a later version: ${namesOf("later")}.`,
    `Keys of Pingora's that are accepted and have no effect: ${namesOf("no_effect")}.`,
  ];
}

/** A paragraph whose further lines are indented. */
function hanging(text: string, columns: number): readonly string[] {
  return wrap(text, columns - 2).map((line, i) => (i === 0 ? line : `  ${line}`));
}

function spelling(flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.valueName === "" ? "" : ` ${flag.valueName}`}`;
}

function docOf(flag: Flag): string {
  const older = flag.older.length === 0 ? "" : ` [older: ${flag.older.map((name) => `--${name}`).join(", ")}]`;
  return `${flag.doc}${flag.default === undefined ? "" : ` (default: ${flag.default})`}${older}`;
}

function twoColumns(left: string, right: string, columns: number): readonly string[] {
  const rest = wrap(right, Math.max(30, columns - NAME_COLUMNS));
  const lines = left.length < NAME_COLUMNS ? [] : [left];
  const head = lines.length === 0 ? left : "";
  return [...lines, ...rest.map((line, i) => `${(i === 0 ? head : "").padEnd(NAME_COLUMNS)}${line}`)];
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
