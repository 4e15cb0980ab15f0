# SPDX-License-Identifier: MIT
"""A command is killed, or finds the disk full, at each call that changes a file; whatever the disk
no longer has, the archive has."""

import json
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from crash_test import Interposed, points  # noqa: E402
from keeping_scenario import KeepingScenario  # noqa: E402

MOST_POINTS = 24


class ArchiveCrash(KeepingScenario, Interposed):
    def points_of(self, *command, **options):
        """Not quite to the end: how often SQLite's log is copied differs by some calls."""
        return points(self.calls_of(*command, **options) - 8, MOST_POINTS)

    def assert_nothing_is_lost(self, *contents):
        """Each stands below the root or is in the archive, which is sound."""
        standing = {path.read_bytes() for path in self.root.glob("*/*.ktstr.json")}
        missing = set(contents) - standing
        if missing:
            self.assert_kept(*missing)
        if self.archive.exists() and self.archive.stat().st_size > 0:
            self.assert_sound()

    def restore(self, before):
        for path in (self.root, self.archive.parent):
            shutil.rmtree(path, ignore_errors=True)
            if (before / path.name).exists():
                shutil.copytree(before / path.name, path, symlinks=True)
        self.archive.parent.mkdir(exist_ok=True, mode=0o700)

    def save(self):
        before = self.temporary / "before"
        for path in (self.root, self.archive.parent):
            if path.exists():
                shutil.copytree(path, before / path.name, symlinks=True)
        return before


class KilledRefresh(ArchiveCrash):
    def check(self, variable, ends, contents):
        before = self.save()
        command = ("refresh", "--root", self.root)
        for point in self.points_of(*command):
            with self.subTest(call=point):
                self.restore(before)
                done = self.interposed(*command, **{variable: point})
                self.assertIn(done.returncode, ends, done.stderr.decode())
                self.assert_nothing_is_lost(*contents)
                self.refresh()
                self.assert_kept(*contents)
                self.assert_sound()
                self.assertEqual(self.kept("SELECT count(*) FROM observations WHERE kind = "
                                           "'sidecar' AND ended_ns IS NULL"), [(4,)])

    def changed_pool(self):
        """Some results are known, one was replaced since and others came; dumps beside them."""
        contents = [self.put_record(f"6.14-abc1234/t{i}.ktstr.json", vcpus=i + 1)
                    for i in range(3)]
        self.refresh()
        contents.append(self.put_record("6.14-abc1234/t1.ktstr.json", vcpus=8))
        contents.append(self.put_record("6.14-abc1234/t3.ktstr.json", vcpus=9))
        self.put("6.14-abc1234/t3.failure-dump.json", b'{"dump": 1}')
        return contents

    def test_a_first_refresh_killed_at_any_call_is_made_up_for_by_the_next(self):
        contents = [self.put_record(f"6.14-abc1234/t{i}.ktstr.json", vcpus=i + 1)
                    for i in range(4)]
        self.check("KILL_AT", (-signal.SIGKILL,), contents)

    def test_a_refresh_killed_at_any_call_is_made_up_for_by_the_next(self):
        self.check("KILL_AT", (-signal.SIGKILL,), self.changed_pool())

    def test_a_refresh_that_finds_the_disk_full_is_made_up_for_by_the_next(self):
        self.check("FULL_AT", (0, 3), self.changed_pool())


class KilledWriter(ArchiveCrash):
    ENVIRONMENT = {"KTSTR_PROJECT_COMMIT": "abc1234"}

    def check(self, variable, ends, session):
        """Over a result that stands, as a retry; or in a new session, which clears."""
        old = [self.write(test_name=name).read_bytes() for name in ("a", "b")]
        before = self.save()
        record = {**self.record, "test_name": "a", "vcpus": 4}
        options = {"stdin": json.dumps(record).encode(),
                   "env": {"KTSTR_RUNS_ROOT": str(self.root), "KTSTR_RUN_EPOCH": session,
                           **self.ENVIRONMENT}}
        for point in self.points_of("harness", "write", **options):
            with self.subTest(call=point):
                self.restore(before)
                done = self.interposed("harness", "write", **options, **{variable: point})
                self.assertIn(done.returncode, ends, done.stderr.decode())
                if variable == "KILL_AT":
                    self.assert_nothing_is_lost(*old)
                self.refresh()
                self.assert_sound()

    def test_a_retry_killed_at_any_call_loses_no_attempt(self):
        self.check("KILL_AT", (-signal.SIGKILL,), "one")

    def test_a_new_session_killed_at_any_call_loses_no_result(self):
        self.check("KILL_AT", (-signal.SIGKILL,), "two")

    def test_a_full_disk_fails_a_write_as_without_archive_or_not_at_all(self):
        self.check("FULL_AT", (0, 3), "one")


if __name__ == "__main__":
    unittest.main()
