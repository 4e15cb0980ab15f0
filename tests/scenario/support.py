# SPDX-License-Identifier: MIT
"""What the scenario tests share: a runs root of their own, the command, the sample pool, the data."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("KTSTR_SOURCE") or Path(__file__).resolve().parents[2])
COMMAND = os.environ.get("KTSTR_INDEX") or str(SOURCE / "build/release/tools/ktstr-index")
SAMPLE_POOL = os.environ.get("SAMPLE_POOL") or str(SOURCE / "build/release/tools/sample-pool")
NOBODY = 65534


def shared_data(name):
    """Path of a file of the shared data. Skips the test without it; fails it where CI is set."""
    named = os.environ.get("KTSTR_SHARED_DATA")
    path = Path(named or SOURCE.parent / "shared" / "data") / name
    if path.exists():
        return path
    if os.environ.get("CI"):
        raise AssertionError(f"CI is set and there is no {path}")
    raise unittest.SkipTest(f"no {path}")


def load_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


class Scenario(unittest.TestCase):
    """A test with an empty runs root (self.root), removed afterwards, and a home of its own."""

    maxDiff = None

    def setUp(self):
        self.temporary = Path(tempfile.mkdtemp(prefix="ktstr-scenario."))
        self.addCleanup(shutil.rmtree, self.temporary, ignore_errors=True)
        self.temporary.chmod(0o755)
        self.root = self.temporary / "ktstr"
        self.home = self.temporary / "home"
        self.root.mkdir()
        self.home.mkdir()
        self.home.chmod(0o777)

    def environment(self, **changes):
        """What the command sees: nothing of this machine's user, and not CI's settings. Nothing is
        archived unless the test names an archive."""
        values = {"PATH": os.defpath, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                  "KTSTR_INDEX_ARCHIVE": "off"}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                values[name] = value
        values.update(changes)
        return values

    def run_command(self, *arguments, status=0, stdin=b"", cwd=None, env=None, as_nobody=False):
        """Runs ktstr-index, checks its exit status, returns it with stdout and stderr as bytes.

        as_nobody: without root's rights, for tests of permissions."""
        program, user = COMMAND, {}
        if as_nobody and os.geteuid() == 0:
            # A copy, since the build may be where nobody can't go.
            program = self.temporary / "ktstr-index"
            shutil.copy(COMMAND, program)
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [str(program), *map(str, arguments)], input=stdin, capture_output=True, timeout=120,
            cwd=cwd or self.temporary, env=self.environment(**(env or {})), check=False, **user)
        said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, f"ktstr-index {arguments}\n{said}")
        return done

    def json(self, *arguments, **options):
        """The document that a command prints with --format json."""
        return json.loads(self.run_command(*arguments, "--format", "json", **options).stdout)

    def rows(self, *arguments, **options):
        return self.json(*arguments, "--root", self.root, **options)["rows"]

    def make_pool(self, *options):
        """Fills self.root with sample sidecars."""
        subprocess.run([SAMPLE_POOL, "--out", str(self.root), *map(str, options)],
                       check=True, capture_output=True, timeout=120, env=self.environment())

    def put(self, path, content):
        """Writes a file below the runs root, as the harness does: complete, under its name at once."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = target.with_name(target.name + ".part")
        staging.write_bytes(content if isinstance(content, bytes) else content.encode())
        staging.rename(target)
        return target
