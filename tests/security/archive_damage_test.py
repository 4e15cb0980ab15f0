# SPDX-License-Identifier: MIT
"""Damage that a command meets in the middle of its work on an archive, and what a purge leaves."""

import contextlib
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402

HASH = "0123456789abcdef"
PAGE = 8192


class Damaged(ArchiveScenario):
    TESTS = 60

    def setUp(self):
        super().setUp()
        for number in range(self.TESTS):
            name = f"wake_{number:03}"
            self.put_at(f"run/{name}-{HASH}.ktstr.json", example(name, scheduler=f"scx_{number}"),
                        1_700_000_000 + number)
        self.refresh()
        with self.sql() as archive:
            archive.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in ("-wal", "-shm"):
            self.archive.with_name(self.archive.name + suffix).unlink(missing_ok=True)

    def page_with(self, *marks):
        """The number of a page of the file that holds all these texts."""
        content = self.archive.read_bytes()
        for at in range(PAGE, len(content), PAGE):
            if all(mark.encode() in content[at:at + PAGE] for mark in marks):
                return at // PAGE
        raise AssertionError(f"no page with {marks}")

    def damage_rows(self):
        """A leaf of the table of results: their rows are unreadable, their documents are not."""
        page = self.page_with("wake_030", "scx_30")
        with self.archive.open("r+b") as file:
            file.seek(page * PAGE)
            file.write(b"\xff" * 2048)

    def damage_documents(self):
        """A page in the middle of the documents' bytes."""
        with self.sql() as archive:
            frame = archive.execute("SELECT bytes FROM document_bytes ORDER BY length(bytes) DESC, "
                                    "document_id LIMIT 1").fetchone()[0]
        content = self.archive.read_bytes()
        page = next(at // PAGE for at in range(PAGE, len(content), PAGE)
                    if frame[:64] in content[at:at + PAGE])
        with self.archive.open("r+b") as file:
            file.seek(page * PAGE)
            file.write(b"\xff" * 2048)

    def asides(self):
        return [path for path in self.temporary.glob("archive.sqlite3.aside-*")
                if not path.name.endswith(("-wal", "-shm"))]

    def assert_mended(self, said, results=None):
        self.assertIn("was damaged", said.decode())
        self.assertEqual(len(self.asides()), 1)
        self.assertIn(str(self.asides()[0]), said.decode())
        self.assertEqual(self.values("PRAGMA integrity_check"), ["ok"])
        if results is not None:
            self.assertEqual(self.values("SELECT count(*) FROM results"), [results])


class Noticed(Damaged):
    def test_gc_mends_before_it_drops_what_mending_needs(self):
        self.damage_rows()
        done = self.command("gc", "--max-size", "0", "--apply")
        self.assert_mended(done.stderr, self.TESTS)
        self.assertEqual(self.values("SELECT count(*) FROM documents WHERE stored_bytes > 0"), [0])
        self.assertEqual(len(set(self.values("SELECT scheduler FROM results"))), self.TESTS)

    def test_the_cap_mends_before_it_drops_what_mending_needs(self):
        self.damage_rows()
        self.put("run2/new.ktstr.json", example("new"))
        done = self.command("refresh", env={"KTSTR_INDEX_ARCHIVE_MAX_SIZE": "1K"})
        self.assert_mended(done.stderr, self.TESTS + 1)

    def test_gc_of_rows_mends_first(self):
        self.damage_rows()
        done = self.command("gc", "--keep-last", "1", "--rows", "--apply")
        self.assert_mended(done.stderr, self.TESTS)

    def test_gc_meets_damage_among_the_documents(self):
        self.damage_documents()
        done = self.command("gc", "--max-size", "0", "--apply", status=3)
        self.assert_mended(done.stderr, self.TESTS)
        self.assertIn(b"nothing is dropped", done.stderr)

    def kept_documents(self):
        return self.values("SELECT count(*) FROM document_bytes")[0]

    def test_gc_drops_nothing_that_its_own_mending_could_not_place(self):
        for table in ("sidecar", "artifact"):
            with self.subTest(table=table):
                for path in self.temporary.glob("archive.sqlite3*"):
                    path.unlink()
                self.refresh("--check", "bytes")
                kept = self.kept_documents()
                self.assertGreaterEqual(kept, self.TESTS)
                self.change(f"DROP TABLE {table}")
                collect = ("gc", "--keep-days", "0", "--keep-last", "100", "--apply")
                done = self.command(*collect, status=3)
                self.assert_mended(done.stderr)
                self.assertIn(b"nothing is dropped", done.stderr)
                self.assertEqual(self.kept_documents(), kept)
                # Another time neither, nor to make room: they may be all that is left.
                self.command(*collect)
                self.assertEqual(self.kept_documents(), kept)

    def test_a_lost_table_is_named(self):
        for table in ("label", "pin", "session", "host"):
            with self.subTest(table=table):
                for path in self.temporary.glob("archive.sqlite3*"):
                    path.unlink()
                self.refresh("--check", "bytes")
                self.change(f"DROP TABLE {table}")
                said = self.command("refresh").stderr.decode()
                self.assert_mended(said.encode(), self.TESTS)
                self.assertNotIn("nothing was found to be lost", said)
                self.assertIn(f"the table {table}", said)

    def test_a_layout_that_cannot_be_is_put_right(self):
        catalog = self.root / ".ktstr-index/catalog.sqlite3"
        for path in (self.archive, catalog):
            with contextlib.closing(sqlite3.connect(path)) as database:
                layout = database.execute("PRAGMA user_version").fetchone()[0]
            for number in (-7, 0, 2**31 - 1):
                with self.subTest(path=path.name, number=number):
                    with contextlib.closing(sqlite3.connect(path)) as database:
                        database.execute(f"PRAGMA user_version = {number}")
                    self.assertEqual(self.command("refresh").stderr, b"")
                    with contextlib.closing(sqlite3.connect(path)) as database:
                        self.assertEqual(database.execute("PRAGMA user_version").fetchone()[0],
                                         layout)
                    self.assertEqual(self.asides(), [])
                    self.assertEqual(self.values("SELECT count(*) FROM results"), [self.TESTS])

    def test_who_wants_no_notes_hears_of_losses(self):
        self.change("DROP TABLE host")
        said = self.command("refresh", "--quiet").stderr
        self.assert_mended(said, self.TESTS)
        self.assertEqual(len(said.splitlines()), 1, said)

    def test_purge_mends_first_and_then_purges(self):
        for damage in (self.damage_rows, self.damage_documents):
            with self.subTest(damage=damage.__name__):
                for path in self.temporary.glob("archive.sqlite3*"):
                    path.unlink()
                self.refresh("--check", "bytes")
                with self.sql() as archive:
                    archive.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                damage()
                done = self.command("purge", "--where", "scheduler IN ('scx_30', 'scx_5')",
                                    "--apply")
                self.assert_mended(done.stderr, self.TESTS - 2)
                # Its copy is what the user has to look after now.
                self.assertIn(f"may hold the same: {self.asides()[0]}", done.stderr.decode())

    def test_commands_that_read_mend_what_they_meet_and_say_so(self):
        whole = self.archive.read_bytes()
        for command, damage in (
                (["snapshot", "--over", "past", self.temporary / "snap"], self.damage_rows),
                (["snapshot", "--over", "past", self.temporary / "snap2"], self.damage_documents),
                (["query", "--over", "past", "--select", "scheduler,payload"], self.damage_rows),
                (["restore", "@last", "--to", self.back], self.damage_rows),
                (["gc", "--keep-last", "1"], self.damage_rows),
                (["purge", "--where", "payload IS NULL OR 1"], self.damage_rows)):
            with self.subTest(command=command[:2], damage=damage.__name__):
                for path in self.temporary.glob("archive.sqlite3*"):
                    path.unlink()
                self.archive.write_bytes(whole)
                self.archive.chmod(0o600)
                damage()
                done = self.command(*command, status=3)
                self.assert_mended(done.stderr, self.TESTS)
                self.command(*command)

    def test_a_pack_is_made_of_what_was_mended(self):
        self.damage_rows()
        done = self.command("pack", "@last", "-o", self.temporary / "pack")
        self.assert_mended(done.stderr, self.TESTS)
        rows = self.json("query", "--in", self.temporary / "pack", "--count")["rows"]
        self.assertEqual(rows, [{"count": self.TESTS}])

    def test_a_sound_catalog_is_not_blamed_for_the_archive(self):
        self.damage_rows()
        self.command("query", "--over", "all", "--select", "scheduler,payload", status=3)
        self.assertEqual(list((self.root / ".ktstr-index").glob("*.aside-*")), [])

    def test_somebody_elses_damaged_file_is_not_moved(self):
        for content in (b"my notes\n" * 1000, b"SQLite format 3\x00" + b"\xff" * 9000):
            mine = self.temporary / "mine.sqlite3"
            mine.write_bytes(content)
            for command in (["query", "--over", "past"], ["snapshot", "--over", "past", "x"]):
                self.command(*command, "--archive", mine,
                             status=self.status_of(*command, "--archive", mine))
                self.assertEqual(mine.read_bytes(), content)
                self.assertEqual(list(self.temporary.glob("mine.sqlite3.aside*")), [])

    def status_of(self, *command):
        import subprocess
        from support import COMMAND
        status = subprocess.run([COMMAND, *command, "--root", self.root], capture_output=True,
                                timeout=60, env=self.environment(), check=False).returncode
        self.assertIn(status, (2, 3))
        return status


class FailedImports(Damaged):
    TESTS = 420

    def test_one_that_fails_in_the_middle_says_what_it_kept(self):
        other = self.temporary / "other.sqlite3"
        with contextlib.closing(sqlite3.connect(self.archive)) as archive:
            archive.execute("VACUUM INTO ?", (str(other),))
        # What comes in before the last results is committed by then.
        with contextlib.closing(sqlite3.connect(other)) as archive, archive:
            archive.execute("UPDATE sidecar SET observation_id = 'none' WHERE sidecar_id = "
                            "(SELECT max(sidecar_id) FROM sidecar)")
        target = self.temporary / "target.sqlite3"
        done = self.command("import", other, "--archive", target, status=3)
        with contextlib.closing(sqlite3.connect(target)) as archive:
            kept = archive.execute("SELECT count(*) FROM results").fetchone()[0]
        self.assertGreater(kept, 0)
        self.assertLess(kept, self.TESTS)
        self.assertIn(f"kept are {kept} new results", done.stderr.decode())
        self.assertEqual(self.asides(), [])

    def test_one_that_keeps_nothing_says_so(self):
        broken = self.temporary / "broken.sqlite3"
        content = self.archive.read_bytes()
        broken.write_bytes(content[:PAGE] + b"\xff" * (len(content) - PAGE))
        done = self.command("import", broken, "--archive", self.temporary / "t.sqlite3", status=3)
        self.assertIn("nothing of it was kept", done.stderr.decode())


class PurgedPins(ArchiveScenario):
    MARK = "averysecretname"

    def setUp(self):
        super().setUp()
        for name in ("plain", self.MARK):
            self.put(f"{name}/.ktstr_run_epoch", f"{name}_token")
            self.put(f"{name}/{name}-{HASH}.ktstr.json", example(name, payload=f"{name}_payload"))
        self.refresh()

    def archive_bytes(self):
        return b"".join(path.read_bytes() for path in self.temporary.glob("archive.sqlite3*"))

    def pins(self):
        return {row["value"] for row in self.document("gc", "--pins")["rows"]}

    def pin(self, *pins):
        for pin in pins:
            self.command("gc", "--pin", pin)

    def test_a_pins_text_doesn_t_outlive_what_it_names(self):
        self.pin(f"query=test_name = '{self.MARK}'", f"query=payload like '{self.MARK}%'",
                 f"session={self.MARK}_token", "query=test_name = 'plain'", "session=plain_token",
                 "query=label.keep = '1'")
        document = self.document("purge", "--where", f"test_name = '{self.MARK}'", "--apply")
        self.check_document(document, "purge")
        self.assertEqual((document["results"], document["pins"]), (1, 3))
        self.assertEqual(self.pins(), {"test_name = 'plain'", "plain_token", "label.keep = '1'"})
        self.assertNotIn(self.MARK.encode(), self.archive_bytes())

    def test_an_inferred_sessions_pin_goes_with_it(self):
        self.put(f"lone/x-{HASH}.ktstr.json", example("x", timestamp="2024-01-01T00:00:00Z"))
        self.refresh()
        name = self.values("SELECT session FROM sessions WHERE session LIKE '~%'")[0]
        self.pin(f"session={name}")
        self.command("purge", "--where", "test_name = 'x'", "--apply")
        self.assertEqual(self.pins(), set())

    def test_a_pin_that_still_stands_for_something_stays(self):
        self.pin("query=test_name <> ''")
        self.command("purge", "--where", f"test_name = '{self.MARK}'", "--apply")
        self.assertEqual(self.pins(), {"test_name <> ''"})

    def test_pins_stay_where_only_bytes_go(self):
        self.pin(f"query=test_name = '{self.MARK}'")
        self.command("purge", "--where", f"test_name = '{self.MARK}'", "--bytes-only", "--apply")
        self.assertEqual(self.pins(), {f"test_name = '{self.MARK}'"})

    def test_nothing_is_changed_until_it_is_said(self):
        self.pin(f"query=test_name = '{self.MARK}'")
        self.assertEqual(self.document("purge", "--where", f"test_name = '{self.MARK}'")["pins"], 1)
        self.assertEqual(len(self.pins()), 1)


if __name__ == "__main__":
    unittest.main()
