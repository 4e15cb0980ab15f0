# SPDX-License-Identifier: MIT
"""Refreshing: what people and harnesses do to a runs root, and what the catalog says then."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
import unittest
from pathlib import Path

from support import COMMAND, Scenario, shared_data


def example(**changes):
    record = json.loads(shared_data("example.ktstr.json").read_bytes())
    record.update(changes)
    return json.dumps(record, indent=2)


class Refresh(Scenario):
    def refresh(self, *options, status=0):
        return self.json("refresh", "--root", self.root, *options, status=status)

    def names(self, *options):
        return [row["test_name"] for row in self.rows("query", "--select", "test_name", *options)]

    def test_the_document_has_the_promised_keys(self):
        document = self.refresh()
        self.assertEqual(list(document), ["root", "catalog", "check", "files", "status",
                                          "directories", "archive", "elapsed_ms"])
        self.assertEqual(list(document["files"]),
                         ["added", "changed", "unchanged", "removed", "moved"])
        self.assertEqual(list(document["status"]), ["ok", "drift", "corrupt", "unreadable"])
        self.assertEqual(list(document["directories"]), ["listed", "unchanged", "unreadable"])
        self.assertEqual(document["check"], "files")

    def test_added_replaced_and_removed_files_are_seen_by_the_next_query(self):
        self.put("run/a.ktstr.json", example(test_name="first"))
        self.assertEqual(self.names(), ["first"])
        self.put("run/a.ktstr.json", example(test_name="replaced"))
        self.put("run/b.ktstr.json", example(test_name="second"))
        self.assertEqual(self.names(), ["replaced", "second"])
        (self.root / "run/a.ktstr.json").unlink()
        self.assertEqual(self.names(), ["second"])

    def test_an_edit_in_place_is_seen_at_files_and_not_at_dirs_once_settled(self):
        path = self.put("run/a.ktstr.json", example(test_name="before"))
        self.settle()
        self.refresh()
        path.write_text(example(test_name="edited"))
        self.assertEqual(self.names("--check", "dirs"), ["before"])
        self.assertEqual(self.names("--check", "files"), ["edited"])

    def settle(self):
        """Stamps are trusted when they are more than 3 s old."""
        import time
        time.sleep(3.2)

    def test_a_settled_pool_is_not_listed_and_nothing_is_written(self):
        self.make_pool("--run-directories", 2, "--tests", 4, "--clean")
        self.settle()
        self.refresh()
        catalog = self.root / ".ktstr-index" / "catalog.sqlite3"
        before = (catalog.read_bytes(), self.wal())
        document = self.refresh("--check", "dirs")
        self.assertEqual(document["directories"]["unchanged"], 2)
        self.assertEqual(document["files"]["unchanged"], 8)
        self.assertEqual((catalog.read_bytes(), self.wal()), before)

    def wal(self):
        path = self.root / ".ktstr-index" / "catalog.sqlite3-wal"
        return path.read_bytes() if path.exists() else b""

    def test_a_removed_directory_goes_and_a_renamed_one_moves(self):
        self.put("old/a.ktstr.json", example(test_name="moved"))
        self.put("other/b.ktstr.json", example(test_name="gone"))
        self.refresh()
        (self.root / "old").rename(self.root / "new")
        (self.root / "other/b.ktstr.json").unlink()
        (self.root / "other").rmdir()
        document = self.refresh()
        self.assertEqual(document["files"]["moved"], 1)
        self.assertEqual(document["files"]["removed"], 1)
        self.assertEqual(self.rows("query", "--select", "run_dir,test_name"),
                         [{"run_dir": "new", "test_name": "moved"}])

    def test_job_directories_are_read_one_level_deep(self):
        self.put("run/job/a.ktstr.json", example(test_name="in_job"))
        self.put("run/job/deeper/b.ktstr.json", example(test_name="too_deep"))
        self.put("c.ktstr.json", example(test_name="in_root"))
        self.assertEqual(self.rows("query", "--select", "job,test_name"),
                         [{"job": "job", "test_name": "in_job"}])

    def test_dot_directories_are_pooled_but_not_listed_as_runs(self):
        self.put(".hidden/a.ktstr.json", example(test_name="hidden"))
        self.assertEqual(self.names(), ["hidden"])
        self.assertEqual(self.rows("list"), [])

    def test_drift_is_shown_and_marked_and_left_out_when_strict(self):
        record = json.loads(example(test_name="older"))
        del record["perf_delta_assertions"]
        self.put("run/a.ktstr.json", json.dumps(record))
        [row] = self.rows("query", "--select", "test_name,contract,error,verdict")
        self.assertEqual(row["contract"], "drift")
        self.assertEqual(row["error"], "missing field `perf_delta_assertions`")
        self.assertEqual(row["verdict"], "pass")
        self.assertEqual(self.names("--strict"), [])

    def test_corrupt_and_unreadable_files_are_rows_with_their_error(self):
        self.put("run/cut.ktstr.json", example()[:500])
        self.put("run/text.ktstr.json", b"\xff\xfe")
        self.put("run/list.ktstr.json", b"[]")
        os.mkfifo(self.root / "run/pipe.ktstr.json")
        (self.root / "run/link.ktstr.json").symlink_to("nowhere")
        (self.root / "run/job").mkdir()
        (self.root / "run/job/dir.ktstr.json").mkdir()
        rows = self.rows("sql", "select file_name, status, error_class, error from files "
                                "order by file_name")
        self.assertEqual([(row["file_name"], row["status"], row["error_class"]) for row in rows], [
            ("cut.ktstr.json", "corrupt", "parse"), ("dir.ktstr.json", "unreadable", "io"),
            ("link.ktstr.json", "unreadable", "io"), ("list.ktstr.json", "corrupt", "parse"),
            ("pipe.ktstr.json", "unreadable", "io"), ("text.ktstr.json", "corrupt", "io")])
        errors = {row["file_name"]: row["error"] for row in rows}
        self.assertEqual(errors["link.ktstr.json"], "No such file or directory (os error 2)")
        self.assertEqual(errors["dir.ktstr.json"], "Is a directory (os error 21)")
        self.assertEqual(errors["text.ktstr.json"], "stream did not contain valid UTF-8")

    def test_a_file_over_the_limit_is_unreadable(self):
        self.put("run/a.ktstr.json", example())
        self.refresh("--max-file-bytes", "100")
        [row] = self.rows("sql", "select status, error from files", "--check", "none")
        self.assertEqual(row["status"], "unreadable")
        self.assertIn("100 bytes", row["error"])
        self.refresh()
        self.assertEqual(self.names("--check", "none"), ["sched_mixed_wakers"])

    def test_the_session_is_the_token_of_the_run_directory(self):
        self.put("run/a.ktstr.json", example())
        self.put("run/job/b.ktstr.json", example())
        self.put("run/.ktstr_run_epoch", "1780000000000000000")
        rows = self.rows("query", "--select", "job,session")
        self.assertEqual({row["job"]: row["session"] for row in rows},
                         {"": "1780000000000000000", "job": None})

    def test_dumps_and_traces_are_artifacts(self):
        for name in ("a-0123456789abcdef.failure-dump.json", "a-0123456789abcdef.repro.wprof.pb",
                     "old.failure-dump.json", "a-0123456789abcdef.ktstr.json.tmp.1.x"):
            self.put(f"run/{name}", b"{}")
        rows = self.rows("sql", "select kind, test_name, file_hash from artifacts order by path")
        self.assertEqual([tuple(row.values()) for row in rows], [
            ("failure-dump", "a", "0123456789abcdef"), ("staging", "a", "0123456789abcdef"),
            ("repro-wprof", "a", "0123456789abcdef"), ("failure-dump", "old", None)])

    def test_why_names_each_path_that_is_looked_at_and_the_reason(self):
        self.put("run/a.ktstr.json", example())
        done = self.run_command("refresh", "--why", "--root", self.root)
        self.assertIn(b"added  run/a.ktstr.json", done.stderr)

    def test_measured_flags_decide_whether_a_value_is_there(self):
        record = json.loads(example())
        for cgroup in record["stats"]["cgroups"]:
            cgroup["wake_measured"] = False
        self.put("run/a.ktstr.json", json.dumps(record))
        rows = self.rows("sql", "select count(*) as n from metrics where phase is null and "
                                "cgroup is not null and metric = 'p99_wake_latency_us'")
        self.assertEqual(rows, [{"n": 0}])


class Root(Scenario):
    def test_a_missing_root_is_an_error_but_an_empty_list(self):
        missing = self.temporary / "missing"
        for command in (["query"], ["refresh"], ["info"], ["sql", "select 1"]):
            done = self.run_command(*command, "--root", missing, status=3)
            self.assertIn(str(missing).encode(), done.stderr)
        self.assertFalse(missing.exists())
        document = self.json("list", "--root", missing)
        self.assertEqual((document["rows"], document["count"]), ([], 0))

    def test_an_empty_root_is_an_empty_answer(self):
        self.assertEqual(self.rows("query"), [])
        self.assertEqual(self.rows("list"), [])

    def test_a_file_instead_of_a_root_is_status_3(self):
        path = self.temporary / "file"
        path.write_text("x")
        self.run_command("query", "--root", path, status=3)

    def test_a_root_without_permission_is_status_3(self):
        self.root.chmod(0)
        self.addCleanup(self.root.chmod, stat.S_IRWXU)
        done = self.run_command("query", "--root", self.root, status=3, as_nobody=True)
        self.assertIn(b"Permission denied", done.stderr)

    def test_a_root_that_cannot_be_written_is_served_from_the_cache(self):
        self.put("run/a.ktstr.json", example(test_name="kept"))
        for path in [self.root, *self.root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        rows = self.rows("query", "--select", "test_name", as_nobody=True)
        self.assertEqual(rows, [{"test_name": "kept"}])
        if os.geteuid() == 0:
            self.assertFalse((self.root / ".ktstr-index").exists())
            self.assertTrue(list(self.home.rglob("catalog.sqlite3")))

    def test_a_directory_that_cannot_be_listed_keeps_its_rows_and_is_reported(self):
        self.put("run/a.ktstr.json", example(test_name="kept"))
        for path in [self.root, *self.root.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o644)
        self.assertEqual(len(self.rows("query", as_nobody=True)), 1)
        run = self.root / "run"
        run.chmod(0)
        self.addCleanup(run.chmod, stat.S_IRWXU)
        done = self.run_command("refresh", "--root", self.root, as_nobody=True, status=3)
        self.assertIn(b"run: Permission denied", done.stderr)
        self.assertEqual(self.rows("query", "--select", "test_name", "-q", as_nobody=True),
                         [{"test_name": "kept"}])

    def test_the_root_is_found_by_variable_target_directory_and_upward(self):
        target = self.temporary / "project" / "target"
        (target / "ktstr" / "run").mkdir(parents=True)
        inner = self.temporary / "project" / "crate" / "src"
        inner.mkdir(parents=True)
        by_walk = self.json("paths", cwd=inner)["runs_root"]
        self.assertEqual(by_walk["path"], str(target / "ktstr"))
        by_target = self.json("paths", env={"CARGO_TARGET_DIR": str(target)})["runs_root"]
        self.assertEqual(by_target, {"path": str(target / "ktstr"), "from": "CARGO_TARGET_DIR"})
        by_variable = self.json("paths", env={"KTSTR_RUNS_ROOT": str(self.root)})["runs_root"]
        self.assertEqual(by_variable, {"path": str(self.root), "from": "KTSTR_RUNS_ROOT"})

    def test_without_a_root_the_places_tried_are_listed(self):
        done = self.run_command("query", status=3)
        self.assertIn(str(self.temporary / "target/ktstr").encode(), done.stderr)
        self.assertIn(b"--root", done.stderr)

    def test_a_catalog_elsewhere_serves_its_own_root_only(self):
        catalog = self.temporary / "elsewhere.sqlite3"
        other = self.temporary / "other"
        other.mkdir()
        self.run_command("refresh", "--root", self.root, "--catalog", catalog)
        self.run_command("refresh", "--root", other, "--catalog", catalog, status=2)
        self.assertFalse((self.root / ".ktstr-index").exists())


class Usage(Scenario):
    def test_mistakes_are_status_2_with_a_suggestion(self):
        done = self.run_command("qurey", status=2)
        self.assertIn(b"query", done.stderr)
        self.run_command("query", "--verdict", "passed", "--root", self.root, status=2)
        self.run_command("query", "--format", "xml", "--root", self.root, status=2)
        self.run_command("query", "--metric", "worst_sprea", "--root", self.root, status=2)

    def test_help_and_version_go_to_stdout(self):
        self.assertIn(b"query", self.run_command("help").stdout)
        self.assertIn(b"--group-by", self.run_command("help", "query").stdout)
        self.assertRegex(self.run_command("--version").stdout, rb"\d+\.\d+\.\d+")


class Info(Scenario):
    def info(self):
        return self.json("info", "--root", self.root)

    def test_an_empty_catalog_has_no_times(self):
        document = self.info()
        self.assertIsNone(document["last_refresh_ns"])
        self.assertIsNone(document["oldest_unsettled_ns"])
        self.assertEqual(document["status"],
                         {"corrupt": 0, "drift": 0, "ok": 0, "unreadable": 0})

    def test_a_fresh_file_is_unsettled_since_its_change(self):
        path = self.put("run/a.ktstr.json", "{")
        self.run_command("refresh", "--root", self.root)
        document = self.info()
        self.assertGreater(document["unsettled"], 0)
        self.assertLessEqual(document["oldest_unsettled_ns"], path.stat().st_ctime_ns)
        self.assertGreaterEqual(document["last_refresh_ns"], path.stat().st_ctime_ns)
        self.assertEqual(document["status"]["corrupt"], 1)


class Interrupted(Scenario):
    def test_a_signal_ends_it_with_what_was_read_stored(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(signal=number):
                shutil.rmtree(self.root)
                self.make_pool("--run-directories", "15", "--tests", "100", "--clean", "--no-jobs")
                self.interrupted(number)

    def test_a_signal_ends_the_wait_for_another_process_too(self):
        self.run_command("refresh", "--root", self.root)
        self.put("run/a.ktstr.json", "{}")
        with contextlib.closing(sqlite3.connect(self.root / ".ktstr-index/catalog.sqlite3",
                                                isolation_level=None)) as other:
            other.execute("begin immediate")
            with subprocess.Popen([COMMAND, "refresh", "--root", str(self.root)],
                                  stderr=subprocess.PIPE, env=self.environment()) as process:
                self.wait_until_open(process.pid, "catalog.sqlite3")
                process.send_signal(signal.SIGINT)
                said = process.stderr.read().decode()
            self.assertEqual(process.returncode, 130, said)
        self.assertIn("another process was writing", said)

    def wait_until_open(self, pid, name):
        """Until the process has a file of that name open, and a little longer."""
        for _ in range(1000):
            with contextlib.suppress(OSError):
                if any(os.readlink(link).endswith(name)
                       for link in Path(f"/proc/{pid}/fd").iterdir()):
                    break
            time.sleep(0.02)
        time.sleep(0.3)

    def interrupted(self, number):
        # It can't end before its lines are read: they don't fit into the pipe.
        process = subprocess.Popen([COMMAND, "refresh", "--why", "--root", str(self.root)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment())
        with process:
            process.stderr.read(1)
            process.send_signal(number)
            said = process.stderr.read().decode()
            self.assertEqual(process.stdout.read(), b"")
        self.assertEqual(process.returncode, 128 + number)
        self.assertRegex(said, r"stopped with \d+ of \d+ run directories left")
        stored = self.rows("query", "--count", "--check", "none")[0]["count"]
        self.assertLess(stored, 1500)
        again = self.json("refresh", "--root", self.root)
        self.assertEqual(again["files"]["added"], 1500 - stored)
        self.assertEqual(self.json("verify", "--root", self.root)["differences"], [])


if __name__ == "__main__":
    unittest.main()
