# SPDX-License-Identifier: MIT
"""SIGINT and SIGTERM end every command at once, in the middle of a statement too, and leave sound
stores."""

import json
import random
import signal
import sqlite3
import subprocess
import time
import unittest
from contextlib import closing

from bounded_scenario import COMMAND, IS_SANITIZED, BoundedScenario

ENDLESS = "(select count(*) from metrics a, metrics b, metrics c, metrics d, metrics e) > 0"
UNSTOPPABLE = "instr(hex(zeroblob(15000000)) || test_name, hex(zeroblob(7000000)) || '1') > 0"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals(BoundedScenario):
    RUN_DIRECTORIES = 3

    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "archive.sqlite3"
        self.make_pool("--run-directories", self.RUN_DIRECTORIES, "--tests", 20, "--clean")
        self.run_command("refresh", "--root", self.root, "--archive", self.archive)

    def start(self, *arguments, **more):
        return self.started(*arguments, "--root", self.root, "--archive", self.archive, **more)

    def assert_stores_are_sound(self):
        self.run_command("refresh", "--root", self.root, "--archive", self.archive)
        self.assert_right()
        self.assert_sound()
        self.assert_sound(self.archive)


class InsideAStatement(Signals):
    def test_of_a_person(self):
        """Also where the command takes signals up to finish what is at hand."""
        for expression in (ENDLESS, UNSTOPPABLE):
            for command in (("query", "--timeout", 0, expression),
                            ("sql", "--timeout", 0, f"select {expression} from results"),
                            ("query", "--timeout", 0, "--follow", expression),
                            ("purge", "--where", expression),
                            ("gc", "--pin", f"query={expression}", "--rows"),
                            ("pack", expression, "-o", self.temporary / "pack")):
                for number in SIGNALS:
                    with self.subTest(command=command, number=number):
                        process = self.start(*command)
                        time.sleep(0.3)
                        if process.poll() is None:
                            self.assert_ends_at_once(process, number)
                        else:
                            self.assertNotIn(process.returncode, (-11, -6))

    def test_there_is_something_to_end(self):
        """The test above would pass on commands that fail at once."""
        for command in (("query", "--timeout", 0, ENDLESS), ("purge", "--where", ENDLESS),
                        ("query", "--timeout", 0, "--follow", UNSTOPPABLE)):
            process = self.start(*command)
            time.sleep(0.5)
            self.assertIsNone(process.poll(), command)
            self.assert_ends_at_once(process, signal.SIGTERM)


class WaitingForALock(Signals):
    def test_of_the_catalog(self):
        with closing(sqlite3.connect(self.catalog, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.put("new/a.ktstr.json", json.dumps(self.a_record()))
            for command in (("refresh",), ("verify", "--repair"), ("query",)):
                for number in SIGNALS:
                    with self.subTest(command=command, number=number):
                        process = self.start(*command)
                        time.sleep(0.2)
                        if process.poll() is None:
                            self.assert_ends_at_once(process, number)

    def test_of_the_archive(self):
        with closing(sqlite3.connect(self.archive, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.put("new/a.ktstr.json", json.dumps(self.a_record()))
            for command in (("refresh",), ("purge", "--where", "1", "--apply"),
                            ("gc", "--rows", "--keep-days", 0, "--apply")):
                for number in SIGNALS:
                    with self.subTest(command=command, number=number):
                        process = self.start(*command)
                        time.sleep(0.2)
                        if process.poll() is None:
                            self.assert_ends_at_once(process, number)

    def test_of_a_run_directory(self):
        directory = next(path for path in self.root.glob("[!.]*") if any(path.iterdir()))
        locks = self.root / ".locks"
        locks.mkdir(exist_ok=True)
        held = subprocess.Popen(["flock", locks / f"{directory.name}.lock", "sleep", "30"])
        self.addCleanup(held.wait)
        self.addCleanup(held.kill)
        time.sleep(0.2)
        for number in SIGNALS:
            process = self.start("harness", "write", stdin=subprocess.PIPE,
                                 env={"KTSTR_SIDECAR_DIR": str(directory),
                                      "KTSTR_RUN_EPOCH": "1"})
            process.stdin.write(json.dumps(self.a_record()).encode())
            process.stdin.close()
            time.sleep(0.3)
            if process.poll() is None:
                self.assert_ends_at_once(process, number)


class AtAnyMoment(Signals):
    RUN_DIRECTORIES = 20
    ROUNDS = 4 if IS_SANITIZED else 10

    def setUp(self):
        super().setUp()
        self.random = random.Random(12)
        self.run_dir = sorted(path.name for path in self.root.glob("[!.]*"))[0]
        self.pack = self.temporary / "all.ktpack"
        self.run_command("pack", "1=1", "-o", self.pack, "--root", self.root, "--archive", self.archive)

    def commands(self):
        turn = self.random.randrange(10 ** 9)
        yield ("refresh", "--check", "bytes")
        yield ("query", "--over", "all")
        yield ("sql", "select * from metrics")
        yield ("verify",)
        yield ("footer",)
        yield ("last-run",)
        yield ("import", self.pack)
        yield ("pack", "1=1", "-o", self.temporary / f"pack{turn}")
        yield ("snapshot", self.temporary / f"snapshot{turn}", "--over", "past")
        yield ("restore", self.run_dir, "--to", self.temporary / f"back{turn}")
        yield ("gc", "--max-size", "1", "--apply")
        yield ("purge", "--where", "test_name like '%a%'", "--apply")

    def end_at_random(self, command):
        process = self.start(*command)
        time.sleep(self.random.uniform(0, 0.3))
        if process.poll() is None:
            self.assert_ends_at_once(process, self.random.choice(SIGNALS), others=(0, 2, 3))
            return True
        self.assertIn(process.returncode, (0, 2, 3), process.stderr.read())
        return False

    def test_each_command_ends_and_leaves_sound_stores(self):
        ended = 0
        for _ in range(self.ROUNDS):
            for command in self.commands():
                with self.subTest(command=command):
                    # Without its catalog there is more to be interrupted.
                    if command[0] == "refresh":
                        self.catalog.unlink(missing_ok=True)
                    ended += self.end_at_random(command)
        self.assertGreater(ended, self.ROUNDS)
        self.assert_stores_are_sound()


if __name__ == "__main__":
    unittest.main()
