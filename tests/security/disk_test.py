# SPDX-License-Identifier: MIT
"""No room, or no right, to write below the root: an answer is whole, or says that it is stale."""

import contextlib
import json
import os
import shutil
import subprocess
import unittest

from bounded_scenario import COMMAND, IS_SANITIZED, MIB, BoundedScenario


class SmallDisk(BoundedScenario):
    """The root is on a small file system of its own."""

    SIZE = 8 * MIB
    TESTS = 40

    def setUp(self):
        super().setUp()
        self.root = self.temporary / "disk" / "ktstr"
        disk = self.root.parent
        disk.mkdir()
        options = f"size={self.SIZE},mode=0777"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            if os.geteuid() == 0 and os.environ.get("CI"):
                self.fail(mounted.stderr.decode())
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        self.root.mkdir()
        self.make_pool("--run-directories", 2, "--tests", self.TESTS, "--clean")

    @property
    def filler(self):
        return self.root.parent / "filler"

    def fill(self, leave=0):
        with open(self.filler, "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        if leave:
            os.truncate(self.filler, self.filler.stat().st_size - leave)

    def add(self, name="added"):
        """A result that the catalog doesn't have; there is room for its own bytes."""
        record = {**self.a_record(), "test_name": name, "passed": False, "skipped": False,
                  "inconclusive": False}
        return self.put(f"{name}/{name}.ktstr.json", json.dumps(record))

    def names(self, *options, **more):
        document = self.json("query", "--root", self.root, "--limit", 100000, *options, **more)
        return [row["test_name"] for row in document["rows"]], document["stale"]

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.root.parent], check=True)

    def count(self):
        return len(list(self.root.glob("[!.]*/**/*.ktstr.json")))


class FullDisk(SmallDisk):
    def cached(self):
        """Everything that could hold a catalog is on the full disk."""
        return {"XDG_CACHE_HOME": str(self.root.parent / "cache")}

    def assert_whole_or_stale(self, before, **more):
        """Gives whether it was stale."""
        done = self.run_command("query", "--root", self.root, "--limit", 100000, "--format",
                                "json", **more)
        document = json.loads(done.stdout)
        if document["stale"]:
            self.assertEqual(document["count"], before)
            self.assertIn(b"this answer is from before", done.stderr)
        else:
            self.assertEqual(document["count"], self.count())
        return document["stale"]

    def test_a_catalog_that_cant_grow_answers_from_its_rows_and_says_so(self):
        for env in ({}, self.cached()):
            for leave in (0, 4096, 16384, 65536):
                with self.subTest(env=env, leave=leave):
                    self.refresh(env=env)
                    before = self.count()
                    for i in range(20):
                        self.add(f"added{leave}{i}{len(env)}")
                    self.fill(leave)
                    for _ in range(3):
                        self.assert_whole_or_stale(before, env=env)
                    self.filler.unlink()
                    self.assertFalse(self.assert_whole_or_stale(before, env=env))

    def test_a_first_answer_without_room_is_whole(self):
        """Whatever part of a catalog fits; and so is the second."""
        for leave in (0, 4096, 8192, 40960, 102400, 200704, 409600, 1048576):
            with self.subTest(leave=leave):
                subprocess.run(["rm", "-rf", self.index_directory, self.root.parent / "cache"],
                               check=True)
                self.fill(leave)
                for _ in range(3):
                    names, stale = self.names(env=self.cached())
                    self.assertEqual((len(names), stale), (self.count(), False))
                self.filler.unlink()

    def test_a_refresh_that_found_no_room_leaves_no_half_answer(self):
        for leave in (40960, 102400, 200704, 409600):
            with self.subTest(leave=leave):
                subprocess.run(["rm", "-rf", self.index_directory, self.root.parent / "cache"],
                               check=True)
                self.fill(leave)
                self.measured("refresh", "--root", self.root, env=self.cached())
                names, stale = self.names(env=self.cached())
                self.assertEqual((len(names), stale), (self.count(), False))
                self.filler.unlink()

    def test_no_gate_is_green_on_rows_from_before(self):
        self.refresh(env=self.cached())
        for i in range(20):
            self.add(f"added{i}")
        self.fill()
        done = self.measured("query", "run_dir like 'added%' and verdict = 'fail'", "--expect",
                             "none", "--root", self.root, env=self.cached())
        self.assertIn(done.status, (1, 3), done.said)

    def test_a_refresh_says_that_it_could_not_write(self):
        self.refresh(env=self.cached())
        for i in range(20):
            self.add(f"added{i}")
        self.fill()
        done = self.measured("refresh", "--root", self.root, env=self.cached())
        if done.status != 0:  # it may have gone elsewhere
            self.assertEqual(done.status, 3)
            self.assertIn("full", done.said)

    def test_what_was_asked_then_is_right_afterwards(self):
        self.refresh()
        self.add()
        self.fill()
        self.names()
        self.filler.unlink()
        self.assert_right()
        self.assert_sound()


class ReadOnlyDisk(SmallDisk):
    def test_a_root_that_becomes_read_only_is_answered_from(self):
        self.refresh()
        self.add()
        self.remount("ro")
        self.addCleanup(self.remount, "rw")
        for env in ({}, {"XDG_CACHE_HOME": "/dev/null/none"}):
            names, stale = self.names(env=env)
            self.assertEqual((len(names), stale), (self.count(), False))


class SmallFiles(BoundedScenario):
    """A limit on the size of files is as good as a full disk, and needs no rights."""

    def test_a_limit_is_no_reason_to_die(self):
        self.make_pool("--run-directories", 3, "--tests", 20, "--clean")
        count = len(list(self.root.glob("[!.]*/**/*.ktstr.json")))
        for kib in (0, 4, 16, 64, 256, 512):
            with self.subTest(kib=kib):
                subprocess.run(["rm", "-rf", self.index_directory], check=True)
                for command in ("refresh", "query", "query"):
                    done = self.measured(command, "--root", self.root, "--format", "json",
                                         limits={"RLIMIT_FSIZE": kib * 1024},
                                         env={"XDG_CACHE_HOME": str(self.temporary / "cache")})
                    self.assertIn(done.status, (0, 3), done.said)
                    if command == "query":
                        self.assertEqual(done.status, 0, done.said)
                        self.assertEqual(json.loads(done.stdout)["count"], count, done.said)

    @unittest.skipIf(IS_SANITIZED, "its peak is not the command's")
    def test_what_is_sorted_is_in_memory_where_no_directory_takes_it(self):
        self.make_pool("--run-directories", 1, "--tests", 5, "--clean")
        self.refresh()
        statement = ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)"
                     " select count(*) as n from (select i, hex(randomblob(50000)) as x from n "
                     "order by x)")
        shutil.copy(COMMAND, self.temporary)
        script = ("mount --bind \"$0\" /mnt && for path in /tmp /var/tmp /usr/tmp; do "
                  "[ ! -d $path ] || mount -t tmpfs -o ro none $path || exit 9; done; "
                  "/mnt/ktstr-index sql \"$1\" --root /mnt/ktstr --format csv")
        done = subprocess.run(
            ["unshare", "-m", "bash", "-c", script, self.temporary, statement],
            capture_output=True, check=False, timeout=60, cwd="/",
            env=self.environment(TMPDIR="/dev/null", SQLITE_TMPDIR="/dev/null", HOME="/mnt/home"))
        if done.returncode == 9 or b"unshare" in done.stderr:
            self.skipTest(done.stderr.decode())
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn(b"400", done.stdout)


if __name__ == "__main__":
    unittest.main()
