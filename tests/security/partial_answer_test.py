# SPDX-License-Identifier: MIT
"""A gate is never green on part of what it was asked about, and a loss is said by whoever meets it."""

import os
import shutil
import stat
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402

HASH = "0123456789abcdef"
GATE = ["--verdict", "fail", "--count", "--expect", "none"]


class Gates(ArchiveScenario):
    def setUp(self):
        super().setUp()
        for number in range(20):
            self.put_at(f"run/t{number}-{HASH}.ktstr.json", example(f"t{number}"),
                        1_700_000_000 + number)

    def gate(self, *arguments, status=3, **how):
        for quiet in ([], ["-q"]):
            self.run_command("query", *arguments, *GATE, *quiet, status=status, **how)

    def test_a_truncated_tar(self):
        whole = self.temporary / "whole.tar"
        with tarfile.open(whole, "w") as tar:
            tar.add(self.root, "ktstr")
        self.gate("--in", whole, status=0)
        for size in (3000, whole.stat().st_size // 2):
            part = self.temporary / f"part{size}.tar"
            part.write_bytes(whole.read_bytes()[:size])
            self.gate("--in", part)

    def test_a_tar_or_tree_of_nothing(self):
        zeros = self.temporary / "zeros"
        zeros.write_bytes(bytes(100_000))
        self.gate("--in", zeros)
        (self.temporary / "empty").mkdir()
        self.gate("--in", self.temporary / "empty")

    def test_a_tree_whose_run_directories_are_links(self):
        tree = self.temporary / "tree"
        tree.mkdir()
        (tree / "run").symlink_to(self.root / "run")
        self.gate("--in", tree)

    @unittest.skipUnless(os.geteuid() == 0, "needs a second user")
    def test_files_that_may_not_be_read(self):
        for path in (self.temporary, self.root):
            path.chmod(0o755)
        for path in (self.root / "run").iterdir():
            path.chmod(0)
        self.gate("--root", self.root, as_nobody=True)

    def test_the_past_without_an_archive(self):
        self.refresh()
        for over in ("past", "all"):
            self.gate("--over", over, "--root", self.root, "--archive", self.archive, status=0)
            for archive in (self.temporary / "none", "off"):
                self.gate("--over", over, "--root", self.root, "--archive", archive)

    def test_a_session_whose_archive_cannot_be_read(self):
        self.refresh("--label", "a=b")
        content = self.archive.read_bytes()
        self.archive.write_bytes(bytes(100) + content[100:])
        session = self.sessions()
        self.gate("--session", session, "--root", self.root, "--archive", self.archive)

    def sessions(self):
        done = self.json("sql", "SELECT session FROM sessions", "--root", self.root)
        return done["rows"][0]["session"] if isinstance(done, dict) else done[0]["session"]


class Noted(ArchiveScenario):
    def write(self, name, session, status=0):
        return self.run_command("harness", "write", "--session", session, "--root", self.root,
                                stdin=example(name).encode(), status=status,
                                env={"KTSTR_PROJECT_COMMIT": "abc1234"}).stderr.decode()

    def names(self):
        return sorted(path.name.split("-")[0] for path in self.root.glob("*/*.ktstr.json"))

    def sentinel(self):
        return next(self.root.glob("*/.ktstr_run_epoch"))

    def test_the_sentinel_of_a_copy_by_hard_links_stays_as_it_is(self):
        self.write("a", "one")
        copy = self.temporary / "copy"
        os.link(self.sentinel(), copy)
        self.write("b", "two")
        self.assertEqual(copy.read_text(), "one")
        self.assertEqual(self.sentinel().read_text(), "two")
        self.assertEqual(self.names(), ["b"])

    def test_a_sentinel_that_may_not_be_written_is_replaced(self):
        self.write("a", "one")
        self.sentinel().chmod(0o444)
        self.write("b", "two")
        self.write("c", "two")
        self.assertEqual(self.names(), ["b", "c"])
        self.assertEqual(stat.S_IMODE(self.sentinel().stat().st_mode), 0o644)

    def test_a_writer_that_mends_the_archive_says_what_is_lost(self):
        archive = ["--archive", str(self.archive)]
        for name in ("a", "b", "c"):
            self.write(name, "one")
        self.refresh()
        content = self.archive.read_bytes()
        self.archive.write_bytes(content[:len(content) // 2])
        for log in ("-wal", "-shm"):
            Path(f"{self.archive}{log}").unlink(missing_ok=True)
        done = self.run_command("harness", "write", "--session", "two", "--root", self.root,
                                *archive, stdin=example("a").encode(),
                                env={"KTSTR_PROJECT_COMMIT": "abc1234"})
        self.assertIn("was damaged", done.stderr.decode())

    def tearDown(self):
        shutil.rmtree(self.root, ignore_errors=True)
        super().tearDown()


if __name__ == "__main__":
    unittest.main()
