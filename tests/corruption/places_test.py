# SPDX-License-Identifier: MIT
"""Places that can't be written, a catalog that goes while it is open, and writers beside a catalog
that is no good: each question is answered as an independent walk answers it."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from catalog_scenario import BLOCK, CatalogScenario
from independent_walk import STATEMENT, catalog_facts, walked_facts
from support import COMMAND


@unittest.skipUnless(os.geteuid() == 0, "only root can give files to another user")
class ReadOnlyPlaces(CatalogScenario):
    """Without root's rights."""

    def setUp(self):
        super().setUp()
        for path in [self.root, *self.root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)

    def give_to_nobody(self, *paths):
        for path in paths:
            path.chmod(0o777 if path.is_dir() else 0o666)

    def assert_served_from(self, place, **more):
        said = self.assert_right(walked=self.walked, as_nobody=True, **more)
        self.assertIn(place, said)
        self.assertEqual(self.catalog.read_bytes(), self.good)
        self.assertEqual(self.names_beside(), [])
        return said

    def test_a_root_that_cannot_be_written_is_served_from_the_cache(self):
        self.assert_served_from(str(self.home))
        [copy] = self.home.rglob("catalog.sqlite3")
        self.refresh(as_nobody=True)
        self.assert_right("--check", "none", walked=self.walked, as_nobody=True)
        self.assertTrue(copy.exists())

    def test_a_cache_that_cannot_be_written_either_leaves_memory(self):
        self.home.chmod(0o755)
        said = self.assert_served_from("memory")
        self.assertIn(str(self.catalog), said)

    def test_an_index_directory_that_cannot_be_written_is_served_from_the_cache(self):
        self.give_to_nobody(self.root, self.catalog)
        self.assert_served_from(str(self.home))

    def test_a_catalog_that_cannot_be_written_is_served_from_the_cache(self):
        self.give_to_nobody(self.root, self.index_directory)
        said = self.assert_right(walked=self.walked, as_nobody=True)
        self.assertIn(str(self.home), said)
        self.assertEqual(self.catalog.read_bytes(), self.good)
        self.assert_repaired()  # by who may write it

    def test_a_catalog_that_cannot_be_read_is_served_from_the_cache(self):
        self.catalog.chmod(0)
        self.assert_served_from(str(self.home))

    def test_a_cached_copy_follows_the_files(self):
        self.assert_served_from(str(self.home))
        self.put("new/later.ktstr.json", "{}")
        self.walked = walked_facts(self.root)
        self.assert_served_from(str(self.home))

    def test_a_damaged_cached_copy_is_made_anew(self):
        self.assert_served_from(str(self.home))
        [copy] = self.home.rglob("catalog.sqlite3")
        for path in copy.parent.iterdir():
            path.unlink()  # else SQLite would take all that it needs from the log
        copy.write_bytes(b"text")
        copy.chmod(0o666)
        self.assert_served_from("a new one is made")

    def test_a_damaged_catalog_in_a_place_that_cannot_be_written_is_passed_over(self):
        self.catalog.write_bytes(b"text")
        self.good = b"text"
        self.assert_served_from(str(self.home))

    def test_a_cached_copy_of_one_root_is_not_taken_for_another_of_the_same_name(self):
        self.assert_served_from(str(self.home))
        self.root.rename(self.temporary / "elsewhere")
        self.root.mkdir()
        self.root.chmod(0o755)
        facts, _ = self.asked_facts(as_nobody=True)
        self.assertEqual(facts, [])


class WriterBesideDamage(CatalogScenario):
    """Writing a sidecar mirrors it into the catalog, and never fails for the catalog's sake."""

    def write(self, name):
        record = {**self.a_record(), "test_name": name}
        done = self.run_command(
            "harness", "write", stdin=json.dumps(record).encode(),
            env={"KTSTR_RUNS_ROOT": str(self.root), "KTSTR_PROJECT_COMMIT": "abc",
                 "KTSTR_RUN_EPOCH": "one"})
        path = self.root / done.stdout.decode().strip()
        self.assertEqual(json.loads(path.read_bytes())["test_name"], name)
        self.walked = walked_facts(self.root)
        return done.stderr.decode()

    def test_a_record_is_written_whatever_the_catalog_is(self):
        for content in (b"", b"text", self.good[:5000], self.good[:-BLOCK], b"\0" * 8 * BLOCK,
                        self.good[:BLOCK] + bytes(BLOCK) + self.good[2 * BLOCK:]):
            with self.subTest(content=content[:4], size=len(content)):
                self.damage(content)
                self.write("written")
                self.assert_repaired()

    def test_a_record_is_written_beside_a_newer_catalog_which_stays(self):
        database = sqlite3.connect(self.catalog)
        database.execute("PRAGMA user_version = 41")
        database.close()
        before = self.catalog.read_bytes()
        said = self.write("written")
        self.assertEqual(said.count("\n"), said.count("ktstr-index:"), said)
        self.assertLessEqual(said.count("can't mirror"), 1)
        self.assertEqual(self.catalog.read_bytes(), before)

    def test_a_record_is_written_where_the_catalog_is_a_directory(self):
        self.catalog.unlink()
        self.catalog.mkdir()
        self.write("written")
        self.assert_right(walked=self.walked)

    def test_a_record_is_written_while_somebody_holds_the_lock_and_soon(self):
        holder = sqlite3.connect(self.catalog, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        said = self.write("written")
        self.assertLess(time.monotonic() - begin, 2)
        self.assertNotIn("database is locked", said)
        holder.execute("ROLLBACK")
        holder.close()
        self.assert_repaired()

    def test_a_question_while_somebody_holds_the_lock_says_that_it_is_stale(self):
        self.refresh()
        holder = sqlite3.connect(self.catalog, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        self.put("new/later.ktstr.json", "{}")
        done = self.run_command("sql", STATEMENT, "--root", self.root, "--format", "json")
        document = json.loads(done.stdout)
        self.assertIs(document["stale"], True)
        self.assertIn("another process is writing", done.stderr.decode())
        self.assert_same_facts(catalog_facts(document["rows"]), self.walked)
        holder.execute("ROLLBACK")
        holder.close()
        self.walked = walked_facts(self.root)
        self.assert_repaired()


class CatalogGone(CatalogScenario):
    """Deleted while another process has it open."""

    SLOW = ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000000) "
            "select (select count(*) from files) as files, count(*) as n from n")

    def started(self, *arguments):
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments), "--root", str(self.root)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.temporary, env=self.environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def delete(self):
        for path in self.index_directory.glob("catalog.sqlite3*"):
            path.unlink(missing_ok=True)

    def test_under_a_slow_question_it_answers_and_the_next_question_is_right(self):
        process = self.started("sql", self.SLOW, "--format", "json", "--timeout", 0)
        time.sleep(0.5)
        self.assertIsNone(process.poll(), "the question was not slow")
        self.delete()
        self.assert_right(walked=self.walked)
        out, said = process.communicate(timeout=60)
        files = sum(fact[0] == "file" for fact in self.walked)
        self.assertEqual(process.returncode, 0, said)
        self.assertIn(f'"files":{files}'.encode(), out.replace(b" ", b""))

    def test_under_refreshes_in_a_loop_nobody_crashes_and_the_end_is_right(self):
        loops = [self.started_loop() for _ in range(2)]
        until = time.monotonic() + 3
        while time.monotonic() < until:
            self.delete()
            self.assert_right(walked=self.walked)
            time.sleep(0.02)
        for loop in loops:
            loop.send_signal(signal.SIGTERM)
        for loop in loops:
            _, said = loop.communicate(timeout=60)
            for line in said.decode().splitlines():
                self.assertRegex(line, r"^status [03]$")
        self.assert_repaired()

    def started_loop(self):
        """Refreshes until it is asked to end; says each status that isn't 0."""
        script = ('trap "exit 0" TERM; while :; do "$0" refresh --root "$1" >/dev/null 2>&1; '
                  'status=$?; [ $status = 0 ] || echo "status $status" >&2; done')
        process = subprocess.Popen(["sh", "-c", script, COMMAND, str(self.root)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   cwd=self.temporary, env=self.environment())
        self.addCleanup(process.kill)
        return process

    def test_its_directory_too_is_made_again(self):
        shutil.rmtree(self.index_directory)
        self.assert_repaired()


if __name__ == "__main__":
    unittest.main()
