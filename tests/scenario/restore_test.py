# SPDX-License-Identifier: MIT
"""Files come back from the archive as they were, and nothing else is touched."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import unittest

from archive_scenario import ArchiveScenario, digests, example
from support import COMMAND

HASH = "0123456789abcdef"
SIDECAR = f"alpha-{HASH}.ktstr.json"
DUMP = f"alpha-{HASH}.failure-dump.json"


class Restore(ArchiveScenario):
    def restore(self, *arguments, status=0):
        document = self.document("restore", *arguments, "--to", self.back, status=status)
        self.check_document(document, "restore")
        return document["rows"]

    def texts(self):
        """The restored files, the session's token aside."""
        return {path: (self.back / path).read_text() for path in digests(self.back)
                if not path.endswith(".ktstr_run_epoch")}


class RestoreOfAPool(Restore):
    def test_a_wiped_pool_comes_back_byte_for_byte_with_its_times(self):
        self.make_pool("--run-directories", 20, "--tests", 100)
        before = digests(self.root)
        self.refresh()
        shutil.rmtree(self.root)
        for run_dir in self.values("SELECT DISTINCT run_dir FROM observations"):
            self.restore(run_dir)
        after = digests(self.back)
        # The token's file is ours to write, and is made anew.
        wanted = {path: facts for path, facts in before.items() if path in after
                  and not path.endswith(".ktstr_run_epoch")}
        self.assertEqual({path: after[path] for path in wanted}, wanted)
        self.assertGreater(len(wanted), 1900)
        kept = set(self.values(
            "SELECT run_dir || '/' || CASE job WHEN '' THEN '' ELSE job || '/' END || file_name "
            "FROM observations WHERE kind NOT LIKE '%wprof'"))
        self.assertEqual(kept - set(after), set())
        for path, (digest, _) in before.items():
            if path.endswith(".ktstr_run_epoch") and path in after:
                self.assertEqual(after[path][0], digest, path)

    def test_the_last_session_comes_back_and_is_seen_as_one(self):
        self.make_pool("--run-directories", 3, "--tests", 5, "--clean", "--no-jobs")
        self.refresh()
        [wanted] = self.rows("query", "--session", "@last",
                             "--group-by", "session")
        shutil.rmtree(self.root)
        rows = self.restore("@last")
        self.assertEqual({row["status"] for row in rows}, {"restored"})
        [seen] = self.json("query", "--root", self.back, "--group-by", "session")["rows"]
        self.assertEqual(seen["session"], wanted["session"])


    def test_awkward_names_come_back(self):
        names = ["new\nline\ttab", "quo\"te's", "emoji 😀", "-dash", "back\\slash", "*star?",
                 "..dots"]
        for index, name in enumerate(names):
            self.put(f"run {name}/job {name}/{name}-{index:016x}.ktstr.json", example(name))
        before = digests(self.root)
        self.refresh()
        for name in names:
            self.restore(f"run {name}")
        after = digests(self.back)
        self.assertEqual(len(after), len(names))
        self.assertEqual(after, {path: before[path] for path in after})

    def test_the_beginning_of_a_token_names_a_session(self):
        self.put("run/.ktstr_run_epoch", "1783000000000000001")
        self.put("run/a.ktstr.json", example("alpha"))
        self.refresh()
        self.restore("178300000000")
        self.assertEqual(list(self.texts()), ["run/a.ktstr.json"])


class RestoreOfVersions(Restore):
    def setUp(self):
        super().setUp()
        self.versions = [example("alpha", project_commit=f"{number}00000{number}")
                         for number in range(3)]

    def see(self, number, mtime_s):
        """A version as the harness writes it, and a refresh."""
        self.put_at(f"run/{SIDECAR}", self.versions[number], mtime_s)
        self.refresh()

    def test_a_name_means_the_newest_version_and_an_id_the_version_itself(self):
        self.see(0, 1_700_000_000)
        [first] = self.values("SELECT id FROM sidecar")
        self.see(1, 1_700_000_100)
        self.restore("alpha")
        self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[1]})
        self.restore(first[:8], "--force")
        self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[0]})

    def test_a_time_means_the_version_that_stood_then(self):
        for number in range(3):
            self.see(number, 1_700_000_000 + 100 * number)
        self.restore("run/alpha", "--at", "1700000150")
        self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[1]})
        self.restore("run", "--at", "1700000050", "--force")
        self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[0]})
        failed = self.command("restore", "run", "--at", "1600000000", "--to", self.back, status=3)
        self.assertIn(b"nothing of 'run' stood", failed.stderr)

    def test_a_version_that_was_put_back_is_the_one_that_stands(self):
        for number, mtime_s in ((0, 1_700_000_000), (1, 1_700_000_100), (0, 1_700_000_200)):
            self.see(number, mtime_s)
        for what in ("alpha", "run"):
            self.restore(what)
            self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[0]})

    def test_a_result_of_another_session_leaves_the_token_and_says_so(self):
        for token in ("111", "222"):
            self.put("run/.ktstr_run_epoch", token)
            self.put(f"run/{token}.ktstr.json", example(f"of_{token}"))
            self.refresh()
        self.restore("of_111")
        [row] = [row for row in self.restore("of_222") if row["kind"] == "session"]
        self.assertEqual((row["status"], row["reason"]),
                         ("present", "names another session: left as it is"))
        self.assertEqual((self.back / "run/.ktstr_run_epoch").read_text(), "111")

    def test_a_cleared_directory_is_restored_as_it_was_last_not_with_what_was_cleared_before(self):
        self.put_at("run/old.ktstr.json", example("old"), 1_700_000_000)
        self.refresh()
        (self.root / "run/old.ktstr.json").unlink()
        self.put_at("run/new.ktstr.json", example("new"), 1_700_000_100)
        self.refresh()
        shutil.rmtree(self.root / "run")
        self.refresh()
        self.restore("run")
        self.assertEqual(list(self.texts()), ["run/new.ktstr.json"])

    def test_each_attempt_comes_back_with_its_own_dump(self):
        for number in range(2):
            written_s = 1_700_000_000 + 100 * number
            self.put_at(f"run/{DUMP}", f'{{"attempt": {number}}}', written_s)
            self.see(number, written_s + 1)
        ids = dict(zip(self.values("SELECT id FROM sidecar ORDER BY mtime_ns"), range(2)))
        for identifier, number in ids.items():
            self.restore(identifier, "--force")
            self.assertEqual(self.texts(), {f"run/{SIDECAR}": self.versions[number],
                                            f"run/{DUMP}": f'{{"attempt": {number}}}'})

    def test_a_dump_that_was_not_kept_is_named_with_the_reason(self):
        self.put_at(f"run/{DUMP}", "{}", 1_700_000_000)
        self.see(0, 1_700_000_001)
        self.change("UPDATE artifact SET id = NULL, not_kept = 'larger than 64 MiB'")
        rows = self.restore("alpha", status=3)
        self.assertEqual({row["path"]: row["reason"] for row in rows if row["status"] == "missing"},
                         {f"run/{DUMP}": "not kept: larger than 64 MiB"})
        self.assertEqual(list(self.texts()), [f"run/{SIDECAR}"])

    def test_a_promise_of_a_huge_document_is_not_believed(self):
        self.see(0, 1_700_000_000)
        self.change(f"UPDATE document SET plain_bytes = {1 << 45}")
        [row] = self.restore("alpha", status=3)
        self.assertEqual((row["status"], row["reason"]), ("missing", "it is larger than 1 GiB"))

    def test_dropped_bytes_and_damaged_ones_are_missing_and_the_rest_comes(self):
        self.see(0, 1_700_000_000)
        self.put("run/b.ktstr.json", example("beta"))
        self.put("run/c.ktstr.json", example("gamma"))
        self.refresh()
        self.change("UPDATE document_bytes SET bytes = zeroblob(length(bytes)) WHERE document_id = "
                    "(SELECT document_id FROM document JOIN sidecar USING(id) WHERE test_name = "
                    "'beta')")
        self.change("DELETE FROM document_bytes WHERE document_id = (SELECT document_id FROM "
                    "document JOIN sidecar USING(id) WHERE test_name = 'gamma')")
        rows = self.restore("run", status=3)
        self.assertEqual({row["path"]: row["status"] for row in rows if row["kind"] == "sidecar"},
                         {f"run/{SIDECAR}": "restored", "run/b.ktstr.json": "missing",
                          "run/c.ktstr.json": "missing"})
        self.assertEqual(list(self.texts()), [f"run/{SIDECAR}"])

    def test_unknown_and_ambiguous_names_are_usage(self):
        self.see(0, 1_700_000_000)
        self.put("other/a.ktstr.json", example("alpha"))
        self.refresh()
        failed = self.command("restore", "alpha", "--to", self.back, status=2)
        self.assertIn(b"names 2 results", failed.stderr)
        failed = self.command("restore", "alpa", "--to", self.back, status=2)
        self.assertIn(b"did you mean alpha?", failed.stderr)
        self.assertFalse(self.back.exists())


class RestoreOverFiles(Restore):
    def setUp(self):
        super().setUp()
        self.put(f"run/{SIDECAR}", example("alpha"))
        self.put("run/b.ktstr.json", example("beta"))
        self.refresh()

    def test_one_other_file_in_the_way_stops_all_of_it(self):
        (self.back / "run").mkdir(parents=True)
        (self.back / "run/b.ktstr.json").write_text("mine")
        failed = self.command("restore", "run", "--to", self.back, status=3)
        self.assertIn(b"run/b.ktstr.json", failed.stderr)
        self.assertEqual(self.texts(), {"run/b.ktstr.json": "mine"})
        self.restore("run", "--force")
        self.assertEqual(self.texts()["run/b.ktstr.json"], example("beta"))

    def test_the_same_again_changes_nothing(self):
        self.restore("run")
        before = digests(self.back)
        rows = self.restore("run")
        self.assertEqual({row["status"] for row in rows}, {"present"})
        self.assertEqual(digests(self.back), before)

    def test_links_are_not_followed(self):
        outside = self.temporary / "outside"
        outside.mkdir()
        self.back.mkdir()
        (self.back / "run").symlink_to(outside)
        self.command("restore", "run", "--to", self.back, "--force", status=3)
        self.assertEqual(list(outside.iterdir()), [])
        (self.back / "run").unlink()
        (self.back / "run").mkdir()
        (outside / "target").write_text("untouched")
        (self.back / "run/b.ktstr.json").symlink_to(outside / "target")
        self.command("restore", "run", "--to", self.back, status=3)
        self.restore("run", "--force")
        self.assertEqual((outside / "target").read_text(), "untouched")
        self.assertFalse((self.back / "run/b.ktstr.json").is_symlink())

    def test_names_of_a_foreign_archive_cannot_leave_the_directory(self):
        outside = digests(self.temporary)
        for name in ("../evil.ktstr.json", "/tmp/evil.ktstr.json", "", "..", ".bashrc",
                     "a/b.ktstr.json"):
            with self.sql() as archive:
                archive.execute("UPDATE sidecar SET file_name = ? WHERE test_name = 'beta'",
                                (name,))
            rows = self.restore("run", "--force", status=3)
            [refused] = [row for row in rows if row["status"] == "missing"]
            self.assertIn("refused", refused["reason"])
            self.assertEqual(list(self.texts()), [f"run/{SIDECAR}"])
        with self.sql() as archive:
            archive.execute("UPDATE sidecar SET file_name = CAST(x'61002e6b737472' AS TEXT) || "
                            "'.json' WHERE test_name = 'beta'")
        self.restore("run", "--force", status=3)
        for run_dir in ("..", "../evil", "/tmp/evil"):
            with self.sql() as archive:
                archive.execute("UPDATE directory SET run_dir = ?", (run_dir,))
            [first] = self.values("SELECT id FROM sidecar WHERE test_name = 'alpha'")
            self.restore(first, status=3)
        self.assertEqual(list(self.texts()), [f"run/{SIDECAR}"])
        untouched = {path: facts for path, facts in digests(self.temporary).items()
                     if not path.startswith(("back/", "archive.", "home/"))}
        self.assertEqual(untouched, {path: facts for path, facts in outside.items()
                                     if not path.startswith(("archive.", "home/"))})

    def test_files_have_the_usual_mode_less_the_umask(self):
        before = os.umask(0o027)
        try:
            self.restore("run")
        finally:
            os.umask(before)
        path = self.back / "run" / SIDECAR
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        self.assertEqual([name for name in os.listdir(self.back / "run")
                          if name.startswith(".restoring")], [])

    def test_a_reading_command_makes_no_archive(self):
        self.archive = self.temporary / "none.sqlite3"
        self.command("restore", "run", "--to", self.back, status=3)
        self.assertFalse(self.archive.exists())
        self.assertFalse(self.back.exists())

    def test_without_rights_it_says_so(self):
        self.back.mkdir(mode=0o555)
        self.archive.chmod(0o644)
        for ending in ("-wal", "-shm"):
            path = self.archive.with_name(self.archive.name + ending)
            if path.exists():
                path.chmod(0o666)
        self.temporary.chmod(0o777)
        failed = self.command("restore", "run", "--to", self.back, status=3, as_nobody=True)
        self.assertIn(b"Permission denied", failed.stderr)


class Snapshot(ArchiveScenario):
    def setUp(self):
        super().setUp()
        self.put(f"run/{SIDECAR}", example("alpha"))
        self.refresh()
        self.file = self.temporary / "copy.sqlite3"

    def read(self, statement):
        with sqlite3.connect(f"file:{self.file}?mode=ro&immutable=1", uri=True) as copy:
            return copy.execute(statement).fetchall()

    def test_the_catalog_and_the_archive_are_one_plain_file_each(self):
        self.put("run/b.ktstr.json", example("beta"))
        for over, tests in (("now", 2), ("past", 1)):
            document = self.document("snapshot", self.file, "--over", over, "--force")
            self.check_document(document, "snapshot")
            self.assertEqual(document["size_bytes"], self.file.stat().st_size)
            self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
            self.assertEqual(self.read("SELECT count(*) FROM results"), [(tests,)])
            self.assertEqual(self.read("PRAGMA journal_mode"), [("delete",)])
            self.assertEqual(self.read("PRAGMA integrity_check"), [("ok",)])
        beside = [path.name for path in self.temporary.glob("copy.sqlite3*")]
        self.assertEqual(beside, ["copy.sqlite3"])

    def test_a_file_that_is_there_stays(self):
        self.file.write_text("mine")
        self.command("snapshot", self.file, status=3)
        self.assertEqual(self.file.read_text(), "mine")
        self.command("snapshot", self.archive, "--over", "past", "--force", status=2)

    def test_a_log_that_somebody_left_is_not_taken_for_the_copys(self):
        self.file.with_name("copy.sqlite3-wal").write_text("old")
        self.command("snapshot", self.file, "--force", status=2)
        self.assertFalse(self.file.exists())

    def test_a_full_disk_leaves_nothing_behind(self):
        done = subprocess.run(
            [COMMAND, "snapshot", self.file, "--over", "past"], env=self.environment(),
            capture_output=True, check=False, timeout=60, cwd=self.temporary,
            restore_signals=False,  # SIGXFSZ stays ignored
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(list(self.temporary.glob("copy.sqlite3*")), [])


if __name__ == "__main__":
    unittest.main()
