# SPDX-License-Identifier: MIT
"""`run` and `capture`: what is replaced or removed seconds later is in the archive all the same."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

from archive_scenario import ArchiveScenario, example
from support import COMMAND, shared_data

BUSY_WRITER = Path(__file__).with_name("busy_writer.py")
RUN_DIR = "6.14-abc1234"
RESULT = RUN_DIR + "/a-0123456789abcdef.ktstr.json"
DUMP = RUN_DIR + "/a-0123456789abcdef.failure-dump.json"
# What the design promises to catch, in seconds.
LONG_ENOUGH = 0.05


class CaptureScenario(ArchiveScenario):
    def sidecars(self):
        return self.values("SELECT test_name FROM sidecar ORDER BY first_seen_ns, test_name")

    def dumps(self):
        return self.values("SELECT size_bytes FROM observations "
                           "WHERE kind <> 'sidecar' AND is_kept")

    def wait_for_archive(self, names):
        def is_there():
            try:
                return self.archive.exists() and self.sidecars() == names
            except sqlite3.OperationalError:  # its tables aren't there yet
                return False
        end = time.monotonic() + 30
        while not is_there():
            self.assertLess(time.monotonic(), end, f"waited for {names} in the archive")
            time.sleep(0.02)

    def assert_no_spool(self):
        spool = self.root / ".ktstr-index/spool"
        self.assertEqual(list(spool.iterdir()) if spool.exists() else [], [])


class RunCaptures(CaptureScenario):
    def run_it(self, *command, status=0, options=(), env=None):
        return self.run_command("run", "--root", self.root, *options, "--", *command,
                                status=status, env=env)

    def script(self, text, **options):
        return self.run_it(sys.executable, "-B", "-c", text, **options)

    def write_and_remove(self, content):
        source = self.temporary / "content"
        source.write_text(content)
        return ("import os, shutil, time\n"
                f"path = {str(self.root / RESULT)!r}\n"
                "os.makedirs(os.path.dirname(path), exist_ok=True)\n"
                f"shutil.copy({str(source)!r}, path + '.part')\n"
                "os.rename(path + '.part', path)\n"
                f"time.sleep({2 * LONG_ENOUGH})\nos.remove(path)\n")

    def test_every_version_that_lived_long_enough_is_archived(self):
        done = self.run_it(sys.executable, "-B", BUSY_WRITER, 3, 1,
                           shared_data("example.ktstr.json"))
        said = json.loads(done.stdout)
        long_lived = [(serial, kind) for serial, kind, seconds in said["versions"]
                      if seconds > LONG_ENOUGH]
        self.assertGreater(len(long_lived), 30)
        sidecars, dumps = self.sidecars(), self.dumps()
        lost = [(serial, kind) for serial, kind in long_lived
                if (f"serial_{serial}" not in sidecars if kind == ".ktstr.json"
                    else 100 + serial not in dumps)]
        self.assertEqual(lost, [], done.stderr.decode())
        self.assertEqual(len(sidecars), len(set(sidecars)))
        self.assert_no_spool()
        looks_like_results = [name for name in said["seen"] if ".ktstr." in name]
        self.assertEqual(looks_like_results, [])
        self.assertIn("journal", said["seen"])  # the spool was there

    def test_what_stands_is_archived_before_the_command_clears_it(self):
        self.put(RESULT, example("before"))
        self.put(DUMP, "dump")
        self.run_it("sh", "-c", f"rm -r {self.root / RUN_DIR}")
        self.assertEqual(self.sidecars(), ["before"])
        self.assertEqual(self.dumps(), [4])

    def test_results_of_the_session_are_labelled_and_others_are_not(self):
        self.put(RUN_DIR + "-old/b-0123456789abcdef.ktstr.json", example("older"))
        self.script(f"import os; os.makedirs({str(self.root / RUN_DIR)!r})\n"
                    f"open({str(self.root / RUN_DIR / '.ktstr_run_epoch')!r}, 'w')"
                    ".write(os.environ['KTSTR_RUN_EPOCH'])\n"
                    + self.write_and_remove(example("gone")),
                    options=["--label", "pr=7", "--label", "host=b"])
        found = dict(zip(self.values("SELECT test_name FROM sidecar"), self.values(
            "SELECT (SELECT group_concat(key || '=' || value) FROM (SELECT * FROM label WHERE "
            "label.id = sidecar.id ORDER BY key)) FROM sidecar")))
        self.assertEqual(found, {"older": None, "gone": "host=b,pr=7"})

    def test_a_label_without_a_value_is_a_usage_error(self):
        self.run_it("true", options=["--label", "pr"], status=2)

    def test_without_capture_only_what_is_left_is_archived(self):
        self.script(self.write_and_remove(example("gone")), options=["--no-capture"])
        self.assertFalse(self.archive.exists())

    def test_verbose_says_what_was_captured_when_the_command_has_ended(self):
        done = self.script(self.write_and_remove(example("gone")) + "import sys\n"
                           "print('end', file=sys.stderr)\n", options=["-v"])
        lines = done.stderr.decode().splitlines()
        captured = [line for line in lines if "captured " + RESULT in line]
        self.assertEqual(len(captured), 1, lines)
        self.assertGreater(lines.index(captured[0]), lines.index("end"))

    def start_run(self):
        """Its command has written and removed a result, and waits."""
        script = self.write_and_remove(example("gone")) + (
            "parent = os.getppid()\nprint('gone', flush=True)\n"
            "while os.getppid() == parent: time.sleep(0.02)\n")
        process = subprocess.Popen(
            [COMMAND, "run", "--root", self.root, "--", sys.executable, "-B", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.assertEqual(process.stdout.readline(), b"gone\n")
        return process

    def session(self):
        with self.sql() as archive:
            return archive.execute("SELECT session, state, exit_status, ended_ns > started_ns "
                                   "FROM session").fetchall()

    def test_a_session_that_ended_by_itself_is_complete(self):
        self.put(RESULT, example("before"))
        self.run_it("sh", "-c", "exit 3", status=3, env={"KTSTR_RUN_EPOCH": "mine"})
        self.assertEqual(self.session(), [("mine", "complete", 3, 1)])

    def test_a_session_that_a_signal_ended_is_interrupted(self):
        self.put(RESULT, example("before"))
        self.run_it("sh", "-c", "kill -INT $$", status=-signal.SIGINT,
                    env={"KTSTR_RUN_EPOCH": "mine"})
        self.assertEqual(self.session(), [("mine", "interrupted", None, 1)])

    def test_what_an_interrupted_session_had_replaced_is_archived(self):
        with self.start_run() as process:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=30), -signal.SIGTERM)
        self.assertEqual(self.sidecars(), ["gone"])
        self.assertEqual([row[1] for row in self.session()], ["interrupted"])

    def test_a_session_that_was_told_to_end_is_interrupted_whatever_its_status(self):
        self.put(RESULT, example("before"))
        script = "trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done"
        process = subprocess.Popen(
            [COMMAND, "run", "--root", self.root, "--", "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        with process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=30), 0)
        self.assertEqual([row[1:3] for row in self.session()], [("interrupted", 0)])

    def test_a_root_that_the_command_makes_is_captured(self):
        self.root.rmdir()
        self.script(self.write_and_remove(example("gone")))
        self.assertEqual(self.sidecars(), ["gone"])

    def test_the_killed_ones_spool_is_taken_in_by_the_next_refresh(self):
        with self.start_run() as process:
            process.kill()
            process.wait(timeout=30)
        self.refresh()
        self.assertEqual(self.sidecars(), ["gone"])
        self.assert_no_spool()

    def test_an_archive_that_cannot_be_made_keeps_nobody_from_running(self):
        self.archive.mkdir()
        done = self.script(self.write_and_remove(example("gone")) + "print('ran')")
        self.assertEqual(done.stdout, b"ran\n")
        self.assertIn("archive", done.stderr.decode())
        self.archive.rmdir()
        self.refresh()
        self.assertEqual(self.sidecars(), ["gone"])  # from the spool

    def test_where_the_archive_is_off_nothing_is_kept_below_the_root(self):
        index = self.root / ".ktstr-index"
        done = self.script(self.write_and_remove(example("gone"))
                           + f"print(sorted(os.listdir({str(index)!r})))\n",
                           env={"KTSTR_INDEX_ARCHIVE": "off"})
        self.assertIn("catalog.sqlite3", done.stdout.decode())  # fresh before the command
        self.assertNotIn("spool", done.stdout.decode())
        self.assertFalse((self.root / ".ktstr-index/spool").exists())
        self.assertFalse(self.archive.exists())


class CaptureCommand(CaptureScenario):
    def start(self, *arguments, env=None, cwd=None):
        """Returns when it captures."""
        process = subprocess.Popen([COMMAND, "capture", *map(str, arguments)], text=True,
                                   stderr=subprocess.PIPE, env=self.environment(**(env or {})),
                                   cwd=cwd or self.temporary)
        self.addCleanup(self.kill, process)
        line = process.stderr.readline()
        self.assertIn("capturing below ", line)
        self.assertIn(str(self.archive), line)
        return process

    def kill(self, process):
        process.kill()
        process.wait(timeout=30)
        process.stderr.close()

    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        said = process.stderr.read()
        self.assertEqual(process.wait(timeout=30), 128 + number)
        return said

    def put_and_remove(self, path, content):
        target = self.put(path, content)
        time.sleep(2 * LONG_ENOUGH)
        target.unlink()

    def test_what_is_removed_is_archived_by_the_time_it_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start(self.root, "-v")
            self.put_and_remove(RESULT, example(f"s{number}"))
            self.put_and_remove(f"new-{number}/job/a-0123456789abcdef.failure-dump.json",
                                b"d" * number)
            said = self.stop(process, number)
            self.assertIn("captured " + RESULT, said)
        self.assertEqual(self.sidecars(), ["s15", "s2"])
        self.assertEqual(sorted(self.dumps()), [2, 15])
        self.assert_no_spool()

    def test_what_was_there_is_archived_at_the_start(self):
        self.put(RESULT, example("before"))
        process = self.start(self.root)
        self.wait_for_archive(["before"])
        self.stop(process)

    def test_it_archives_in_the_pauses(self):
        process = self.start(self.root, "--label", "pr=7")
        self.put_and_remove(RESULT, example("gone"))
        self.wait_for_archive(["gone"])
        self.assertIsNone(process.poll())
        self.assertEqual(self.values("SELECT value FROM labels WHERE key = 'pr'"), ["7"])
        self.put_and_remove(RESULT, example("later"))
        self.stop(process)
        self.assertEqual(self.sidecars(), ["gone", "later"])

    def test_what_a_killed_one_had_is_taken_in_by_the_next_refresh(self):
        process = self.start(self.root)
        self.put_and_remove(RESULT, example("gone"))
        self.kill(process)
        self.refresh()
        self.assertEqual(self.sidecars(), ["gone"])
        self.assert_no_spool()

    def test_two_of_them_and_a_run_lose_and_double_nothing(self):
        processes = [self.start(self.root) for _ in range(2)]
        done = self.command("run", "--", sys.executable, "-B", BUSY_WRITER, 2, 2,
                            shared_data("example.ktstr.json"))
        for process in processes:
            self.stop(process)
        said = json.loads(done.stdout)
        sidecars = self.sidecars()
        lost = [serial for serial, kind, seconds in said["versions"] if kind == ".ktstr.json"
                and seconds > LONG_ENOUGH and f"serial_{serial}" not in sidecars]
        self.assertEqual(lost, [])
        self.assertEqual(len(sidecars), len(set(sidecars)))
        dumps = self.dumps()
        self.assertEqual(len(dumps), len(set(dumps)))
        self.assert_no_spool()

    def test_without_a_root_it_captures_all_that_the_archive_knows(self):
        roots = [self.temporary / "one/target/ktstr", self.temporary / "two/target/ktstr"]
        for root in roots:
            (root / RUN_DIR).mkdir(parents=True)
            (root / RESULT).write_text(example("before"))
            self.run_command("refresh", "--root", root)
        process = self.start("-v", cwd=self.temporary / "one")
        for root in roots:
            path = root / RUN_DIR / "b-0123456789abcdef.ktstr.json"
            path.write_text(example("of " + root.parts[-3]))
            time.sleep(2 * LONG_ENOUGH)
            path.unlink()
        said = self.stop(process)
        for root in roots:
            self.assertIn(f"captured {root}/{RUN_DIR}/b-", said)
        self.assertLessEqual({"of one", "of two"}, set(self.sidecars()))
        self.assertTrue((roots[1] / ".ktstr-index/catalog.sqlite3").exists())

    def test_a_root_that_is_not_there_yet_is_waited_for(self):
        self.root.rmdir()
        process = self.start(self.root)
        self.put_and_remove(RESULT, example("gone"))
        self.stop(process)
        self.assertEqual(self.sidecars(), ["gone"])

    def test_it_needs_an_archive_and_directories(self):
        said = self.command("capture", status=2, env={"KTSTR_INDEX_ARCHIVE": "off"}).stderr
        self.assertIn(b"nowhere to keep", said)
        self.run_command("capture", self.put("plain", "text"), status=3)


if __name__ == "__main__":
    unittest.main()
