# SPDX-License-Identifier: MIT
"""Nothing that was seen is lost: each way in which the harness loses results, tried."""

import os
import shutil
import sqlite3
import stat
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from keeping_scenario import KeepingScenario
from support import COMMAND, NOBODY

DUMP = b'{"dump": "of a failure"}'


class LossCases(KeepingScenario):
    """The numbers are those of the specification's table of collisions and losses."""

    def test_1_a_rerun_at_the_same_kernel_and_commit_keeps_the_run_before(self):
        old = [self.write(test_name=f"t{i}").read_bytes() for i in range(5)]
        self.write(session="two", test_name="t0", vcpus=2)
        self.assertEqual(len(self.sidecars()), 1)
        self.assert_kept(*old)

    def test_2_a_retry_keeps_the_attempts_before(self):
        attempts = [self.write(periodic_fired=i).read_bytes() for i in range(6)]
        self.assertEqual(len(self.sidecars()), 1)
        self.assert_kept(*attempts[:-1])
        self.refresh()
        self.assert_kept(*attempts)
        sessions = self.kept("SELECT DISTINCT session FROM observations")
        self.assertEqual(sessions, [("one",)])

    def test_3_processes_without_a_token_keep_what_they_delete_of_each_other(self):
        written = []
        for i in range(4):
            done = self.harness("write", "--clear", record={**self.record, "test_name": f"t{i}"},
                                session=None)
            written.append((self.root / done.stdout.decode().strip()).read_bytes())
        self.assertEqual(len(self.sidecars()), 1)
        self.assert_kept(*written[:-1])

    def test_4_two_sessions_at_once_keep_each_others_results(self):
        written = []
        for i in range(6):
            session = "left" if i % 2 else "right"
            written.append(self.write(session=session, test_name=f"t{i}").read_bytes())
        self.refresh()
        self.assert_kept(*written)

    def test_5_6_7_10_11_12_results_that_share_a_name_are_all_kept(self):
        # No commit, no kernel, another edit, build, host or binary: the name is the same.
        written = [self.write(env={"KTSTR_PROJECT_COMMIT": "abc1234-dirty"}, cpu_budget=i)
                   .read_bytes() for i in range(1, 5)]
        self.refresh()
        self.assert_kept(*written)

    def test_8_9_what_another_program_replaces_was_kept_by_the_refresh_before(self):
        old = self.put_record("6.14-abc1234/a-0123456789abcdef.ktstr.json", vcpus=2)
        self.refresh()
        new = self.put_record("6.14-abc1234/a-0123456789abcdef.ktstr.json", vcpus=4)
        self.refresh()
        self.assert_kept(old, new)
        self.assertEqual(self.kept("SELECT ending FROM observations ORDER BY first_seen_ns"),
                         [("superseded",), (None,)])

    def test_13_a_run_directory_that_is_moved_aside_is_seen_at_both_places(self):
        content = self.put_record("6.14-abc1234/a.ktstr.json")
        self.refresh()
        (self.root / "6.14-abc1234").rename(self.root / "6.14-abc1234-kept")
        self.refresh()
        self.assert_kept(content)
        self.assertEqual(self.kept("SELECT run_dir, ending FROM observations ORDER BY 1"),
                         [("6.14-abc1234", "vanished"), ("6.14-abc1234-kept", None)])
        self.assertEqual(self.kept("SELECT count(*) FROM documents"), [(1,)])

    def test_14_dumps_and_those_of_attempts_are_kept_with_their_results(self):
        name = "6.14-abc1234/a-0123456789abcdef"
        self.put_record(name + ".ktstr.json")
        for i, suffix in enumerate(("", ".repro", ".attempt-2", ".repro.attempt-3")):
            self.put(name + suffix + ".failure-dump.json", DUMP + b" " * i)
        self.refresh()
        shutil.rmtree(self.root / "6.14-abc1234")
        self.refresh()
        rows = self.kept("SELECT test_name, file_hash, ending FROM artifact")
        self.assertEqual(rows, [("a", "0123456789abcdef", "vanished")] * 4)
        self.assertEqual(len(self.kept_ids()), 5)

    def test_14_equal_dumps_of_two_sessions_are_two(self):
        for session in ("one", "two"):
            shutil.rmtree(self.root / "6.14-abc1234", ignore_errors=True)
            self.put("6.14-abc1234/.ktstr_run_epoch", session)
            self.put_record("6.14-abc1234/a-0123456789abcdef.ktstr.json", vcpus=len(session),
                            run_id=session)
            self.put("6.14-abc1234/a-0123456789abcdef.failure-dump.json", DUMP)
            self.refresh()
        self.assertEqual(self.kept("SELECT session, ending FROM artifact ORDER BY 1"),
                         [("one", "superseded"), ("two", None)])

    def test_bytes_that_come_back_end_what_stood_meanwhile(self):
        for vcpus in (1, 2, 1):
            self.put_record("6.14-abc1234/a.ktstr.json", vcpus=vcpus)
            self.refresh()
        self.assertEqual(self.kept("SELECT ending FROM sidecar ORDER BY first_seen_ns"),
                         [(None,), ("superseded",)])

    def test_11_the_same_bytes_in_another_root_are_kept_as_seen_there(self):
        content = self.write().read_bytes()
        self.refresh()
        first = self.root
        self.root = self.temporary / "other"
        shutil.copytree(first / "unknown-abc1234", self.root / "unknown-abc1234")
        self.write(vcpus=3)
        rows = self.kept("SELECT root, ending FROM observations WHERE kind = 'sidecar' ORDER BY 1")
        self.assertEqual(rows, [(str(first), None), (str(self.root), "superseded")])
        self.assert_kept(content)

    def test_15_a_sidecar_directory_that_is_used_again_keeps_what_it_held(self):
        elsewhere = self.root / "6.14-abc1234"
        env = {"KTSTR_SIDECAR_DIR": str(elsewhere)}
        written = [self.write(env=env, periodic_fired=i).read_bytes() for i in range(3)]
        self.refresh()
        self.assert_kept(*written)

    def test_16_17_files_that_the_harness_can_no_longer_read_are_kept(self):
        drifted = b'{"test_name": "a", "source": "ci"}'
        broken = b'{"test_name": '
        self.put("6.14-abc1234/a.ktstr.json", drifted)
        self.put("6.14-abc1234/b.ktstr.json", broken)
        self.refresh()
        shutil.rmtree(self.root / "6.14-abc1234")
        self.refresh()
        self.assertEqual(len(self.kept_ids()), 2)
        self.assert_kept(drifted)

    def test_a_finalized_verdict_keeps_the_one_before(self):
        path = self.write(passed=True)
        before = path.read_bytes()
        self.harness("finalize", path, "--verdict", "fail")
        self.assertNotEqual(path.read_bytes(), before)
        self.assert_kept(before)

    def test_a_wiped_target_directory_loses_nothing(self):
        self.make_pool("--run-directories", 3, "--tests", 8, "--clean")
        self.refresh()
        contents = {path.read_bytes() for path in self.root.rglob("*.ktstr.json")}
        shutil.rmtree(self.root)
        self.root.mkdir()
        self.assertLessEqual(contents, self.kept_bytes())


class Politeness(KeepingScenario):
    def environment(self, **changes):
        values = super().environment()
        del values["KTSTR_INDEX_ARCHIVE"]
        values.update(changes)
        return values

    @property
    def default_archive(self):
        return self.home / ".local/share/ktstr-index/archive.sqlite3"

    def test_it_is_made_by_a_refresh_and_announced_once(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        said = self.refresh().stderr.decode()
        self.assertIn(str(self.default_archive), said)
        self.assertIn("2 GiB", said)
        self.assertIn("KTSTR_INDEX_ARCHIVE=off", said)
        self.put_record("6.14-abc1234/b.ktstr.json")
        self.assertEqual(self.refresh().stderr, b"")

    def test_only_its_owner_can_read_it(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        self.refresh()
        mode = stat.S_IMODE(self.default_archive.parent.stat().st_mode)
        self.assertEqual(oct(mode), oct(0o700))
        for path in self.default_archive.parent.iterdir():
            self.assertEqual(oct(stat.S_IMODE(path.stat().st_mode)), oct(0o600), path)

    def test_a_reading_command_makes_none(self):
        self.put_record("6.14-abc1234/a-0123456789abcdef.ktstr.json")
        for command in (["query"], ["sql", "select 1"], ["list"], ["last-run"], ["list-values"],
                        ["show", "wakes_up"], ["info"], ["footer"], ["verify"],
                        ["query", "--over", "all"], ["list", "--over", "past"]):
            self.run_command(*command, "--root", self.root)
        self.assertFalse((self.home / ".local").exists())

    def test_ci_has_none_unless_it_is_named(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        for variable in ("CI", "KTSTR_CI"):
            self.refresh(env={variable: "1"})
        self.assertFalse((self.home / ".local").exists())
        self.refresh("--archive", self.archive, env={"CI": "1"})
        self.assertEqual(len(self.kept_ids()), 1)

    def test_it_can_be_turned_off(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        self.refresh("--archive", "off")
        self.refresh(env={"KTSTR_INDEX_ARCHIVE": "off"})
        self.write(env={"KTSTR_INDEX_ARCHIVE": "off"}, vcpus=1)
        self.write(env={"KTSTR_INDEX_ARCHIVE": "off"}, vcpus=2)
        self.assertFalse((self.home / ".local").exists())

    def test_synthetic_records_stay_out_unless_it_was_named(self):
        self.make_pool("--run-directories", 2, "--tests", 6)
        said = self.refresh().stderr.decode()
        self.assertIn("sample generator", said)
        self.assertFalse((self.home / ".local").exists())
        self.refresh("--archive", self.archive)
        self.assertGreater(len(self.kept_ids()), 6)

    def test_a_pool_that_is_only_looked_at_is_never_kept(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        self.run_command("list-values", "--dir", self.root)
        self.assertFalse((self.home / ".local").exists())

    def test_a_first_write_opens_no_archive(self):
        self.write()
        self.assertFalse((self.home / ".local").exists())

    def test_a_text_that_was_named_by_mistake_stays_as_it_is(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        notes = self.temporary / "notes.txt"
        notes.write_text("mine, and not a database\n")
        self.refresh("--archive", notes)
        self.assertEqual(notes.read_text(), "mine, and not a database\n")
        self.assertEqual([path.name for path in self.temporary.glob("notes*")], ["notes.txt"])

    @unittest.skipIf(os.geteuid() != 0, "only root can let a test be somebody else")
    def test_one_that_cannot_be_written_stops_no_refresh(self):
        self.put_record("6.14-abc1234/a.ktstr.json")
        for path in (self.root, self.root / "6.14-abc1234"):
            os.chown(path, NOBODY, NOBODY)
        locked = self.temporary / "locked"
        locked.mkdir(mode=0o755)
        done = self.refresh("--archive", locked / "a.sqlite3", as_nobody=True)
        self.assertIn("archive", done.stderr.decode())
        self.assertEqual(len(self.rows("query")), 1)


class Sharing(KeepingScenario):
    def test_two_roots_and_many_processes_share_one_archive(self):
        roots = [self.temporary / f"root-{i}" for i in range(2)]
        for i, root in enumerate(roots):
            self.root = root
            for j in range(40):
                self.put_record(f"6.14-abc1234/t{j}.ktstr.json", vcpus=100 * i + j + 1)

        def refresh(root):
            return subprocess.run([COMMAND, "refresh", "--root", str(root)], capture_output=True,
                                  timeout=120, env=self.environment(), check=False)

        with ThreadPoolExecutor(6) as pool:
            for done in pool.map(refresh, roots * 3):
                self.assertEqual(done.returncode, 0, done.stderr.decode())
        for root in roots:
            self.assertEqual(refresh(root).stderr, b"")
        self.assertEqual(self.kept("SELECT root, count(*), sum(is_kept) FROM observations "
                                   "GROUP BY root ORDER BY root"),
                         [(str(root), 40, 40) for root in roots])
        self.assert_sound()

    def test_what_a_query_has_read_first_is_kept_by_the_next_refresh(self):
        content = self.put_record("6.14-abc1234/a.ktstr.json")
        self.rows("query")
        self.assertEqual(self.kept_ids(), [])
        self.refresh()
        self.assert_kept(content)

    def test_labels_go_to_results_that_are_new(self):
        self.put_record("6.14-abc1234/a.ktstr.json", vcpus=1)
        self.refresh()
        self.put_record("6.14-abc1234/b.ktstr.json", vcpus=2)
        self.refresh("--label", "pr=77", "--label", "host=lab-3")
        rows = self.kept("SELECT file_name, labels FROM observations ORDER BY 1")
        self.assertEqual(rows, [("a.ktstr.json", "{}"),
                                ("b.ktstr.json", '{"host":"lab-3","pr":"77"}')])

    def test_a_damaged_archive_is_put_aside_and_what_can_be_read_is_carried_over(self):
        self.make_pool("--run-directories", 4, "--tests", 20, "--clean")
        self.refresh()
        before = len(self.kept_ids())
        shutil.rmtree(self.root)
        self.root.mkdir()
        self.put_record("6.14-abc1234/a.ktstr.json")
        with closing(sqlite3.connect(self.archive)) as database, database:
            database.execute("UPDATE setting SET value = 0 WHERE key = 'last_integrity_check_ns'")
        size = self.archive.stat().st_size
        with self.archive.open("r+b") as file:
            file.seek(size // 2 // 8192 * 8192)
            file.write(b"\xff" * 8192)
        said = self.refresh().stderr.decode()
        self.assertIn("was damaged", said)
        self.assertEqual(len(list(self.archive.parent.glob("*.aside-*[0-9]"))), 1)
        self.assertGreater(len(self.kept_ids()), before // 2)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main()
