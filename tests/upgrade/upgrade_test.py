# SPDX-License-Identifier: MIT
"""A catalog and an archive of every layout that ever landed are opened by today's program: the
catalog ends as a fresh one, the archive keeps every row. stores/ is made by make_stores."""

import re
import sqlite3
import sys
import unittest
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from support import SOURCE  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

CATALOGS = sorted((HERE / "stores").glob("catalog-*.sql"))
ARCHIVES = sorted((HERE / "stores").glob("archive-*.sql"))


def schema_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return sorted(row[0] for row in database.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


def views_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [row[0] for row in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'view'")]


def current_layout(store):
    return len(list((SOURCE / "migrations" / store).glob("*.sql")))


class UpgradeScenario(WalkedScenario):
    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "data" / "archive.sqlite3"
        self.archive.parent.mkdir()

    def lay(self, script, path):
        path.parent.mkdir(exist_ok=True)
        for suffix in ("", "-wal", "-shm", ".lock"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as database:
            database.executescript(script.read_text())
            database.execute("PRAGMA journal_mode = WAL")

    def layout(self, path):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("PRAGMA user_version").fetchone()[0]


class Catalogs(UpgradeScenario):
    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 2, "--tests", 2)
        self.refresh()
        self.fresh = schema_of(self.catalog)

    def test_there_is_one_of_each_layout_before_this(self):
        layouts = {int(re.match(r"catalog-(\d+)-", path.name)[1]) for path in CATALOGS}
        self.assertLessEqual(set(range(1, current_layout("catalog"))), layouts)

    def test_a_question_is_answered_as_by_a_fresh_one_and_the_schema_is_the_same(self):
        for script in CATALOGS:
            with self.subTest(script.name):
                self.lay(script, self.catalog)
                self.assert_right()
                self.assertEqual(schema_of(self.catalog), self.fresh)
                self.assertEqual(self.layout(self.catalog), current_layout("catalog"))
                self.assert_sound()

    def test_every_view_answers_and_sessions_say_whether_they_are_inferred(self):
        for script in CATALOGS:
            with self.subTest(script.name):
                self.lay(script, self.catalog)
                for view in views_of(self.catalog):
                    self.rows("sql", f"select * from {view}")
                self.rows("sql", "select session, inferred from sessions")

    def test_a_refresh_and_a_verify_find_nothing_wrong_with_it(self):
        for script in CATALOGS:
            with self.subTest(script.name):
                self.lay(script, self.catalog)
                self.refresh()
                self.assertEqual(
                    self.json("verify", "--root", self.root)["differences"], [])
                self.assertEqual(self.assert_right("--check", "none"), "")

    def test_views_of_another_version_are_made_anew_without_a_word(self):
        with closing(sqlite3.connect(self.catalog)) as database:
            database.executescript(
                "DROP VIEW sessions; CREATE VIEW sessions AS SELECT 1 AS session;"
                "UPDATE setting SET value = 'another' WHERE key = 'views_digest'")
        self.assertEqual(self.assert_right("--check", "none"), "")
        self.assertEqual(schema_of(self.catalog), self.fresh)

    def test_views_that_were_damaged_are_made_anew_and_it_is_said(self):
        for statement in ("DROP VIEW results", "DROP VIEW sessions",
                          "CREATE VIEW more AS SELECT 1"):
            with self.subTest(statement), closing(sqlite3.connect(self.catalog)) as database:
                database.execute(statement)
                self.assertIn("made anew", self.assert_right("--check", "none"))
                self.assertEqual(self.assert_right("--check", "none"), "")
                self.assertEqual(schema_of(self.catalog), self.fresh)


class Archives(UpgradeScenario):
    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": str(self.archive), **changes})

    def copies(self):
        return [path for path in self.archive.parent.iterdir() if ".layout-" in path.name]

    def rows_of(self, path):
        """All but what today's program may write about itself."""
        rows = {}
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            for table, in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'setting' AND "
                    "name NOT LIKE 'sqlite%'").fetchall():
                rows[table] = sorted(map(repr, database.execute(f"SELECT * FROM {table}")))
        return rows

    def fresh_schema(self):
        root, archive = self.root, self.temporary / "fresh.sqlite3"
        self.root = self.temporary / "fresh"
        self.make_pool("--run-directories", 1, "--tests", 1)
        self.refresh("--archive", archive)
        self.root = root
        return schema_of(archive)

    def test_there_is_one_of_each_layout_before_this(self):
        layouts = {int(re.match(r"archive-(\d+)-", path.name)[1]) for path in ARCHIVES}
        self.assertLessEqual(set(range(1, current_layout("archive"))), layouts)

    def test_it_keeps_every_row_has_a_backup_and_the_schema_of_a_fresh_one(self):
        fresh = self.fresh_schema()
        for script in ARCHIVES:
            with self.subTest(script.name):
                self.lay(script, self.archive)
                before = self.rows_of(self.archive)
                self.assertGreater(len(before["sidecar"]), 3)
                self.assertGreater(len(before["label"]), 3)
                said = self.run_command("refresh", "--root", self.root).stderr.decode()
                self.assertIn("has a new layout", said)
                after = self.rows_of(self.archive)
                for table, rows in before.items():  # the refresh adds its own root
                    self.assertLessEqual(set(rows), set(after[table]), table)
                    self.assertTrue(table == "runs_root" or len(rows) == len(after[table]), table)
                self.assertEqual(schema_of(self.archive), fresh)
                self.assertEqual(self.layout(self.archive), current_layout("archive"))
                copy, = (path for path in self.copies() if not path.name.endswith(("-wal", "-shm")))
                self.assertEqual(self.rows_of(copy), before)
                for path in self.copies():
                    path.unlink()

    def test_every_view_of_it_answers(self):
        for script in ARCHIVES:
            with self.subTest(script.name):
                self.lay(script, self.archive)
                self.run_command("refresh", "--root", self.root)
                for view in views_of(self.archive):
                    self.rows("sql", f"select * from past.{view}")
                self.assertEqual(
                    len(self.rows("query", "--over", "past", "--all-projects")),
                    len(self.rows_of(self.archive)["sidecar"]))

    def test_reading_waits_for_the_refresh_that_migrates_it(self):
        self.lay(ARCHIVES[0], self.archive)
        before = self.archive.read_bytes()
        said = self.run_command("query", "--over", "past", "--root", self.root,
                                status=3).stderr.decode()
        self.assertIn("ktstr-index refresh", said)
        self.assertEqual(self.archive.read_bytes(), before)

    def test_what_is_handed_over_of_an_older_layout_is_taken_as_it_is(self):
        for script in ARCHIVES:
            with self.subTest(script.name):
                other = self.temporary / "brought.sqlite3"
                self.lay(script, other)
                before = other.read_bytes()
                ids = sorted(row["id"] for row in self.json("query", "--in", other)["rows"])
                with closing(sqlite3.connect(f"file:{other}?mode=ro", uri=True)) as database:
                    stored = sorted(row[0] for row in database.execute(
                        "SELECT id FROM sidecar WHERE status IN ('ok', 'drift')"))
                self.assertEqual(ids, stored)
                self.assertEqual(other.read_bytes(), before)

    def test_views_that_are_not_ours_are_not_read_and_a_refresh_makes_them_anew(self):
        fresh = self.fresh_schema()
        self.make_pool("--run-directories", 1, "--tests", 1)
        self.refresh()
        for statement in ("DROP VIEW results",
                          "DROP VIEW results; CREATE VIEW results AS SELECT 'forged' AS id"):
            with self.subTest(statement):
                with closing(sqlite3.connect(self.archive)) as database:
                    database.executescript(statement)
                said = self.run_command("query", "--over", "past", "--root", self.root,
                                        status=3).stderr.decode()
                self.assertIn("view results", said)
                self.run_command("refresh", "--root", self.root)
                self.assertEqual(schema_of(self.archive), fresh)
                self.run_command("query", "--over", "past", "--root", self.root)


if __name__ == "__main__":
    unittest.main()
