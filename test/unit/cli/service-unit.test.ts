import { expect, test } from "bun:test";
import { parseArgv } from "../../../src/cli/argv.ts";
import { unitText, type UnitOptions } from "../../../src/cli/service-unit.ts";

const OPTIONS: UnitOptions = {
  version: "gatekeeper 0",
  program: ["/usr/local/bin/gatekeeper"],
  words: ["-c", "/etc/gatekeeper/gatekeeper.yaml"],
  isDaemon: false,
  user: undefined,
  group: undefined,
  stopMs: 35_000,
  folders: [],
  isAtHome: false,
};

const linesOf = (options: Partial<UnitOptions>): readonly string[] => unitText({ ...OPTIONS, ...options }).split("\n");

test("it starts the very program with what was given, and reloads it", () => {
  const lines = linesOf({});
  expect(lines).toContain("ExecStart=/usr/local/bin/gatekeeper -c /etc/gatekeeper/gatekeeper.yaml");
  expect(lines).toContain("ExecReload=/usr/local/bin/gatekeeper reload --pid $MAINPID");
  expect(lines).toContain("TimeoutStopSec=40");
});

test("words mean what they meant to the shell", () => {
  const words = ["--cp", "/a b", "--header-up", 'x "$HOME" 100% \\n'];
  expect(linesOf({ words })).toContain(
    String.raw`ExecStart=/usr/local/bin/gatekeeper --cp "/a b" --header-up "x \"$$HOME\" 100%% \\n"`,
  );
});

test("a user that is there is taken, else systemd makes one", () => {
  expect(linesOf({})).toContain("DynamicUser=yes");
  const named = linesOf({ user: "www-data", group: "ssl-cert" });
  expect(named).toContain("User=www-data");
  expect(named).toContain("Group=ssl-cert");
  expect(named).not.toContain("DynamicUser=yes");
});

test("it may write where its files are, and read at home where they are there", () => {
  expect(
    linesOf({ folders: ["/srv/my logs", "/run/app"] }).filter((line) => line.startsWith("ReadWritePaths")),
  ).toEqual(['ReadWritePaths="-/srv/my logs"', "ReadWritePaths=-/run/app"]);
  expect(linesOf({})).toContain("ProtectHome=yes");
  expect(linesOf({ isAtHome: true })).toContain("ProtectHome=read-only");
});

test("a configuration that says daemon is served in the foreground all the same", () => {
  const lines = linesOf({ isDaemon: true, words: ["-c", "/c.yaml"] });
  expect(lines).toContain("ExecStart=/usr/local/bin/gatekeeper -c /c.yaml --daemon=false");
  expect(lines).toContain("#ExecReload=/usr/local/bin/gatekeeper -u --daemon-wait-for-ready -c /c.yaml");
  expect(linesOf({ words: ["-c", "/c.yaml"] })).toContain(
    "#ExecReload=/usr/local/bin/gatekeeper -u -d --daemon-wait-for-ready -c /c.yaml",
  );
});

test("what is given is passed on whole, with names of files that hold in every folder", () => {
  const words = ["service", "--ba", ":80", "--pa=:3000", "-c", "g.yaml", "--tls=false", "--watch", "--user", "www"];
  expect(parseArgv(words).problems).toEqual([]);
  expect(parseArgv(words).servingWords).toEqual([
    ...["--bind", ":80", "--upstream", ":3000", "-c", `${process.cwd()}/g.yaml`, "--tls=false", "--watch"],
  ]);
  const files = parseArgv(["service", "--cert", "a.pem", "--access-log", "./a.log", "--error-log", "/e.log"]);
  expect(files.servingWords).toEqual([
    ...["--cert", `${process.cwd()}/a.pem`, "--access-log", `${process.cwd()}/a.log`, "--error-log", "/e.log"],
  ]);
  expect(parseArgv(["service", "--access-log", "stdout"]).servingWords).toEqual(["--access-log", "stdout"]);
});
