# SPDX-License-Identifier: MIT
"""A pool, and a command that is measured, limited and told to end."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from support import COMMAND  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

IS_SANITIZED = any(name.endswith("SAN_OPTIONS") for name in os.environ)
MIB = 1 << 20

# A process inherits the peak memory of the one that starts it, so that has to be a small one. Limits
# are of the command alone; its status is negative for a signal.
LAUNCHER = """
import json, os, resource, signal, sys, time
limits = json.loads(sys.argv[1])
begin = time.monotonic()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    for number, value in limits.items():
        resource.setrlimit(int(number), (value, value))
    os.execv(sys.argv[3], sys.argv[3:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[2], "w") as figures:
    json.dump([os.waitstatus_to_exitcode(status), time.monotonic() - begin,
               usage.ru_maxrss * 1024], figures)
"""


class Measured:
    def __init__(self, done, figures):
        self.status, self.seconds, self.peak_bytes = json.loads(figures)
        self.stdout = done.stdout
        self.said = done.stderr.decode(errors="replace")


class BoundedScenario(WalkedScenario):
    def measured(self, *arguments, limits=None, env=None, cwd=None):
        """Runs the command under limits (RLIMIT_…: value); how it ended, its seconds, its peak."""
        figures = self.temporary / "figures"
        limits = {getattr(resource, name): value for name, value in (limits or {}).items()}
        command = [sys.executable, "-S", "-c", LAUNCHER, json.dumps(limits), str(figures), COMMAND,
                   *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False,
                              cwd=cwd or self.temporary, env=self.environment(**(env or {})))
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return Measured(done, figures.read_bytes())

    def started(self, *arguments, **more):
        """The command, running; it is ended when the test is, at the latest."""
        process = subprocess.Popen([COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, cwd=self.temporary,
                                   env=self.environment(**more.pop("env", {})), **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def assert_ends_at_once(self, process, number, within_s=2.0, others=()):
        """Told to end, it does, with the status that says so, or one of the others: it may have been
        done just then."""
        begin = time.monotonic()
        process.send_signal(number)
        try:
            status = process.wait(timeout=60 if IS_SANITIZED else within_s)
        except subprocess.TimeoutExpired:
            self.fail(f"{process.args} goes on after {within_s} s")
        said = process.stderr.read().decode(errors="replace")
        self.assertIn(status, (-number, 128 + number, *others), said)
        return time.monotonic() - begin
