/** What a unit for systemd depends on. */
export interface UnitOptions {
  /** Of the program that printed it. */
  readonly version: string;
  /** The program and what starts it, absolute. */
  readonly program: readonly string[];
  /** What it is to serve with. */
  readonly words: readonly string[];
  /** That its configuration says that it is a daemon, which it is not where the service manager starts it. */
  readonly isDaemon: boolean;
  /** Whom it runs as; undefined: a user that systemd makes for the time that it runs. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** How long a stop takes at the most. */
  readonly stopMs: number;
  /** Folders that it writes in, beside its own. */
  readonly folders: readonly string[];
  /** Files below someone's home: its program, or its configuration. */
  readonly isAtHome: boolean;
}

/** What is waited beyond the time that a stop should take at the most. */
const SPARE_MS = 5_000;
/** Above what a proxy of many connections needs; systemd's own default allows half of it. */
const OPEN_FILES = 1_048_576;
/** A process that has not shown for so long that a worker answers is started anew. */
const WATCHDOG_SECONDS = 30;

/** A unit file. What each line is for stands where that is not plain. */
export function unitText(options: UnitOptions): string {
  const { version, program, words, isDaemon, stopMs, folders, isAtHome } = options;
  const start = [...program, ...words, ...(isDaemon ? ["--daemon=false"] : [])];
  const upgrade = [...program, "-u", ...(isDaemon ? [] : ["-d"]), "--daemon-wait-for-ready", ...words];
  return `# Printed by ${version}.
# To be /etc/systemd/system/gatekeeper.service; then: systemctl daemon-reload && systemctl enable --now gatekeeper
#
# When a listener is closed while others share its port (-u, several workers, a new certificate), connections that wait for
# it are reset unless net.ipv4.tcp_migrate_req is 1 (Linux 5.14 and later):
#   echo net.ipv4.tcp_migrate_req=1 > /etc/sysctl.d/60-gatekeeper.conf && sysctl --system

[Unit]
Description=gatekeeper, an HTTP and WebSocket reverse proxy
Wants=network-online.target
After=network-online.target

[Service]
# It says itself when it serves, reloads and stops, and that it lives for as long as a worker answers.
Type=notify
NotifyAccess=main
WatchdogSec=${WATCHDOG_SECONDS}
WatchdogSignal=SIGKILL
ExecStart=${commandLine(start)}
# Fails, and says why, where the old configuration stays.
ExecReload=${commandLine([...program, "reload", "--pid"])} $MAINPID
# In its place, for a reload that takes up a new program as well: another process takes over, and the old one drains.
#ExecReload=${commandLine(upgrade)}
# The main process alone is told to stop, and has its workers let requests end.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=${Math.ceil((stopMs + SPARE_MS) / 1000)}
Restart=on-failure
RestartSec=1
# A worker that the kernel ends is replaced.
OOMPolicy=continue
LimitNOFILE=${OPEN_FILES}

${accountLines(options).join("\n")}
# Ports below 1024, and nothing else.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
UMask=0027

# /run/gatekeeper (control socket), /var/lib/gatekeeper, /var/log/gatekeeper (logs, if configured there)
RuntimeDirectory=gatekeeper
RuntimeDirectoryMode=0700
StateDirectory=gatekeeper
StateDirectoryMode=0750
LogsDirectory=gatekeeper
LogsDirectoryMode=0750
${folders.map((folder) => `ReadWritePaths=${quoted(`-${folder}`)}\n`).join("")}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=${isAtHome ? "read-only" : "yes"}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
# Netlink tells the addresses of this machine.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute=: code is compiled while it runs.

[Install]
WantedBy=multi-user.target
`;
}

function accountLines({ user, group }: UnitOptions): readonly string[] {
  if (user === undefined) {
    return [
      "# Keys of certificates have to be readable by this user; where they are root's alone, LoadCredential=site.key:/path",
      "# shows them to it as /run/credentials/gatekeeper.service/site.key.",
      "DynamicUser=yes",
    ];
  }
  return [`User=${user}`, ...(group === undefined ? [] : [`Group=${group}`])];
}

function commandLine(words: readonly string[]): string {
  return words.map((word) => quoted(word.replaceAll("$", "$$$$"))).join(" ");
}

/** A word as systemd.syntax(7) wants it: `%` begins a specifier, and a backslash an escape. */
function quoted(word: string): string {
  const plain = word.replaceAll("%", "%%");
  if (/^[\w@%+=:,./$-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
