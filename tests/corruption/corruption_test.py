# SPDX-License-Identifier: MIT
"""Damage to the catalog: each question is answered as an independent walk answers it, or refused in
words; never wrong, never empty, never a crash."""

import os
import shutil
import sqlite3
import subprocess
import unittest
from pathlib import Path

from catalog_scenario import BLOCK, CatalogScenario
from independent_walk import walked_facts
from support import COMMAND


class DamagedCatalog(CatalogScenario):
    def test_one_that_was_cut_at_any_length_is_put_aside(self):
        size = len(self.good)
        for length in [15, 16, 17, 50, 99, 100, 101, 512, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK,
                       size // 3, size // 2 // BLOCK * BLOCK, size - BLOCK]:
            with self.subTest(length=length):
                self.damage(self.good[:length])
                self.assert_put_aside(self.good[:length])

    def test_one_that_was_cut_at_its_first_or_last_byte_never_makes_an_answer_wrong(self):
        # SQLite takes the one for an empty database, and the other's last byte for a zero.
        for length in (1, len(self.good) - 1):
            with self.subTest(length=length):
                self.damage(self.good[:length])
                self.assert_repaired()

    def test_an_empty_file_is_a_new_catalog(self):
        self.damage(b"")
        self.assertEqual(self.assert_repaired(), "")
        self.assertEqual(self.asides(), [])

    def test_a_text_file_is_put_aside(self):
        for text in (b"not a database\n", b"x" * 100_000, b"SQLite format 3\0" + b"y" * 5000):
            with self.subTest(text=text[:20]):
                self.damage(text)
                self.assert_put_aside(text)

    def test_a_directory_in_its_place_is_passed_over_for_the_cache(self):
        self.catalog.unlink()
        self.catalog.mkdir()
        said = self.assert_right(walked=self.walked)
        self.assertIn(str(self.catalog), said)
        self.assertTrue(self.catalog.is_dir())
        self.assert_right("--check", "none", walked=self.walked)
        self.assertEqual(len(list(self.home.rglob("catalog.sqlite3"))), 1)

    def test_a_dangling_link_in_its_place_is_no_crash(self):
        self.catalog.unlink()
        self.catalog.symlink_to(self.temporary / "nowhere" / "catalog")
        self.assert_right(walked=self.walked)

    def test_a_fifo_or_device_in_its_place_does_not_hang(self):
        self.catalog.unlink()
        os.mkfifo(self.catalog)
        self.assert_right(walked=self.walked)

    def test_asides_of_two_times_have_two_names(self):
        for _ in range(2):
            for suffix in ("-wal", "-shm"):  # else SQLite would take all that it needs from them
                Path(f"{self.catalog}{suffix}").unlink(missing_ok=True)
            self.catalog.write_bytes(b"text")
            self.assert_right(walked=self.walked)
        asides = [name for name in self.asides() if not name.endswith(("-wal", "-shm"))]
        self.assertEqual(len(asides), 2)


class DamagedBlock(CatalogScenario):
    """One block of the catalog is no longer what SQLite wrote."""

    ZEROS = bytes(BLOCK)
    NOISE = bytes((i * 197 + 31) % 251 for i in range(BLOCK))
    # Reads all that there is. No sums: theirs depend on the order of the rows.
    EVERYTHING = " union all ".join(
        [f"select '{view}' as view, count(*) as n, count({column}) as m, min({value}) as least, "
         f"max({value}) as most from {view}"
         for view, column, value in (
             ("metrics", "metric", "value"), ("verifier_programs", "program", "verified_insns"),
             ("callbacks", "program", "cnt"), ("kvm_stats", "stat", "sum"),
             ("payload_metrics", "name", "value"), ("hosts", "kernel_cmdline", "host_key"),
             ("artifacts", "path", "size_bytes"), ("files", "id", "size_bytes"))]
        + ["select 'by verdict', count(*), count(test_name), 0, 0 from results "
           "where verdict = 'pass'",
           "select 'by test', count(*), count(verdict), 0, 0 from results "
           "where test_name = 'replaced'",
           "select 'by commit', count(*), count(arch), 0, 0 from results "
           "where project_commit = 'x'"])

    def ask_everything(self, status=0):
        return self.run_command("sql", self.EVERYTHING, "--root", self.root, "--format", "json",
                                status=status).stdout

    def setUp(self):
        super().setUp()
        self.everything = self.ask_everything()
        self.stop_logging()
        self.good = self.catalog.read_bytes()

    def damages(self):
        blocks = len(self.good) // BLOCK
        return ([(block, self.ZEROS) for block in range(blocks)]
                + [(block, self.NOISE) for block in range(0, blocks, 4)])

    def put_damage(self, block, content):
        self.damage(self.good[:block * BLOCK] + content + self.good[(block + 1) * BLOCK:])

    def test_it_never_makes_an_answer_wrong_or_empty(self):
        wrong = []
        for block, content in self.damages():
            self.put_damage(block, content)
            done = self.run_any("sql", self.EVERYTHING, "--format", "json")
            is_refused = done.returncode == 3 and b"malformed" in done.stderr
            if done.stdout != self.everything and not is_refused:
                wrong.append((block, content[:2], done.returncode, done.stderr.decode()[-60:]))
        self.assertEqual(wrong, [])

    def test_it_is_repaired_by_the_question_that_meets_it_or_by_the_next_refresh(self):
        self.check_repair("refresh")

    def test_it_is_repaired_by_verify(self):
        self.check_repair("verify", "--repair")

    def check_repair(self, *command):
        still_damaged = []
        for block, content in self.damages():
            self.put_damage(block, content)
            self.run_any("sql", self.EVERYTHING)
            status = self.run_any(*command).returncode
            done = self.run_any("sql", self.EVERYTHING, "--format", "json")
            if status != 0 or done.stdout != self.everything:
                still_damaged.append((block, content[:2], status, done.returncode))
        self.assertEqual(still_damaged, [])

    def run_any(self, *arguments):
        """Any end will do."""
        return subprocess.run([COMMAND, *arguments, "--root", str(self.root)], check=False,
                              capture_output=True, env=self.environment(), timeout=60)


class OtherCatalog(CatalogScenario):
    """Whole databases that are not what this program would have made."""

    def change(self, *statements):
        database = sqlite3.connect(self.catalog, isolation_level=None)
        for statement in statements:
            database.execute(statement)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return self.catalog.read_bytes()

    def test_one_of_another_application_is_put_aside_untouched(self):
        self.assert_put_aside(self.change("PRAGMA application_id = 1234"))

    def test_somebody_elses_database_is_put_aside_untouched(self):
        self.catalog.unlink()
        self.assert_put_aside(self.change("CREATE TABLE notes(x)", "INSERT INTO notes VALUES(1)"))

    def test_one_from_a_newer_program_is_refused_with_both_numbers_and_left_alone(self):
        before = self.change("PRAGMA user_version = 41")
        for command in (["query"], ["refresh"], ["sql", "select 1"], ["info"], ["list"]):
            with self.subTest(command=command):
                done = self.run_command(*command, "--root", self.root, status=3)
                said = done.stderr.decode()
                self.assertRegex(said, r"layout 41\b.* knows \d+")
                self.assertEqual(done.stdout, b"")
                self.assertEqual(self.catalog.read_bytes(), before)
                self.assertEqual(self.asides(), [])

    def test_an_older_layout_is_made_anew(self):
        self.change("PRAGMA user_version = 0")
        self.assert_repaired()

    def test_one_whose_migration_was_half_done_is_made_anew(self):
        self.catalog.unlink()
        self.change("CREATE TABLE setting(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID",
                    "CREATE TABLE directory(directory_id INTEGER PRIMARY KEY)")
        self.assert_repaired()

    def test_one_that_lacks_a_table_or_a_column_is_made_anew(self):
        for statement in ("DROP TABLE setting", "DROP TABLE directory", "DROP TABLE sidecar",
                          "DROP TABLE series", "DROP TABLE artifact",
                          "ALTER TABLE artifact RENAME COLUMN kind TO sort"):
            with self.subTest(statement=statement):
                self.damage(self.good)
                self.change("PRAGMA legacy_alter_table = ON", statement)
                self.assert_repaired()

    def test_rows_of_an_older_extraction_are_read_again(self):
        self.change("UPDATE setting SET value = '0' WHERE key = 'extraction_version'",
                    "UPDATE sidecar SET test_name = 'as the older program read it'")
        self.assertIn("every file is read again", self.assert_repaired())

    def test_one_that_was_copied_from_another_root_says_what_this_roots_files_say(self):
        other = self.temporary / "other"
        shutil.copytree(self.root, other)
        self.root = other
        self.walked = walked_facts(other)
        self.assert_repaired()


class Logs(CatalogScenario):
    """SQLite's files beside the catalog."""

    def logged(self):
        """The files of a catalog whose last refresh is in the log only."""
        keeper = sqlite3.connect(self.catalog, isolation_level=None)
        keeper.execute("BEGIN")  # while somebody reads, nobody empties the log
        keeper.execute("SELECT count(*) FROM files").fetchall()
        self.refresh()
        files = {path.name: path.read_bytes() for path in self.index_directory.iterdir()}
        keeper.close()
        self.assertGreater(len(files["catalog.sqlite3-wal"]), BLOCK)
        self.assertIn("catalog.sqlite3-shm", files)
        return files

    def lay(self, files):
        for path in self.index_directory.iterdir():
            path.unlink()
        for name, content in files.items():
            (self.index_directory / name).write_bytes(content)

    def without(self, files, *suffixes):
        names = {"catalog.sqlite3" + suffix for suffix in suffixes}
        return {name: content for name, content in files.items() if name not in names}

    def test_a_log_that_was_lost_loses_nothing(self):
        files = self.logged()
        for suffixes in (["-wal"], ["-shm"], ["-wal", "-shm"]):
            with self.subTest(lost=suffixes):
                self.lay(self.without(files, *suffixes))
                self.assert_repaired()

    def test_a_log_without_its_catalog_is_no_answer(self):
        files = self.logged()
        self.lay(self.without(files, ""))
        self.assert_repaired()

    def test_a_log_of_garbage_is_passed_over(self):
        files = self.logged()
        for name in ("catalog.sqlite3-wal", "catalog.sqlite3-shm"):
            for content in (b"", b"garbage", b"\0" * 40_000, b"\xff" * 40_000):
                with self.subTest(name=name, content=content[:8]):
                    self.lay({**files, name: content})
                    self.assert_repaired()

    def test_a_log_that_was_cut_is_read_as_far_as_it_goes(self):
        files = self.logged()
        log = files["catalog.sqlite3-wal"]
        for length in (31, 32, 33, BLOCK, len(log) // 2, len(log) - 1):
            with self.subTest(length=length):
                self.lay({**files, "catalog.sqlite3-wal": log[:length]})
                self.assert_repaired()

    def test_a_log_of_an_earlier_catalog_is_no_answer(self):
        files = self.logged()
        self.lay({"catalog.sqlite3": self.good})
        for path in sorted(self.root.glob("new/*")):
            path.unlink()
        self.refresh()
        self.stop_logging()
        self.walked = walked_facts(self.root)
        self.lay({**files, "catalog.sqlite3": self.catalog.read_bytes()})
        self.assert_repaired()

    def test_a_log_of_another_database_is_no_answer(self):
        other = sqlite3.connect(self.temporary / "other")
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE files(path)")
        other.executemany("INSERT INTO files VALUES(?)", [(f"{i}" * 50,) for i in range(500)])
        other.commit()
        for suffix in ("-wal", "-shm"):
            shutil.copy(self.temporary / f"other{suffix}",
                        f"{self.catalog}{suffix}")
        other.close()
        self.assert_repaired()

    def test_a_hot_rollback_journal_of_garbage_is_no_answer(self):
        Path(f"{self.catalog}-journal").write_bytes(b"garbage" * 1000)
        self.assert_repaired()


if __name__ == "__main__":
    unittest.main()
