# SPDX-License-Identifier: MIT
"""Refreshers, questions, writers and people with rm and mv, all at once on one runs root."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from harness_test import HarnessScenario  # noqa: E402
from support import COMMAND  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

SECONDS = float(os.environ.get("KTSTR_STORM_SECONDS", "8"))
SEEDS = [int(seed) for seed in os.environ.get("KTSTR_SEEDS", "1,2,3,4").split(",")]


class ConcurrentScenario(HarnessScenario, WalkedScenario):
    """Workers in threads, each of which runs one command after the other. One run directory is
    touched by nobody: each answer has to hold its rows."""

    statuses = (0,)

    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 6, "--tests", 5)
        self.pooled = json.dumps(self.a_record())
        for number in range(5):
            self.put(f"still/{number}.ktstr.json",
                     json.dumps({**json.loads(self.pooled), "test_name": f"still{number}"}))
        self.ended = threading.Event()
        self.addCleanup(self.ended.set)
        self.problems = []

    def ran(self, *arguments, stdin=b"", statuses=(0,), env=None, kill_after=None):
        """Runs the command; whatever nobody should see becomes a problem. Gives its stdout."""
        values = self.environment(KTSTR_RUNS_ROOT=str(self.root), **(env or {}))
        with subprocess.Popen([COMMAND, *map(str, arguments)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=values,
                              cwd=self.temporary) as process:
            if kill_after is not None:
                time.sleep(kill_after)
                process.kill()
            try:
                out, said = process.communicate(stdin, timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                out, said = process.communicate()
                said += b"took a minute"
        said = said.decode(errors="replace")
        is_killed = kill_after is not None and process.returncode == -signal.SIGKILL
        is_wanted = process.returncode in statuses or is_killed
        if not is_wanted or "database is locked" in said or "malformed" in said:
            self.problems.append(f"{arguments[:3]}: status {process.returncode}: {said}")
        return out if process.returncode == 0 else None

    def ask(self, *options):
        """Asks for the rows that nobody touches, among all."""
        out = self.ran("query", "--select", "run_dir,test_name,verdict", "--format", "json",
                       *options, statuses=self.statuses)
        if out is None:
            return
        document = json.loads(out)
        names = sorted(row["test_name"] for row in document["rows"] if row["run_dir"] == "still")
        if names != [f"still{number}" for number in range(5)] and not self.may_lack(document):
            self.problems.append(f"an answer with {names}, stale: {document['stale']}")

    def may_lack(self, document):
        """Whether an answer may lack rows of files that have been there all the time."""
        return False

    def start(self, work, *arguments):
        """Calls `work(number, *arguments)` over and over in a thread, until the end."""
        def repeat():
            number = 0
            while not self.ended.is_set():
                try:
                    work(number, *arguments)
                except Exception as exception:  # pylint: disable=broad-except
                    self.problems.append(f"{work.__name__}: {exception!r}")
                    return
                number += 1
        thread = threading.Thread(target=repeat)
        thread.start()
        return thread

    def let_run(self, threads, seconds):
        time.sleep(seconds)
        self.ended.set()
        for thread in threads:
            thread.join()
        self.assertEqual(self.problems, [])


class Storm(ConcurrentScenario):
    def refresh_once(self, number):
        self.ran("refresh", "--check", ("files", "dirs", "bytes")[number % 3])

    def ask_once(self, number):
        self.ask("--check", ("dirs", "dirs", "none", "files")[number % 4])

    def write_once(self, number, writer):
        """The last writer begins a session now and then, and so clears what it wrote before."""
        is_clearing = writer == 3
        name = f"w{writer}_{number}"
        env = {"KTSTR_PROJECT_COMMIT": "own" if is_clearing else f"c{writer % 2}",
               "KTSTR_RUN_EPOCH": f"epoch{number // 5}" if is_clearing else "epoch"}
        out = self.ran("harness", "write", env=env,
                       stdin=json.dumps({**self.record, "test_name": name}).encode())
        if out is None:
            return
        if not is_clearing:
            self.written.add(str((self.root / out.decode().strip()).relative_to(self.root)))
        if number % 3 == 0 and not is_clearing:
            self.ran("harness", "finalize", self.root / out.decode().strip(), "--verdict", "pass")

    def mutate_once(self, number):
        """Only what neither the writers nor the still directory have."""
        kind = number % 5
        here = self.root / f"mutated{number // 5 % 4}"
        if kind == 0 and not here.exists():
            (here / "job").mkdir(parents=True)
            for name in ("a", "b", "job/c"):
                (here / f"{name}.ktstr.json").write_text(self.pooled)
        elif kind == 1 and here.exists():
            away = here.with_name(f"{here.name}-renamed")
            shutil.rmtree(away, ignore_errors=True)
            here.rename(away)
        elif kind == 2:
            shutil.rmtree(here.with_name(f"{here.name}-renamed"), ignore_errors=True)
        elif kind == 3:
            self.put(f"{here.name}/fresh{number}.ktstr.json", self.pooled)
        else:
            for path in sorted(here.glob("*.ktstr.json"))[:1]:
                path.unlink()
        time.sleep(0.01)

    def test_nobody_is_locked_out_and_in_the_end_the_catalog_says_what_the_files_say(self):
        self.written = set()
        threads = [self.start(self.refresh_once) for _ in range(8)]
        threads += [self.start(self.ask_once) for _ in range(4)]
        threads += [self.start(self.write_once, writer) for writer in range(4)]
        threads += [self.start(self.mutate_once)]
        self.let_run(threads, SECONDS)
        self.assertGreater(len(self.written), 10, "the writers got nowhere")
        self.assert_right("--check", "dirs")
        self.refresh()
        self.assert_right("--check", "none")
        self.assert_sound()
        paths = {row["path"] for row in self.rows("query", "--select", "path")}
        self.assertEqual(self.written - paths, set())
        self.assertEqual(list(self.index_directory.glob("*aside*")), [])
        self.settle()
        self.refresh()
        document = self.refresh("--check", "dirs")
        self.assertEqual(document["directories"]["listed"], 0)

    def test_of_sixteen_writers_at_once_every_row_is_mirrored_without_a_refresh(self):
        self.refresh()
        self.written = set()
        threads = [threading.Thread(target=lambda w=writer: [self.write_once(n, w * 4)
                                                             for n in range(w * 5, w * 5 + 5)])
                   for writer in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.problems, [])
        self.assertEqual(len(self.written), 80)
        paths = {row["path"] for row in self.rows("query", "--select", "path", "--check", "none")}
        self.assertEqual(self.written - paths, set())
        self.assert_right("--check", "dirs")


class RandomOperations(ConcurrentScenario):
    """Each worker does what its own random numbers say: the same operations for the same seed,
    in whatever order the machine lets the workers go."""

    WORKERS = 5
    ROUND_SECONDS = 1.5

    def may_lack(self, document):
        # One that waited in vain on a catalog that was deleted a moment ago says that it is stale.
        return document["stale"]

    def a_path(self, dice, directories=("r0", "r1", "r2", "r1/job", "r2/job")):
        directory = self.root / dice.choice(directories)
        return directory, directory / f"t{dice.randrange(4)}.ktstr.json"

    def text(self, dice):
        record = {**json.loads(self.pooled), "test_name": f"random{dice.randrange(100)}",
                  "skipped": dice.random() < 0.5}
        if dice.random() < 0.2:
            del record["kargs"]
        text = json.dumps(record)
        return text[:200] if dice.random() < 0.2 else text

    def put_file(self, dice):
        directory, path = self.a_path(dice)
        directory.mkdir(parents=True, exist_ok=True)
        staging = path.with_name(f"{dice.random()}.part")
        staging.write_text(self.text(dice))
        staging.rename(path)

    def edit_in_place(self, dice):
        _, path = self.a_path(dice)
        if path.exists():
            path.write_text(self.text(dice))

    def remove_file(self, dice):
        self.a_path(dice)[1].unlink(missing_ok=True)

    def remove_directory(self, dice):
        shutil.rmtree(self.a_path(dice)[0], ignore_errors=True)

    def rename_directory(self, dice):
        self.a_path(dice, ("r0", "r1"))[0].rename(self.a_path(dice, ("r2", "r3"))[0])

    def copy_with_its_times(self, dice):
        """Another content under the same name and mtime."""
        _, path = self.a_path(dice)
        status = path.stat()
        self.put_file(dice)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def write_record(self, dice):
        env = {"KTSTR_PROJECT_COMMIT": dice.choice(["x", "y"]),
               "KTSTR_RUN_EPOCH": dice.choice(["a", "a", "a", "b"])}
        record = {**self.record, "test_name": f"t{dice.randrange(6)}"}
        self.ran("harness", "write", stdin=json.dumps(record).encode(), env=env,
                 kill_after=dice.random() * 0.02 if dice.random() < 0.2 else None)

    def invert_verdict(self, dice):
        for path in sorted(self.root.glob("unknown-*/*.ktstr.json"))[:1]:
            self.ran("harness", "finalize", path, "--verdict", dice.choice(["pass", "fail"]),
                     "--force", statuses=(0, 3))

    def run_refresh(self, dice):
        self.ran("refresh", "--check", dice.choice(["dirs", "files", "bytes"]),
                 statuses=self.statuses,
                 kill_after=dice.random() * 0.03 if dice.random() < 0.3 else None)

    def ask_something(self, dice):
        self.ask("--check", dice.choice(["dirs", "files"]))

    def delete_catalog(self, dice):
        if dice.random() < 0.3:
            for path in self.index_directory.glob("catalog.sqlite3*"):
                path.unlink(missing_ok=True)

    def visit_with_sqlite(self, dice):
        """A stock SQLite that reads a while, then checkpoints."""
        if not self.catalog.exists():
            return
        database = sqlite3.connect(f"file:{self.catalog}?mode=rw", uri=True, timeout=1)
        try:
            database.execute("BEGIN")
            database.execute("SELECT count(*) FROM results").fetchall()
            time.sleep(dice.random() * 0.05)
            database.execute("COMMIT")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            database.close()

    OPERATIONS = ("put_file", "put_file", "put_file", "edit_in_place", "remove_file",
                  "remove_directory", "rename_directory", "copy_with_its_times", "write_record",
                  "write_record", "invert_verdict", "run_refresh", "run_refresh", "ask_something",
                  "ask_something", "visit_with_sqlite")

    def operate(self, _number, dice, operations):
        operation = getattr(self, dice.choice(operations))
        try:
            operation(dice)
        except (OSError, sqlite3.Error):
            pass  # another worker was faster

    def check_seed(self, seed, operations):
        for turn in range(2):
            self.ended.clear()
            threads = [self.start(self.operate, random.Random(f"{seed} {worker} {turn}"),
                                  operations) for worker in range(self.WORKERS)]
            self.let_run(threads, self.ROUND_SECONDS)
            self.assert_right("--check", "files")
            self.refresh()
            self.assert_right("--check", "none")
            self.assert_sound()

    def test_after_random_operations_of_several_processes_the_catalog_says_what_the_files_say(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check_seed(seed, self.OPERATIONS)

    def test_an_answer_is_whole_though_the_catalog_is_deleted_again_and_again(self):
        """One process took another's rows for a stranger's, where the catalog went between them."""
        self.statuses = (0, 3)
        operations = ("ask_something", "run_refresh", "write_record", "put_file", "remove_file",
                      "delete_at_once")
        threads = [self.start(self.operate, random.Random(worker), operations)
                   for worker in range(self.WORKERS)]
        self.let_run(threads, SECONDS)
        self.assert_right("--check", "files")

    def delete_at_once(self, dice):
        for path in self.index_directory.glob("catalog.sqlite3*"):
            path.unlink(missing_ok=True)
        time.sleep(dice.random() * 0.05)

    def test_and_so_it_does_when_the_catalog_is_deleted_now_and_then(self):
        self.statuses = (0, 3)  # one whose catalog goes under it may say so
        for seed in SEEDS[:2]:
            with self.subTest(seed=seed):
                self.check_seed(seed, (*self.OPERATIONS, "delete_catalog"))


if __name__ == "__main__":
    unittest.main()
