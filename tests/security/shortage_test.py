# SPDX-License-Identifier: MIT
"""The system is short of memory or descriptors: that is never stored as a fact about a file."""

import json
import os
import unittest

from bounded_scenario import IS_SANITIZED, MIB, BoundedScenario


class Shortage(BoundedScenario):
    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 3, "--tests", 4, "--clean")
        self.run_dir = sorted(path for path in self.root.glob("[!.]*") if any(path.iterdir()))[0]

    def large_record(self, mib):
        record = {**self.a_record(), "test_name": "large"}
        return json.dumps(record)[:-1] + ', "unknown": [' + "7," * (mib * MIB // 2) + "7]}"

    def statuses(self, *options):
        rows = self.rows("sql", "select path, status, id from files order by path", *options)
        return {row["path"]: (row["status"], row["id"] is not None) for row in rows}


@unittest.skipIf(IS_SANITIZED, "a sanitizer's own memory is more than any limit")
class Memory(Shortage):
    def setUp(self):
        super().setUp()
        self.large = f"{self.run_dir.name}/large.ktstr.json"
        self.put(self.large, self.large_record(24))

    def limited(self, *arguments, mib):
        return self.measured(*arguments, "--root", self.root,
                             limits={"RLIMIT_AS": mib * MIB, "RLIMIT_CORE": 0})

    def test_a_valid_record_is_never_corrupt_for_want_of_memory(self):
        seen = set()
        for mib in range(40, 520, 60):
            with self.subTest(mib=mib):
                self.catalog.unlink(missing_ok=True)
                done = self.limited("refresh", mib=mib)
                self.assertIn(done.status, (0, 3, 127), done.said)
                self.assertNotRegex(done.said, "terminate|Aborted|what\\(\\)")
                if done.status == 127:
                    continue  # not even its libraries fit
                rows = self.statuses("--check", "none")
                status = rows.get(self.large)
                seen.add(status)
                self.assertIn(status, (None, ("unreadable", False), ("ok", True)))
                if status == ("unreadable", False):
                    self.assertEqual(done.status, 3)
                    self.assertIn("large.ktstr.json", done.said)
                self.assertNotIn("corrupt", [each[0] for each in rows.values()])
        self.assertIn(("unreadable", False), seen)
        self.assertIn(("ok", True), seen)

    def test_with_memory_again_it_is_what_it_is(self):
        self.limited("refresh", mib=150)
        self.assertNotEqual(self.statuses("--check", "none").get(self.large), ("ok", True))
        self.settle()
        self.assertEqual(self.statuses("--check", "dirs")[self.large], ("ok", True))

    def test_a_known_record_stays_what_it_was(self):
        self.settle()
        self.refresh()
        short = 0
        for mib in range(12, 48, 4):
            done = self.limited("refresh", "--check", "bytes", mib=mib)
            self.assertEqual(self.statuses("--check", "none")[self.large], ("ok", True), mib)
            short += done.status == 3 and "large.ktstr.json" in done.said
        self.assertGreater(short, 0)

    def test_a_gate_is_not_green_on_what_there_was_no_memory_for(self):
        done = self.limited("query", "test_name = 'large'", "--expect", "none", mib=150)
        self.assertEqual(done.status, 3, done.said)

    def test_every_command_ends_in_one_line(self):
        self.refresh()
        archive = self.temporary / "archive.sqlite3"
        self.run_command("refresh", "--root", self.root, "--archive", archive)
        commands = (("query",), ("sql", "select * from results"), ("refresh", "--check", "bytes"),
                    ("verify",), ("list",), ("last-run",), ("list-values",), ("footer",),
                    ("explain-sidecar",), ("replay",), ("info",),
                    ("snapshot", self.temporary / "snapshot"),
                    ("pack", "1=1", "-o", self.temporary / "pack"), ("gc",),
                    ("restore", self.run_dir.name, "--to", self.temporary / "back"))
        for command in commands:
            for mib in (14, 24, 40, 100):
                with self.subTest(command=command, mib=mib):
                    for path in ("snapshot", "pack"):
                        (self.temporary / path).unlink(missing_ok=True)
                    done = self.limited(*command, "--archive", archive, mib=mib)
                    self.assertIn(done.status, (0, 1, 2, 3, 127), done.said)
                    self.assertNotRegex(done.said, "terminate|Aborted|what\\(\\)")


class Descriptors(Shortage):
    def limited(self, *arguments, most, status=None):
        done = self.measured(*arguments, "--root", self.root, limits={"RLIMIT_NOFILE": most})
        if status is not None:
            self.assertEqual(done.status, status, done.said)
        return done

    def test_nothing_is_stored_of_what_there_was_no_descriptor_for(self):
        self.refresh()
        right = self.statuses()
        self.put("new/a.ktstr.json", json.dumps(self.a_record()))
        self.put(f"{self.run_dir.name}/b.ktstr.json", json.dumps(self.a_record()))
        short = 0
        for most in range(4, 24):
            with self.subTest(most=most):
                done = self.limited("refresh", "--check", "bytes", most=most)
                self.assertIn(done.status, (0, 3, 127), done.said)
                short += done.status == 3
                rows = self.statuses("--check", "none")
                self.assertEqual({path: rows.get(path) for path in right}, right)
                self.assertEqual({status for status, _ in rows.values()}, {"ok"})
                if done.status == 0:
                    self.assertEqual(len(rows), len(right) + 2)
        self.assertGreater(short, 2)
        self.assertEqual(len(self.statuses()), len(right) + 2)

    def test_what_came_meanwhile_is_seen_by_the_next_query(self):
        """Also where nothing has changed since, and every stamp is old."""
        self.refresh()
        self.put("new/job/a.ktstr.json", json.dumps(self.a_record()))
        self.settle()
        for most in range(4, 16):
            self.limited("refresh", most=most)
            self.limited("query", most=most)
        paths = self.statuses("--check", "dirs")
        self.assertIn("new/job/a.ktstr.json", paths)

    def test_thousands_of_directories_need_no_more_descriptors_than_a_few(self):
        text = json.dumps({**self.a_record(), "test_name": "many", "passed": True,
                           "skipped": False, "inconclusive": False})
        for number in range(5000):
            self.put(f"6.{number}-many/many.ktstr.json", text)
        archive = ["--archive", self.temporary / "archive.sqlite3"]
        self.limited("query", "test_name = 'many'", "--count", "--check", "files", most=128,
                     status=0)
        rows = self.rows("sql", "select count(*) as n from results where test_name = 'many'",
                         "--check", "none")
        self.assertEqual(rows, [{"n": 5000}])
        self.limited("refresh", *archive, most=128, status=0)
        self.limited("query", "test_name = 'many' and verdict = 'fail'", "--expect", "none",
                     "--over", "past", *archive, most=128, status=0)

    @unittest.skipUnless(os.geteuid() == 0, "needs a second user")
    def test_where_thousands_of_directories_cannot_be_listed_a_few_are_named(self):
        for number in range(100):
            self.put(f"6.{number}-many/many.ktstr.json", "{}")
            (self.root / f"6.{number}-many").chmod(0)
        for command in (["refresh"], ["query", "--count"]):
            done = self.run_command(*command, "--root", self.root, as_nobody=True,
                                    status=3 if command == ["refresh"] else 0)
            said = done.stderr.decode()
            self.assertLess(said.count("\n"), 20)
            self.assertIn("90 more", said)

    def test_a_gate_is_not_green_on_what_could_not_be_opened(self):
        self.refresh()
        record = {**self.a_record(), "test_name": "fails", "passed": False, "skipped": False,
                  "inconclusive": False}
        self.put("new/a.ktstr.json", json.dumps(record))
        for most in range(4, 24):
            with self.subTest(most=most):
                done = self.limited("query", "test_name = 'fails' and verdict = 'fail'",
                                    "--expect", "none", most=most)
                self.assertIn(done.status, (1, 3, 127), done.said)

    def test_an_answer_of_last_rows_says_so(self):
        self.refresh()
        self.put("new/a.ktstr.json", json.dumps(self.a_record()))
        stale = 0
        for most in range(4, 24):
            done = self.limited("query", "--select", "run_dir", "--format", "json", most=most)
            if done.status != 0:
                continue
            document = json.loads(done.stdout)
            has_all = any(row["run_dir"] == "new" for row in document["rows"])
            # It may also have all and say so where a file of a moment ago could not be read again.
            self.assertTrue(has_all or document["stale"], f"{most}\n{done.said}")
            if document["stale"]:
                self.assertIn("Too many open files", done.said)
            stale += document["stale"]
        self.assertGreater(stale, 0)

    def test_a_session_is_not_lost(self):
        self.put("new/a.ktstr.json", json.dumps(self.a_record()))
        self.put("new/.ktstr_run_epoch", "the token")
        self.refresh()
        self.put("new/b.ktstr.json", json.dumps(self.a_record()))
        for most in range(4, 24):
            self.limited("refresh", most=most)
            rows = self.rows("sql", "select session from run_dirs where run_dir = 'new'",
                             "--check", "none")
            self.assertEqual(rows, [{"session": "the token"}], most)


if __name__ == "__main__":
    unittest.main()
