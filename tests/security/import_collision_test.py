# SPDX-License-Identifier: MIT
"""What was imported never stands in the way of one's own results, nor answers in their place."""

import shutil
import sqlite3
import sys
import unittest
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from keeping_scenario import KeepingScenario  # noqa: E402

RUN = "6.14-abc1234"
COUNT = 18
VERDICTS = ("SELECT r.origin = '', s.file_name, s.verdict FROM sidecar s JOIN directory "
            "USING(directory_id) JOIN runs_root r USING(root_id) ORDER BY 1, 2")


class ImportCollision(KeepingScenario):
    def setUp(self):
        super().setUp()
        for number in range(COUNT):
            self.put_record(f"{RUN}/r{number:02}.ktstr.json", test_name=f"r{number}",
                            passed=number > 0)
        self.put(f"{RUN}/r00.failure-dump.json", b'{"dump": 1}')
        self.refresh()
        self.own = self.kept(VERDICTS)
        self.assertEqual(len(self.own), COUNT)
        self.assertEqual(self.own[0], (1, "r00.ktstr.json", "fail"))
        self.handed_over = self.temporary / "bk.sqlite3"

    def change(self, path, script):
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(script)

    def lose_all(self):
        shutil.rmtree(self.archive.parent)
        shutil.rmtree(self.root / ".ktstr-index")

    def assert_all_is_kept_as_the_files_have_it(self):
        for _ in range(2):
            self.assertEqual(self.refresh().stderr.decode().replace(
                "results are kept in", "").count("archived"), 0)
            self.assertEqual(self.kept(VERDICTS), self.own)
        failing = self.rows("query", "verdict = 'fail'", "--over", "past")
        self.assertEqual([row["test_name"] for row in failing], ["r0"])
        self.assertEqual(self.kept("SELECT count(*), count(id) FROM artifact"), [(1, 1)])
        self.assert_sound()

    def hand_over(self, script=""):
        self.run_command("snapshot", "--over", "past", self.handed_over, "--root", self.root)
        self.change(self.handed_over, script)
        self.lose_all()
        self.run_command("import", self.handed_over, "--root", self.root)

    def test_results_are_kept_after_a_lost_archive_came_back_by_an_import(self):
        self.hand_over()
        self.assert_all_is_kept_as_the_files_have_it()

    def test_verdicts_that_were_altered_in_the_file_give_way_to_ones_own(self):
        self.hand_over("UPDATE sidecar SET verdict = 'pass', passed = 1")
        self.assert_all_is_kept_as_the_files_have_it()

    def test_rows_that_an_earlier_version_imported_under_our_names_give_way(self):
        """They have the ids of ours."""
        ids = self.kept("SELECT file_name, observation_id FROM sidecar UNION ALL "
                        "SELECT file_name, observation_id FROM artifact")
        self.hand_over()
        for name, observation in ids:
            for table in ("sidecar", "artifact"):
                self.change(self.archive, f"UPDATE {table} SET observation_id = '{observation}' "
                                          f"WHERE file_name = '{name}'")
        self.change(self.archive, "UPDATE sidecar SET verdict = 'pass', file_name = 'x' || file_name")
        self.assert_all_is_kept_as_the_files_have_it()

    def test_what_was_handed_over_is_what_its_documents_say(self):
        pack = self.temporary / "results.ktpack"
        backup = self.temporary / "bk.sqlite3"
        self.run_command("pack", RUN, "-o", pack, "--root", self.root)
        self.run_command("snapshot", "--over", "past", backup, "--root", self.root)
        empty = self.temporary / "empty"
        empty.mkdir()
        for path in (pack, backup):
            self.change(path, "UPDATE sidecar SET verdict = 'pass', passed = 1, status = 'ok';"
                              "UPDATE host SET arch = 'forged'; DELETE FROM series")
            with self.subTest(path.name):
                failing = "verdict = 'fail'"
                self.assertEqual(len(self.rows("query", failing, "--in", path)), 1)
                elsewhere = self.temporary / f"{path.stem}-kept" / "archive.sqlite3"
                self.run_command("import", path, "--archive", elsewhere, "--root", empty)
                with closing(sqlite3.connect(elsewhere)) as archive:
                    self.assertEqual(archive.execute(
                        "SELECT file_name FROM sidecar WHERE verdict = 'fail'").fetchall(),
                        [("r00.ktstr.json",)])

    def test_a_row_that_can_not_be_put_is_counted_and_takes_no_other_along(self):
        """Its id is that of a row of another root of this machine."""
        self.change(self.archive, f"""
            INSERT INTO runs_root(path, origin, project) VALUES('/elsewhere', '', 'x');
            INSERT INTO directory(root_id, run_dir, job)
              SELECT root_id, '{RUN}', '' FROM runs_root WHERE path = '/elsewhere';
            UPDATE sidecar SET directory_id = (SELECT max(directory_id) FROM directory)
              WHERE file_name = 'r05.ktstr.json';
            DELETE FROM sidecar WHERE file_name <> 'r05.ktstr.json'""".replace(
                "DELETE FROM sidecar", "".join(
                    f"DELETE FROM {table} WHERE sidecar_id IN (SELECT sidecar_id FROM sidecar "
                    "WHERE file_name <> 'r05.ktstr.json');"
                    for table in ("series", "kvm_series", "verifier_program", "callback",
                                  "payload_metric")) + "DELETE FROM sidecar"))
        for _ in range(2):
            said = self.refresh().stderr.decode()
            self.assertIn("1 results or dumps could not be archived", said)
            self.assertIn("UNIQUE", said)
            self.assertEqual(self.kept("SELECT count(*) FROM sidecar"), [(COUNT,)])


if __name__ == "__main__":
    unittest.main()
