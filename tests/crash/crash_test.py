# SPDX-License-Identifier: MIT
"""A command is killed, or finds the disk full, at each call that changes a file; then the catalog
still says what an independent walk says."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from harness_test import HarnessScenario  # noqa: E402
from independent_walk import STATEMENT, catalog_facts, walked_facts  # noqa: E402
from support import COMMAND  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

INTERPOSER = os.environ.get("KILL_AT_LIBRARY")
# Of the calls of one command; they are skipped evenly when there are more.
MOST_POINTS = int(os.environ.get("KTSTR_CRASH_POINTS", "20"))


def points(calls, most=MOST_POINTS):
    """Which calls to try: the first, the last, and evenly what is between them."""
    if calls <= most:
        return list(range(1, calls + 1))
    return sorted({1 + round(i * (calls - 1) / (most - 1)) for i in range(most)})


class Interposed(WalkedScenario):
    def setUp(self):
        super().setUp()
        self.assertTrue(INTERPOSER and Path(INTERPOSER).exists(), "KILL_AT_LIBRARY names no file")

    def interposed(self, *arguments, stdin=b"", env=None, **variables):
        """Runs the command with the interposer; any end will do."""
        values = self.environment(LD_PRELOAD=INTERPOSER, **(env or {}),
                                  **{name: str(value) for name, value in variables.items()})
        return subprocess.run([COMMAND, *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=60, cwd=self.temporary, env=values, check=False)

    def calls_of(self, *arguments, **options):
        count = self.temporary / "calls"
        done = self.interposed(*arguments, CALLS_TO=count, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        calls = int(count.read_text())
        self.assertGreater(calls, 5, "the interposer saw next to nothing")
        return calls


class RefreshScenario(Interposed):
    """A pool that has changed since its last refresh, long enough ago that each stamp is settled:
    at `dirs`, only what the catalog itself says can make a query look at a directory again. It is
    made once for all tests of a class, as settling takes seconds: they change the catalog only."""

    pool = None

    @classmethod
    def tearDownClass(cls):
        if cls.pool:
            shutil.rmtree(cls.pool, ignore_errors=True)

    def setUp(self):
        super().setUp()
        made_before = self.pool is not None
        type(self).pool = self.pool or Path(tempfile.mkdtemp(prefix="ktstr-crash."))
        self.root = self.pool / "ktstr"
        self.before = self.pool / "before"
        if not made_before:
            self.make_changed_pool()
        self.walked = walked_facts(self.root)

    def make_changed_pool(self):
        self.make_pool("--run-directories", 3, "--tests", 2)
        self.add_more()
        self.settle()
        self.refresh()
        shutil.copytree(self.index_directory, self.before)
        self.change_pool()
        self.change_more()
        self.settle()

    def add_more(self):
        """For pools with something else in them."""

    def change_more(self):
        """And what happens to it."""

    def restore(self, with_catalog):
        shutil.rmtree(self.home / ".cache", ignore_errors=True)
        if not with_catalog:
            shutil.rmtree(self.index_directory, ignore_errors=True)
            return
        self.index_directory.mkdir(exist_ok=True)
        for path in self.index_directory.iterdir():
            path.unlink()
        for path in self.before.iterdir():
            shutil.copy(path, self.index_directory)

    def check_is_right_in_the_end(self):
        self.assert_right("--check", "dirs", walked=self.walked)
        self.refresh()
        self.assert_right("--check", "none", walked=self.walked)
        self.assert_sound()

    def each_point(self, variable, *command, with_catalog, most=MOST_POINTS):
        """Restores, runs the command with its failure, and gives where and how it ended."""
        self.restore(with_catalog)
        for point in points(self.calls_of(*command), most):
            self.restore(with_catalog)
            yield point, self.interposed(*command, **{variable: point})


class InterruptedRefresh(RefreshScenario):
    def check_kills(self, with_catalog):
        command = ("refresh", "--root", self.root)
        for point, done in self.each_point("KILL_AT", *command, with_catalog=with_catalog):
            with self.subTest(call=point):
                self.assertEqual(done.returncode, -signal.SIGKILL)
                self.check_is_right_in_the_end()

    def test_a_refresh_killed_at_any_call_is_repaired_by_the_next(self):
        self.check_kills(with_catalog=True)

    def test_the_first_refresh_killed_at_any_call_is_repaired_by_the_next(self):
        self.check_kills(with_catalog=False)

    def check_full_disk(self, with_catalog):
        """The question refreshes too; an answer that is given has to be right."""
        command = ("sql", STATEMENT, "--root", self.root, "--format", "json")
        answered = 0
        for point, done in self.each_point("FULL_AT", *command, with_catalog=with_catalog):
            with self.subTest(call=point):
                answered += done.returncode == 0
                self.check_answer_or_refusal(done)
                self.check_is_right_in_the_end()
        # Memory is left where the disk is full from the start.
        self.assertGreater(answered, 0)

    def check_answer_or_refusal(self, done):
        said = done.stderr.decode()
        self.assertIn(done.returncode, (0, 3), said)
        if done.returncode == 0:
            self.assert_same_facts(catalog_facts(json.loads(done.stdout)["rows"]), self.walked)
        else:
            self.assertRegex(said, "full|No space left|disk I/O error")
            self.assertEqual(done.stdout, b"")

    def test_a_question_that_finds_the_disk_full_is_refused_or_answered_right(self):
        self.check_full_disk(with_catalog=True)

    def test_a_first_question_that_finds_the_disk_full_is_refused_or_answered_right(self):
        self.check_full_disk(with_catalog=False)


class KilledLongRefresh(RefreshScenario):
    """So many files in one directory that they don't fit into one transaction."""

    FILES = 2400

    def put_many(self, numbers, text):
        for number in numbers:
            (self.root / f"huge/{number:04}.ktstr.json").write_text(text)

    def add_more(self):
        (self.root / "huge").mkdir()
        self.put_many(range(self.FILES), '{"test_name": "before"}')

    def change_more(self):
        self.put_many(range(self.FILES), '{"test_name": "after"}')
        self.put_many(range(self.FILES, self.FILES + 50), '{"test_name": "added"}')
        for number in range(0, self.FILES, 16):
            (self.root / f"huge/{number:04}.ktstr.json").unlink()

    def test_a_refresh_killed_between_two_of_its_transactions_is_repaired_by_the_next(self):
        between = 0
        for point, done in self.each_point("KILL_AT", "refresh", "--root", self.root,
                                           with_catalog=True, most=MOST_POINTS // 2):
            with self.subTest(call=point):
                self.assertEqual(done.returncode, -signal.SIGKILL)
                between += self.has_a_part()
                self.check_is_right_in_the_end()
        self.assertGreater(between, 0, "no kill came between two transactions")

    def has_a_part(self):
        """Whether some of the changes are stored, and not all."""
        rows = self.rows("sql", "select count(*) as n from results where run_dir = 'huge' "
                                "and test_name = 'after'", "--check", "none")
        return 0 < rows[0]["n"] < self.FILES - self.FILES // 16


class KilledWriter(HarnessScenario, Interposed):
    """A harness that is killed while it writes a record and mirrors it."""

    ENVIRONMENT = {"KTSTR_PROJECT_COMMIT": "abc1234", "KTSTR_RUN_EPOCH": "two"}

    def setUp(self):
        super().setUp()
        for name in ("kept", "replaced"):
            self.write(test_name=name)
        self.refresh()
        self.before = self.temporary / "before"
        shutil.copytree(self.root, self.before, symlinks=True)

    def write_interposed(self, **variables):
        shutil.rmtree(self.root)
        shutil.copytree(self.before, self.root, symlinks=True)
        record = {**self.record, "test_name": "replaced", "passed": True}
        return self.interposed(
            "harness", "write", stdin=json.dumps(record).encode(),
            env={"KTSTR_RUNS_ROOT": str(self.root), **self.ENVIRONMENT}, **variables)

    def calls(self):
        count = self.temporary / "calls"
        self.assertEqual(self.write_interposed(CALLS_TO=count).returncode, 0)
        return int(count.read_text())

    def test_a_writer_killed_at_any_call_leaves_whole_files_and_a_catalog_that_is_repaired(self):
        for point in points(self.calls()):
            with self.subTest(call=point):
                done = self.write_interposed(KILL_AT=point)
                self.assertEqual(done.returncode, -signal.SIGKILL)
                self.assert_right("--check", "dirs")
                self.assertEqual(self.rows("query", "contract <> 'ok'", "--check", "files"), [])
                self.assertEqual(self.refresh()["status"]["corrupt"], 0)
                self.assert_sound()
                self.write(session="two", test_name="next")  # no lock is left
                self.assert_right("--check", "dirs")

    def test_a_writer_that_finds_the_disk_full_fails_or_its_file_is_whole(self):
        for point in points(self.calls()):
            with self.subTest(call=point):
                done = self.write_interposed(FULL_AT=point)
                said = done.stderr.decode()
                self.assertIn(done.returncode, (0, 3), said)
                if done.returncode == 3:
                    self.assertRegex(said, "full|No space left")
                else:  # then only the mirror can have failed, and the next refresh reads it
                    path = self.root / done.stdout.decode().strip()
                    self.assertTrue(json.loads(path.read_bytes())["passed"])
                self.assert_right("--check", "dirs")
                self.assertEqual(self.refresh()["status"]["corrupt"], 0)
                self.assert_sound()


if __name__ == "__main__":
    unittest.main()
