# SPDX-License-Identifier: MIT
"""A pool of one good record, which tests put hostile files beside."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from support import COMMAND  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

IS_SANITIZED = any(name.endswith("SAN_OPTIONS") for name in os.environ)
MIB = 1 << 20


class HostileScenario(WalkedScenario):
    """A pool of one good record, which every test puts its own things beside."""

    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 1, "--tests", 1, "--clean", "--no-jobs")
        self.run = next(path for path in self.root.glob("[!.]*") if any(path.iterdir()))
        self.record = self.a_record()

    def status_of(self, name):
        rows = self.rows("sql", "select file_name, status, error_class, error from files")
        return next(row for row in rows if row["file_name"] == name)

    def put_here(self, name, content):
        return self.put(f"{self.run.name}/{name}", content)

    def with_raw(self, key, text):
        """The record with one more key, whose value is given as text."""
        return json.dumps(self.record)[:-1] + f', {json.dumps(key)}: {text}}}'

    def with_value(self, key, text):
        """The record with another value of a key that it has."""
        marker = "@the value@"
        return json.dumps({**self.record, key: marker}).replace(json.dumps(marker), text)

    # A process inherits the peak memory of the one that starts it, and this one has a large one.
    LAUNCHER = ("import resource, subprocess, sys, time; begin = time.monotonic(); "
                "status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
                "usage = resource.getrusage(resource.RUSAGE_CHILDREN); "
                "print(status, time.monotonic() - begin, usage.ru_maxrss)")

    def measured(self, *arguments):
        """Runs the command; gives its seconds and its peak memory in bytes. It must end with 0."""
        done = subprocess.run(
            [sys.executable, "-S", "-c", self.LAUNCHER, COMMAND, *map(str, arguments)],
            capture_output=True, env=self.environment(), check=True, timeout=120)
        status, seconds, peak_kib = done.stdout.split()
        self.assertEqual(int(status), 0, done.stderr.decode())
        return float(seconds), int(peak_kib) * 1024

    def assert_quick_and_small(self, seconds, mib, *arguments):
        took, peak = self.measured(*arguments)
        if IS_SANITIZED:
            return
        self.assertLess(took, seconds)
        self.assertLess(peak, mib * MIB)
