# SPDX-License-Identifier: MIT
"""What leaves the archive, by a policy or for good, and what stays."""

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from archive_scenario import ArchiveScenario, digests, example
from support import COMMAND

HASH = "0123456789abcdef"
DAY_NS = 24 * 3600 * 10**9


class Gc(ArchiveScenario):
    def gc(self, *arguments, status=0):
        document = self.document("gc", *arguments, status=status)
        self.check_document(document, "gc")
        return document

    def see_versions(self, count, test="alpha"):
        """So many versions of one result, each with a dump of its own."""
        for number in range(count):
            written_s = 1_700_000_000 + 100 * number
            self.put_at(f"run/{test}-{HASH}.failure-dump.json", f'["{test}", {number}]', written_s)
            self.put_at(f"run/{test}-{HASH}.ktstr.json",
                        example(test, project_commit=f"{number:07}"), written_s + 1)
            self.refresh()

    def kept_versions(self):
        """(version, has its bytes) of results and of dumps, the oldest first."""
        with self.sql() as archive:
            return {kind: [row[0] for row in archive.execute(
                "SELECT is_kept FROM observations WHERE kind = ? ORDER BY mtime_ns", (kind,))]
                    for kind in ("sidecar", "failure-dump")}

    def file_size(self):
        return self.archive.stat().st_size


class GcByPolicy(Gc):
    def test_without_a_criterion_it_is_usage(self):
        self.see_versions(1)
        self.command("gc", status=2)
        self.command("gc", "--apply", status=2)
        self.command("gc", "--keep-days", "soon", status=2)
        self.command("gc", "--max-size", "much", status=2)

    def test_it_only_says_what_would_go_until_told_to(self):
        self.see_versions(3)
        document = self.gc("--keep-last", "1")
        self.assertEqual((document["applied"], document["results"], document["dumps"]),
                         (False, 2, 2))
        self.assertEqual(self.kept_versions()["sidecar"], [1, 1, 1])

    def test_the_newest_are_kept_and_dumps_go_with_their_results(self):
        self.see_versions(4)
        document = self.gc("--keep-last", "2", "--apply")
        self.assertEqual((document["applied"], document["results"], document["dumps"],
                          document["rows"]), (True, 2, 2, 0))
        self.assertEqual(self.kept_versions(),
                         {"sidecar": [0, 0, 1, 1], "failure-dump": [0, 0, 1, 1]})
        self.assertEqual(self.values("SELECT count(*) FROM results"), [4])

    def test_what_was_seen_lately_is_kept(self):
        self.see_versions(3)
        self.change(f"UPDATE sidecar SET last_seen_ns = last_seen_ns - {40 * DAY_NS}, "
                    f"first_seen_ns = first_seen_ns - {40 * DAY_NS} "
                    "WHERE mtime_ns = (SELECT min(mtime_ns) FROM sidecar)")
        document = self.gc("--keep-days", "30", "--apply")
        self.assertEqual((document["results"], document["dumps"]), (1, 0))
        self.assertEqual(document["oldest_day"], document["newest_day"])
        self.assertEqual(self.kept_versions()["sidecar"], [0, 1, 1])

    def test_a_size_drops_the_oldest_first_until_the_rest_fits(self):
        self.see_versions(5)
        total = self.values("SELECT sum(stored_bytes) FROM documents")[0]
        document = self.gc("--max-size", str(total // 2), "--apply")
        self.assertLessEqual(self.values("SELECT sum(stored_bytes) FROM documents")[0], total // 2)
        self.assertEqual(document["kept_bytes"],
                         self.values("SELECT sum(stored_bytes) FROM documents")[0])
        kept = self.kept_versions()["sidecar"]
        self.assertEqual(kept, sorted(kept))
        self.assertEqual((kept[0], kept[-1]), (0, 1))

    def test_pinned_results_stay_with_their_dumps(self):
        self.see_versions(3)
        first = self.values("SELECT project_commit FROM sidecar ORDER BY mtime_ns")[0]
        self.command("gc", "--pin", f"query=project_commit='{first}'")
        self.assertEqual(self.document("gc", "--pins")["rows"],
                         [{"kind": "query", "value": f"project_commit='{first}'", "results": 1}])
        document = self.gc("--max-size", "0", "--apply")
        self.assertGreater(document["pinned_bytes"], 0)
        self.assertEqual(self.kept_versions(),
                         {"sidecar": [1, 0, 0], "failure-dump": [1, 0, 0]})
        self.command("gc", "--unpin", f"query=project_commit='{first}'")
        self.gc("--max-size", "0", "--apply")
        self.assertEqual(self.kept_versions()["sidecar"], [0, 0, 0])

    def test_a_session_can_be_pinned(self):
        for token in ("111", "222"):
            self.put("run/.ktstr_run_epoch", token)
            self.put(f"run/alpha-{HASH}.ktstr.json", example("alpha", run_id=token))
            self.refresh()
        self.command("gc", "--pin", "session=111")
        self.gc("--max-size", "0", "--apply")
        self.assertEqual(self.values("SELECT s.session FROM sidecar s JOIN document USING(id) "
                                     "WHERE stored_bytes > 0"), ["111"])

    def test_pins_that_mean_nothing_are_refused(self):
        self.see_versions(1)
        for pin in ("session=nobody", "query=nothing = 1", "query=1) OR (1", "result=x",
                    "query=id IN (SELECT id FROM sidecar)"):
            self.command("gc", "--pin", pin, status=2)
        self.command("gc", "--unpin", "session=111", status=2)
        self.assertEqual(self.document("gc", "--pins")["rows"], [])

    def test_rows_go_only_on_request_and_with_all_that_hangs_on_them(self):
        self.see_versions(3)
        self.gc("--keep-last", "1", "--apply")
        document = self.gc("--keep-last", "1", "--rows", "--apply")
        self.assertEqual((document["results"], document["rows"]), (0, 4))
        self.assertEqual(self.kept_versions(), {"sidecar": [1], "failure-dump": [1]})
        self.assertEqual(self.values("SELECT count(*) FROM document"), [2])
        for table in ("series", "callback", "payload_metric", "kvm_series", "verifier_program"):
            self.assertEqual(self.values(f"SELECT count(*) FROM {table} WHERE sidecar_id NOT IN "
                                         "(SELECT sidecar_id FROM sidecar)"), [0])

    def test_the_file_gets_smaller(self):
        self.make_pool("--run-directories", 10, "--tests", 40)
        self.refresh()
        before = self.file_size()
        stored = self.values("SELECT sum(stored_bytes) FROM documents")[0]
        document = self.gc("--max-size", "0", "--apply")
        self.assertLess(self.file_size(), before - stored * 0.8)
        self.assertEqual(self.values("PRAGMA freelist_count"), [0])
        self.assertGreater(document["freed_bytes"], stored * 0.8)
        self.assertEqual(self.values("PRAGMA integrity_check"), ["ok"])

    def test_dropped_bytes_that_are_seen_again_are_kept_again(self):
        self.see_versions(1)
        self.gc("--max-size", "0", "--apply")
        self.put("other/alpha.ktstr.json", example("alpha", project_commit=f"{0:07}"))
        self.refresh()
        self.assertEqual(self.kept_versions()["sidecar"], [1, 1])

    def test_somebody_else_can_write_meanwhile(self):
        self.make_pool("--run-directories", 5, "--tests", 40)
        self.refresh()
        self.put("late/a.ktstr.json", example("late"))
        collector = subprocess.Popen(
            [COMMAND, "gc", "--max-size", "0", "--rows", "--apply", "--root", self.root],
            env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.refresh()
        _, said = collector.communicate(timeout=60)
        self.assertEqual(collector.returncode, 0, said)
        self.assertEqual(self.values("SELECT count(*) FROM results WHERE test_name = 'late'"), [1])

    def test_there_has_to_be_an_archive(self):
        for arguments in (["gc", "--keep-last", "1"], ["gc", "--keep-last", "1", "--apply"],
                          ["gc", "--pins"], ["purge", "--where", "1", "--apply"],
                          ["snapshot", "x", "--over", "past"]):
            self.command(*arguments, status=3)
        self.assertFalse(self.archive.exists())


class GcKilled(Gc):
    def test_a_kill_at_any_moment_leaves_a_whole_archive(self):
        self.make_pool("--run-directories", 10, "--tests", 100)
        before = digests(self.root)
        self.refresh()
        whole = self.temporary / "whole.sqlite3"
        shutil.copy(self.archive, whole)
        chance = random.Random(6)
        killed = 0
        took_s = {}
        for round_number in range(16):
            options = ("--rows",) if round_number % 2 else ()
            for ending in ("-wal", "-shm"):
                self.archive.with_name(self.archive.name + ending).unlink(missing_ok=True)
            shutil.copy(whole, self.archive)
            begin = time.monotonic()
            collector = subprocess.Popen(
                [COMMAND, "gc", "--max-size", "50K", "--apply", *options, "--root", self.root],
                env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if options in took_s:  # the first of a kind only says how long it takes
                time.sleep(chance.uniform(0, took_s[options]))
                collector.send_signal(signal.SIGKILL)
            killed += collector.wait(timeout=60) == -signal.SIGKILL
            took_s.setdefault(options, time.monotonic() - begin)
            self.check_rest(before)
        self.assertGreater(killed, 0)

    def check_rest(self, before):
        self.assertEqual(self.values("PRAGMA integrity_check"), ["ok"])
        self.assertEqual(self.values(
            "SELECT count(*) FROM document d LEFT JOIN document_bytes b USING(document_id) WHERE "
            "(d.stored_bytes > 0) <> (b.document_id IS NOT NULL)"), [0])
        kept = self.values("SELECT id FROM results JOIN documents USING(id) WHERE stored_bytes > 0 "
                           "AND job = '' ORDER BY id LIMIT 3")
        for identifier in kept:
            shutil.rmtree(self.back, ignore_errors=True)
            self.run_any("restore", identifier, "--to", self.back)
            for path, facts in digests(self.back).items():
                if not path.endswith(".ktstr_run_epoch"):
                    self.assertEqual(facts[0], before[path][0], path)

    def run_any(self, *arguments):
        """Dumps may be missing by now."""
        done = subprocess.run([COMMAND, *map(str, arguments), "--root", str(self.root)],
                              env=self.environment(), capture_output=True, timeout=60, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)


class Purge(ArchiveScenario):
    MARK = "very_secret_marker"

    def setUp(self):
        super().setUp()
        for number in range(30):
            self.put(f"run/plain{number}-{HASH}.ktstr.json", example(f"plain_{number}"))
        self.refresh()
        self.put("secret/.ktstr_run_epoch", f"{self.MARK}_session")
        for number in range(30):
            self.put(f"secret/{self.MARK}_{number}-{HASH}.ktstr.json",
                     example(f"{self.MARK}_{number}"))
            self.put(f"secret/{self.MARK}_{number}-{HASH}.failure-dump.json",
                     f'["{self.MARK}", {number}]')
        self.refresh("--label", f"note={self.MARK}")
        self.where = f"test_name LIKE '{self.MARK}%'"

    def purge(self, *arguments, status=0):
        document = self.document("purge", *arguments, status=status)
        self.check_document(document, "purge")
        return document

    def bytes_of_archive(self):
        return b"".join(path.read_bytes() for path in self.temporary.glob("archive.sqlite3*"))

    def test_it_only_says_what_would_go_until_told_to(self):
        document = self.purge("--where", self.where)
        self.assertEqual((document["applied"], document["results"], document["dumps"],
                          document["documents"]), (False, 30, 30, 60))
        self.assertEqual(self.values("SELECT count(*) FROM results"), [60])

    def test_nothing_of_it_is_left_in_any_file(self):
        self.assertIn(self.MARK.encode(), self.bytes_of_archive())
        frames = self.values("SELECT bytes FROM document_bytes JOIN document USING(document_id) "
                             "JOIN sidecar USING(id) WHERE test_name LIKE 'very%'")
        self.assertEqual(len(frames), 30)
        self.assertIn(frames[0][-64:], self.bytes_of_archive())
        document = self.purge("--where", self.where, "--apply")
        self.assertEqual((document["applied"], document["log_empty"]), (True, True))
        left = self.bytes_of_archive()
        self.assertNotIn(self.MARK.encode(), left)
        self.assertNotIn(b"secret", left)
        for frame in frames:
            self.assertNotIn(frame[-64:], left)
        self.assertEqual(self.values("SELECT count(*) FROM results"), [30])
        self.assertEqual(self.values("SELECT count(*) FROM document"), [30])
        self.assertEqual(self.values("SELECT count(*) FROM label"), [0])
        self.assertEqual(self.values("PRAGMA integrity_check"), ["ok"])

    def test_bytes_alone_can_go(self):
        frame = self.values("SELECT bytes FROM document_bytes JOIN document USING(document_id) "
                            "JOIN sidecar USING(id) WHERE test_name LIKE 'very%' LIMIT 1")[0]
        self.purge("--where", self.where, "--bytes-only", "--apply")
        self.assertEqual(self.values("SELECT count(*) FROM results"), [60])
        self.assertNotIn(frame[-64:], self.bytes_of_archive())
        self.assertEqual(self.values("SELECT count(*) FROM documents WHERE stored_bytes > 0"), [30])

    def test_bytes_that_another_result_has_too_stay(self):
        self.put("other/copy.ktstr.json", example(f"{self.MARK}_0"))
        self.refresh()
        document = self.purge("--where", "run_dir = 'secret'", "--apply")
        self.assertEqual((document["results"], document["documents"]), (30, 59))
        self.assertEqual(self.document("restore", "other", "--to", self.back)["rows"][0]["status"],
                         "restored")

    def test_a_reader_in_the_way_is_named(self):
        with contextlib.closing(sqlite3.connect(self.archive)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sidecar").fetchone()
            failed = self.command("purge", "--where", self.where, "--apply", status=3)
        self.assertIn(b"the log still holds what was removed", failed.stderr)
        self.assertIn(b"pid ", failed.stderr)
        self.purge("--where", self.where, "--apply")
        self.assertNotIn(self.MARK.encode(), self.bytes_of_archive())

    def test_another_projects_results_stay_unless_all_are_meant(self):
        self.change("INSERT INTO runs_root(path, origin, project) VALUES('/else', '', 'other')")
        self.change("UPDATE directory SET root_id = (SELECT root_id FROM runs_root WHERE path = "
                    "'/else') WHERE run_dir = 'secret'")
        self.assertEqual(self.purge("--where", self.where)["results"], 0)
        self.assertEqual(self.purge("--where", self.where, "--all-projects")["results"], 30)

    def test_a_bad_expression_is_usage(self):
        for where in ("nothing = 1", "1) OR (1", "", "DELETE FROM sidecar"):
            self.command("purge", "--where", where, "--apply", status=2)
        self.command("purge", "--apply", status=2)
        self.assertEqual(self.values("SELECT count(*) FROM results"), [60])


if __name__ == "__main__":
    unittest.main()
