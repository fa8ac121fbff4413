"""Runs a program in a terminal of 80 columns and 24 rows, does one thing to it, and says as JSON what came of it.

terminal.py HOW COMMAND...: HOW is keys to type, the name of a signal, or COLUMNSxROWS to resize it to before q is typed.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

DEADLINE = time.monotonic() + 20


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    how, command = sys.argv[1], sys.argv[2:]
    master, slave = pty.openpty()
    resize(slave, 80, 24)
    before = termios.tcgetattr(slave)
    child = os.fork()
    if child == 0:
        os.close(master)
        os.login_tty(slave)
        os.execvp(command[0], command)
    text = ""

    def read(until):
        nonlocal text
        while not until(text):
            if time.monotonic() > DEADLINE:
                os.kill(child, signal.SIGKILL)
                raise SystemExit("waited too long: " + repr(text[-2000:]))
            if select.select([master], [], [], 0.05)[0]:
                try:
                    text += os.read(master, 65536).decode("utf-8", "replace")
                except OSError:
                    return

    read(lambda seen: " requests/s " in seen)
    size = re.fullmatch(r"(\d+)x(\d+)", how)
    if size is not None:
        shown = len(text)
        resize(master, int(size[1]), int(size[2]))
        # What was on its way, and two frames after it.
        read(lambda seen: seen[shown:].count("\x1b[H") >= 3)
        how = "q"
    entered = termios.tcgetattr(slave)
    if how.startswith("SIG"):
        os.kill(child, getattr(signal, how))
    else:
        os.write(master, how.encode())
    ended = {}

    def is_over(_):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid != 0:
            ended["code"] = os.waitstatus_to_exitcode(status)
        return "code" in ended

    read(is_over)
    while select.select([master], [], [], 0.1)[0]:
        text += os.read(master, 65536).decode("utf-8", "replace")
    after = termios.tcgetattr(slave)
    print(json.dumps({**ended, "wasRaw": entered != before, "isRestored": after == before, "text": text}))


main()
