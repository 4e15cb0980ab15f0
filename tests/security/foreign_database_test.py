# SPDX-License-Identifier: MIT
"""Databases that a stranger made: packs and archives that are handed over, catalogs that came with
a tree, files that were named by mistake. Nothing of theirs runs, nothing is written beside them,
every command ends in time, and answers are the files' or none."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import unittest
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from keeping_scenario import KeepingScenario  # noqa: E402
from support import COMMAND  # noqa: E402

RUN = "6.14-abc1234"
SECONDS = 20  # for a command on a handful of rows, on a busy machine
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
# Takes all memory, or all time, of whoever evaluates it.
BOMB = "length(hex(zeroblob(400000000)))"


def tables_of(path):
    with closing(sqlite3.connect(path)) as database:
        return [name for name, in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]


def triggers_on_all(path):
    """Each fills the disk for as long as somebody lets it."""
    return "".join(
        f"CREATE TRIGGER evil_{table}_{event} BEFORE {event} ON {table} BEGIN "
        f"INSERT INTO label SELECT i, 'evil', hex(zeroblob(1000)) FROM ({ENDLESS}); END;"
        for table in tables_of(path) for event in ("INSERT", "UPDATE", "DELETE"))


def rewritten(table, old, new):
    """The table's words, as no statement would let them be written."""
    return ("PRAGMA writable_schema = ON;"
            f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}';"
            "PRAGMA writable_schema = RESET;")


# What SQLite would run, by the name of the attack. Those that only a table of the archive allows
# are in ARCHIVE_ONLY.
SCHEMAS = {
    "a generated column": f"ALTER TABLE sidecar ADD COLUMN evil AS ({BOMB})",
    "an index on an expression": "CREATE INDEX evil ON sidecar(hex(file_name))",
    "a partial index": "CREATE INDEX evil ON sidecar(id) WHERE status = 'corrupt'",
    "a renamed column": "ALTER TABLE sidecar RENAME COLUMN test_name TO nobody",
    "a further column": "ALTER TABLE sidecar ADD COLUMN evil",
    "a further table": "CREATE TABLE evil(x)",
    "a table that is a view": "ALTER TABLE sidecar RENAME TO hidden;"
                              f"CREATE VIEW sidecar AS SELECT h.* FROM hidden h, ({ENDLESS})",
    "a virtual table": "DROP TABLE callback; CREATE VIRTUAL TABLE callback USING fts5(sidecar_id)",
    "a default that runs": rewritten("host", "arch TEXT", f"arch TEXT DEFAULT ({BOMB})"),
    "a check that runs": rewritten("sidecar", "file_name TEXT NOT NULL",
                                   f"file_name TEXT NOT NULL CHECK({BOMB} > 0)"),
    "a collation": rewritten("host", "arch TEXT", "arch TEXT COLLATE NOCASE"),
    "a missing table": "DROP TABLE payload_metric",
    "many objects": "".join(f"CREATE TABLE evil_{i}(x);" for i in range(3000)),
    "a long text": f"CREATE VIEW evil AS SELECT '{'x' * 900_000}'",
}
VIEWS = {
    "endless views": f"DROP VIEW results; CREATE VIEW results AS {ENDLESS};"
                     f"DROP VIEW pool; CREATE VIEW pool AS {ENDLESS};"
                     f"DROP VIEW sessions; CREATE VIEW sessions AS {ENDLESS}",
    "forged views": "DROP VIEW results; CREATE VIEW results AS SELECT 'forged' AS id",
    "missing views": "DROP VIEW results; DROP VIEW pool; DROP VIEW files",
    "further views": f"CREATE VIEW evil AS {ENDLESS}",
}
ROWS = {
    "text where a number belongs": "UPDATE sidecar SET mtime_ns = 'yesterday', size_bytes = 'big'",
    "bytes where a number belongs": "UPDATE document SET plain_bytes = zeroblob(100)",
    "a huge name": "UPDATE sidecar SET test_name = hex(zeroblob(20000000))",
    "a path as a name": "UPDATE sidecar SET file_name = '../../evil'",
    "a bomb of a document": "UPDATE document SET plain_bytes = 1 << 62",
    "a row without its parent": "DELETE FROM directory",
}


class ForeignScenario(KeepingScenario):
    def setUp(self):
        super().setUp()
        self.scratch = self.temporary / "scratch"
        self.scratch.mkdir()
        self.put_record(f"{RUN}/good.ktstr.json", test_name="good", passed=True)
        self.put_record(f"{RUN}/bad.ktstr.json", test_name="bad", passed=False)
        self.outside = self.temporary / "outside"
        self.outside.mkdir()
        (self.outside / "mine.txt").write_text("mine")

    def environment(self, **changes):
        return super().environment(**{"TMPDIR": str(self.scratch), **changes})

    def change(self, path, script):
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(script)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def ended(self, *arguments, env=None, cwd=None):
        """(status, rows if there are any, stderr); in time, or the test fails."""
        done = subprocess.run(
            [COMMAND, *map(str, arguments)], capture_output=True, check=False, timeout=SECONDS,
            env=self.environment(**(env or {})), cwd=cwd or self.temporary)
        said = done.stderr.decode(errors="replace")
        self.assertIn(done.returncode, (0, 1, 2, 3), f"{arguments}\n{said}")
        rows = None
        if done.returncode in (0, 1) and "--format" in map(str, arguments):
            rows = json.loads(done.stdout).get("rows")
        return done.returncode, rows, said

    def state(self, directory):
        """All that stands there."""
        return {str(path.relative_to(directory)): (
                    hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None,
                    path.stat().st_mtime_ns)
                for path in sorted(directory.rglob("*"))}


class HandedOver(ForeignScenario):
    """To --in and import."""

    def setUp(self):
        super().setUp()
        self.refresh("--label", "machine=theirs")
        self.logged = self.outside / "archive.sqlite3"
        shutil.copy(self.archive, self.logged)
        self.pack = self.outside / "results.ktpack"
        self.run_command("pack", RUN, "-o", self.pack, "--root", self.root)
        self.good = {path: path.read_bytes() for path in (self.logged, self.pack)}
        self.names = sorted(row["test_name"] for row in self.rows("query"))
        self.elsewhere = self.temporary / "elsewhere" / "archive.sqlite3"

    def commands(self, path):
        yield "query", "--in", path, "--format", "json"
        yield "sql", "select test_name from results order by 1", "--in", path, "--format", "json"
        yield "list", "--in", path, "--format", "json"
        yield "import", path, "--archive", self.elsewhere, "--root", self.root

    def attack(self, script, check, names=("query", "sql", "list", "import")):
        """The script may be a function of the path."""
        for path, good in self.good.items():
            path.write_bytes(good)
            self.change(path, script(path) if callable(script) else script)
            before = self.state(self.outside)
            for command in self.commands(path):
                if command[0] not in names:
                    continue
                with self.subTest(command=command[0], file=path.name):
                    check(command, *self.ended(*command))
                    self.assertEqual(self.state(self.outside), before)
                    self.assertEqual(list(self.scratch.iterdir()), [])
        self.assert_clean_elsewhere()

    def assert_clean_elsewhere(self):
        """Nothing but rows that an archive may hold came in."""
        with closing(sqlite3.connect(self.elsewhere)) as archive, \
                closing(sqlite3.connect(self.archive)) as ours:
            words = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1"
            self.assertEqual(archive.execute(words).fetchall(), ours.execute(words).fetchall())
            names = {name for name, in archive.execute("SELECT test_name FROM sidecar")}
            self.assertLessEqual(names, set(self.names))
            self.assertEqual(archive.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        shutil.rmtree(self.elsewhere.parent)

    def refused(self, _, status, __, said):
        self.assertEqual(status, 3, said)
        self.assertIn(str(self.outside), said)

    def answered(self, command, status, rows, said):
        self.assertEqual(status, 0, said)
        if command[0] in ("query", "sql"):
            self.assertEqual(sorted(row["test_name"] for row in rows), self.names)

    def test_a_good_one_is_answered_and_imported(self):
        self.attack("", self.answered)

    def test_triggers_never_fire_and_such_a_file_is_refused(self):
        self.attack(triggers_on_all, self.refused)

    def test_a_schema_that_would_run_is_refused(self):
        for name, script in SCHEMAS.items():
            with self.subTest(name):
                self.attack(script, self.refused, ("import",))
        self.attack(SCHEMAS["a generated column"], self.refused)

    def test_views_are_never_asked(self):
        for name, script in VIEWS.items():
            with self.subTest(name):
                self.attack(script, self.answered)

    def test_rows_that_no_archive_holds_are_refused(self):
        for name, script in ROWS.items():
            with self.subTest(name):
                self.attack("PRAGMA ignore_check_constraints = ON;" + script, self.refused,
                            ("query", "import"))

    def test_what_is_in_the_log_only_is_read_and_the_writer_not_disturbed(self):
        with closing(sqlite3.connect(self.logged, isolation_level=None)) as writer:
            writer.execute("PRAGMA wal_autocheckpoint = 0")
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("UPDATE label SET value = 'from the log'")
            writer.execute("COMMIT")
            self.assertGreater(Path(f"{self.logged}-wal").stat().st_size, 0)
            before = self.state(self.outside)
            rows = self.json("sql", "select value from labels", "--in", self.logged)["rows"]
            self.assertEqual({row["value"] for row in rows}, {"from the log"})
            self.assertEqual(self.state(self.outside), before)

    def test_one_on_read_only_media_is_read(self):
        media = self.temporary / "media"
        media.mkdir()
        mounts = (["mount", "--bind", self.outside, media],
                  ["mount", "-o", "remount,bind,ro", media])
        for mount in mounts:
            if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
                self.skipTest("mounting isn't permitted here")
            self.addCleanup(subprocess.run, ["umount", media], check=False, capture_output=True)
        for name in (self.logged.name, self.pack.name):
            rows = self.json("query", "--in", media / name)["rows"]
            self.assertEqual(sorted(row["test_name"] for row in rows), self.names)

    def test_a_journal_that_names_another_file_removes_nothing(self):
        victim = self.outside / "mine.txt"
        for path in self.good:
            Path(f"{path}-journal").write_bytes(hot_journal(path, victim))
            for command in self.commands(path):
                self.ended(*command)
                self.assertEqual(victim.read_text(), "mine")


    def test_a_log_beside_one_that_says_it_has_none_is_not_shared(self):
        for content in (b"", b"mine", b"\x37\x7f\x06\x82" + bytes(100)):
            with self.subTest(content):
                Path(f"{self.pack}-wal").write_bytes(content)
                before = self.state(self.outside)
                for command in self.commands(self.pack):
                    self.answered(command, *self.ended(*command))
                    self.assertEqual(self.state(self.outside), before)
                self.assert_clean_elsewhere()


def hot_journal(path, victim):
    """One that SQLite would play back into `path`, and then remove `victim` for."""
    sector, page = 512, 4096
    name = str(victim).encode()
    head = bytes.fromhex("d9d505f920a163d7") + (0).to_bytes(4, "big") + bytes(4) + \
        (path.stat().st_size // page).to_bytes(4, "big") + sector.to_bytes(4, "big") + \
        page.to_bytes(4, "big")
    end = name + len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + \
        bytes.fromhex("d9d505f920a163d7")
    return head.ljust(sector, b"\0") + (2).to_bytes(4, "big") + end


class OwnArchive(ForeignScenario):
    """The archive that is named, or stands at its usual place, after somebody else was at it."""

    def test_what_runs_in_it_goes_and_its_rows_stay(self):
        for script in (triggers_on_all, VIEWS["endless views"], VIEWS["further views"],
                       SCHEMAS["an index on an expression"], SCHEMAS["a further table"],
                       SCHEMAS["a generated column"], "ANALYZE"):
            with self.subTest(str(script)[:60]):
                shutil.rmtree(self.archive.parent, ignore_errors=True)
                self.refresh()
                ids = self.kept_ids()
                words = self.kept("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY 1")
                self.change(self.archive, script(self.archive) if callable(script) else script)
                status, _, said = self.ended("query", "--over", "past", "--root", self.root)
                self.assertEqual(status, 0 if script == "ANALYZE" else 3, said)
                status, _, more = self.ended("refresh", "--root", self.root)
                self.assertEqual(status, 0, more)
                self.assertIn("archive", said + more)  # the question may have mended it
                self.assertEqual(self.kept_ids(), ids)
                self.assertEqual(
                    self.kept("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY 1"), words)
                self.assertEqual(
                    self.ended("query", "--over", "past", "--root", self.root)[0], 0)

    def test_one_that_was_named_and_is_none_stays_as_it_is(self):
        text, other, torn = (self.outside / name for name in ("notes.txt", "own.db", "torn.db"))
        text.write_text("mine, and not a database\n")
        self.change(other, "CREATE TABLE mine(x); INSERT INTO mine VALUES(1)")
        torn.write_bytes(other.read_bytes()[:100] + b"\xff" * 20_000)
        before = self.state(self.outside)
        for path in (text, other, torn):
            for command in (["refresh"], ["query", "--over", "past"], ["gc"], ["import", RUN],
                            ["purge", "--where", "1"], ["info"]):
                with self.subTest(path=path.name, command=command):
                    self.ended(*command, "--root", self.root, "--archive", path)
                    self.assertEqual(self.state(self.outside), before)


class CameWithTheTree(ForeignScenario):
    """The catalog. The question is the one that a gate asks."""

    QUESTIONS = (["query", "verdict = 'fail'", "--expect", "none", "--format", "json"],
                 ["query", "verdict = 'fail'", "--expect", "none", "--check", "none", "--format",
                  "json"])

    def setUp(self):
        super().setUp()
        self.catalog = self.root / ".ktstr-index" / "catalog.sqlite3"
        self.refresh()
        self.change(self.catalog, "")
        self.good = self.catalog.read_bytes()

    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": "off", **changes})

    def lay(self, content, own_file=False):
        """As another file, unless it is to be this one's own."""
        for path in self.catalog.parent.iterdir():
            if not own_file or path != self.catalog:
                path.unlink()
        self.catalog.write_bytes(content)

    def assert_gate_says_no(self, what):
        for question in self.QUESTIONS:
            with self.subTest(what, question=question):
                status, rows, said = self.ended(*question, "--root", self.root)
                self.assertEqual(status, 1, said)
                self.assertEqual([row["test_name"] for row in rows], ["bad"])

    def assert_every_command_answers(self):
        for command in (["list"], ["last-run"], ["info"], ["verify"], ["refresh"], ["replay"],
                        ["sql", "select count(*) from results"], ["footer"]):
            status, _, said = self.ended(*command, "--root", self.root)
            self.assertEqual(status, 0, f"{command}\n{said}")

    def test_no_schema_of_anothers_is_believed(self):
        scripts = {**SCHEMAS, **VIEWS, "triggers": None}
        for own_file in (True, False):
            for what, script in scripts.items():
                self.lay(self.good, own_file)
                self.change(self.catalog, script or (
                    "CREATE TRIGGER evil AFTER INSERT ON sidecar BEGIN UPDATE sidecar SET "
                    "verdict = 'pass', passed = 1; END; UPDATE sidecar SET verdict = 'pass'"
                    if not own_file else
                    "CREATE TRIGGER evil AFTER INSERT ON sidecar BEGIN UPDATE sidecar SET "
                    "verdict = 'pass', passed = 1; END; UPDATE sidecar SET device = NULL"))
                self.assert_gate_says_no(f"{what}, own file: {own_file}")
                if not own_file or what == "triggers":
                    self.assert_every_command_answers()
                self.assertEqual(self.ended(*self.QUESTIONS[1], "--root", self.root)[2], "")

    def test_rows_that_were_forged_elsewhere_are_read_again(self):
        forged = ("UPDATE sidecar SET verdict = 'pass', passed = 1;"
                  "UPDATE host SET arch = 'forged'; UPDATE shape_metric SET metric = 'forged' || position;"
                  "UPDATE setting SET value = '1@2.3' WHERE key = 'own_file'")
        self.lay(self.good)
        self.change(self.catalog, forged + self.true_stamps())
        self.assert_gate_says_no("forged")
        self.assertEqual(
            self.rows("sql", "select count(*) as n from metrics where metric like 'forged%'"),
            [{"n": 0}])

    def true_stamps(self):
        """That of each file, which who forged it had no way to know."""
        script = ""
        for path in self.root.glob("*/*.ktstr.json"):
            status = path.stat()
            script += (f";UPDATE sidecar SET settled = 1, device = {status.st_dev}, "
                       f"inode = {status.st_ino}, mtime_ns = {status.st_mtime_ns}, "
                       f"ctime_ns = {status.st_ctime_ns} WHERE file_name = '{path.name}'")
        return script

    def test_it_is_said_once_and_a_root_that_is_moved_keeps_its_catalog(self):
        self.lay(self.good)
        self.assertIn("every file is read again", self.refresh().stderr.decode())
        self.assertEqual(self.refresh().stderr.decode(), "")
        moved = self.root.with_name("moved")
        self.root.rename(moved)
        done = self.run_command("query", "--check", "none", "--root", moved, "--format", "json")
        self.assertEqual(len(json.loads(done.stdout)["rows"]), 2)
        self.assertEqual(done.stderr.decode(), "")

    def test_a_copied_tree_is_read_again(self):
        copy = self.temporary / "copy"
        subprocess.run(["cp", "-a", self.root, copy], check=True)
        done = self.run_command("query", "--check", "none", "--root", copy, "--format", "json")
        self.assertEqual(len(json.loads(done.stdout)["rows"]), 2)
        self.assertIn("every file is read again", done.stderr.decode())

    def test_a_journal_that_names_another_file_removes_nothing(self):
        victim = self.outside / "mine.txt"
        for mode in ("DELETE", "WAL"):
            self.lay(self.good)
            self.change(self.catalog, f"PRAGMA journal_mode = {mode}")
            Path(f"{self.catalog}-journal").write_bytes(hot_journal(self.catalog, victim))
            self.assert_gate_says_no(f"a hot journal, {mode}")
            self.assertEqual(victim.read_text(), "mine")

    def test_a_writer_of_results_is_not_held_up(self):
        for script in (triggers_on_all(self.catalog).replace("label", "setting"),
                       SCHEMAS["a check that runs"], VIEWS["endless views"]):
            self.lay(self.good)
            self.change(self.catalog, script)
            subprocess.run(
                [COMMAND, "harness", "write"], input=json.dumps(self.record).encode(), check=True,
                timeout=SECONDS, capture_output=True, cwd=self.temporary,
                env=self.environment(KTSTR_RUNS_ROOT=str(self.root), KTSTR_RUN_EPOCH="token"))
            self.assertEqual(len(self.rows("query")), 3)


class NamedCatalog(ForeignScenario):
    """By --catalog or KTSTR_INDEX_CATALOG: what isn't one is the user's, and stays."""

    def setUp(self):
        super().setUp()
        self.refresh()
        names = ("notes.txt", "empty_but_one.db", "own.db", "logged.db", "torn.db",
                 "archive.sqlite3", "one_byte")
        self.text, self.short, self.other, self.logged, self.torn, kept, byte = (
            self.outside / name for name in names)
        self.text.write_text("mine, and not a database\n" * 1000)
        self.short.write_text("short")
        byte.write_bytes(b"x")
        self.change(self.other, "CREATE TABLE mine(x); INSERT INTO mine VALUES(1)")
        self.change(self.logged, "PRAGMA journal_mode = WAL; CREATE TABLE mine(x)")
        self.torn.write_bytes(self.other.read_bytes()[:100] + b"\xff" * 20_000)
        shutil.copy(self.archive, kept)
        self.files = [self.outside / name for name in names]

    def test_what_is_no_catalog_is_refused_and_stays_as_it_is(self):
        before = self.state(self.outside)
        for path in self.files:
            for command in (["query"], ["refresh"], ["list"], ["sql", "select 1"], ["verify"],
                            ["info"], ["last-run"], ["verify", "--repair"]):
                for flags, env in ((["--catalog", path], {}),
                                   ([], {"KTSTR_INDEX_CATALOG": str(path)})):
                    with self.subTest(path=path.name, command=command, env=env):
                        status, _, said = self.ended(*command, "--root", self.root, *flags, env=env)
                        self.assertEqual(status, 2, said)
                        self.assertIn("not a ktstr-index catalog", said)
                        self.assertEqual(self.state(self.outside), before)

    def test_a_damaged_one_is_refused_and_not_renamed(self):
        named = self.outside / "named.sqlite3"
        self.run_command("refresh", "--root", self.root, "--catalog", named)
        good = named.read_bytes()
        for content in (good[:200] + b"\xff" * (len(good) - 200), good[:4096]):
            for path in self.outside.glob("named*"):
                path.unlink()
            named.write_bytes(content)
            status, _, said = self.ended("query", "--root", self.root, "--catalog", named)
            self.assertEqual(status, 3, said)
            self.assertIn("delete it", said)
            self.assertEqual(named.read_bytes(), content)
            self.assertEqual(list(self.outside.glob("*aside*")), [])

    def test_a_new_or_empty_one_is_made(self):
        (self.outside / "empty.sqlite3").touch()
        for name in ("new.sqlite3", "empty.sqlite3"):
            rows = self.rows("query", "--catalog", self.outside / name)
            self.assertEqual(len(rows), 2)

    def test_one_in_the_indexers_own_directories_is_put_aside(self):
        own = self.root / ".ktstr-index" / "other.sqlite3"
        cached = self.home / ".cache" / "ktstr-index" / "named.sqlite3"
        for path in (own, cached):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("text")
            self.assertEqual(len(self.rows("query", "--catalog", path)), 2)
            self.assertEqual(len(list(path.parent.glob(f"{path.name}.aside-*"))), 1)


if __name__ == "__main__":
    unittest.main()
