# SPDX-License-Identifier: MIT
"""Trees that share their files' bytes by hard links (cp -al, rsync --link-dest), and logs that are
links to somebody's file: each tree answers for itself, and nothing of others is written."""

import subprocess
import unittest
from pathlib import Path

from foreign_database_test import RUN, ForeignScenario


class Archive(ForeignScenario):
    def test_one_whose_log_is_a_link_to_a_users_file_is_not_opened(self):
        self.refresh()
        victim = self.outside / "mine.txt"
        log = Path(f"{self.archive}-shm")
        log.unlink(missing_ok=True)
        log.hardlink_to(victim)
        for command in (["refresh"], ["query", "--over", "past"], ["gc", "--keep-days", "9"]):
            _, _, said = self.ended(*command, "--root", self.root)
            self.assertIn("hard link", said)
            self.assertEqual(victim.read_text(), "mine")


class Catalog(ForeignScenario):
    def setUp(self):
        super().setUp()
        self.catalog = self.root / ".ktstr-index" / "catalog.sqlite3"
        self.refresh()
        self.change(self.catalog, "")
        self.good = self.catalog.read_bytes()

    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": "off", **changes})

    def lay(self, content):
        for path in self.catalog.parent.iterdir():
            path.unlink()
        self.catalog.write_bytes(content)

    def failing(self, root):
        rows = self.json("query", "verdict = 'fail'", "--root", root)["rows"]
        return sorted(row["test_name"] for row in rows)

    def test_trees_that_share_their_files_by_hard_links_answer_each_for_itself(self):
        subprocess.run(["cp", "-al", self.root, copy := self.temporary / "copy"], check=True)
        for turn in range(3):
            for root, name in ((self.root, "ours"), (copy, "theirs")):
                path = root / RUN / f"{name}{turn}.ktstr.json"
                path.write_bytes(self.put_record(f"{RUN}/scratch.ktstr.json", passed=False,
                                                 test_name=f"{name}{turn}"))
                (self.root / RUN / "scratch.ktstr.json").unlink()
            for root, name in ((self.root, "ours"), (copy, "theirs")):
                self.assertEqual(self.failing(root),
                                 ["bad", *(f"{name}{i}" for i in range(turn + 1))])
        for root in (self.root, copy):
            own = root / ".ktstr-index" / "catalog.sqlite3"
            self.assertEqual(own.stat().st_nlink, 1)
            self.assertEqual(len(list(own.parent.glob("*.aside-*[0-9]"))), 1)

    def test_a_log_that_is_a_link_to_a_users_file_is_never_written(self):
        victim = self.outside / "mine.txt"
        for suffix in ("-shm", "-wal", "-journal"):
            for has_catalog in (True, False):
                with self.subTest(suffix, has_catalog=has_catalog):
                    self.lay(self.good)
                    if not has_catalog:
                        self.catalog.unlink()
                    Path(f"{self.catalog}{suffix}").hardlink_to(victim)
                    self.assertEqual(self.failing(self.root), ["bad"])
                    self.assertEqual(victim.read_text(), "mine")

    def test_a_shared_one_that_was_named_is_refused(self):
        named, other = self.outside / "named.sqlite3", self.outside / "other.sqlite3"
        self.run_command("refresh", "--root", self.root, "--catalog", named)
        other.hardlink_to(named)
        before = self.state(self.outside)
        status, _, said = self.ended("query", "--root", self.root, "--catalog", named)
        self.assertEqual(status, 2, said)
        self.assertIn("hard link", said)
        self.assertEqual(self.state(self.outside), before)


if __name__ == "__main__":
    unittest.main()
