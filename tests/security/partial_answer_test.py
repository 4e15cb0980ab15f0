# SPDX-License-Identifier: MIT
"""A gate is never green on part of what it was asked about, and a loss is said by whoever meets it."""

import json
import os
import shutil
import stat
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402

HASH = "0123456789abcdef"
GATE = ["--verdict", "fail", "--count", "--expect", "none"]


class Gates(ArchiveScenario):
    def setUp(self):
        super().setUp()
        for number in range(20):
            self.put_at(f"run/t{number}-{HASH}.ktstr.json", example(f"t{number}"),
                        1_700_000_000 + number)

    def gate(self, *arguments, status=3, **how):
        for quiet in ([], ["-q"]):
            self.run_command("query", *arguments, *GATE, *quiet, status=status, **how)

    def test_a_truncated_tar(self):
        whole = self.temporary / "whole.tar"
        with tarfile.open(whole, "w") as tar:
            tar.add(self.root, "ktstr")
        self.gate("--in", whole, status=0)
        for size in (3000, whole.stat().st_size // 2):
            part = self.temporary / f"part{size}.tar"
            part.write_bytes(whole.read_bytes()[:size])
            self.gate("--in", part)

    def test_a_tar_or_tree_of_nothing(self):
        zeros = self.temporary / "zeros"
        zeros.write_bytes(bytes(100_000))
        self.gate("--in", zeros)
        (self.temporary / "empty").mkdir()
        self.gate("--in", self.temporary / "empty")

    def test_a_tree_whose_run_directories_are_links(self):
        tree = self.temporary / "tree"
        tree.mkdir()
        (tree / "run").symlink_to(self.root / "run")
        self.gate("--in", tree)

    @unittest.skipUnless(os.geteuid() == 0, "needs a second user")
    def test_files_that_may_not_be_read(self):
        for path in (self.temporary, self.root):
            path.chmod(0o755)
        for path in (self.root / "run").iterdir():
            path.chmod(0)
        self.gate("--root", self.root, as_nobody=True)

    def test_the_past_without_an_archive(self):
        self.refresh()
        for over in ("past", "all"):
            self.gate("--over", over, "--root", self.root, "--archive", self.archive, status=0)
            for archive in (self.temporary / "none", "off"):
                self.gate("--over", over, "--root", self.root, "--archive", archive)

    def test_a_session_whose_archive_cannot_be_read(self):
        self.refresh("--label", "a=b")
        content = self.archive.read_bytes()
        self.archive.write_bytes(bytes(100) + content[100:])
        session = self.sessions()
        self.gate("--session", session, "--root", self.root, "--archive", self.archive)

    def sessions(self):
        done = self.json("sql", "SELECT session FROM sessions", "--root", self.root)
        return done["rows"][0]["session"] if isinstance(done, dict) else done[0]["session"]


class Judged(ArchiveScenario):
    """What a gate says where nothing was found, by what there was to judge."""

    def setUp(self):
        super().setUp()
        for number in range(3):
            self.put_at(f"run/t{number}-{HASH}.ktstr.json", example(f"t{number}"),
                        1_700_000_000 + number)

    def gate(self, *arguments, status=3, **how):
        done = self.run_command("query", *arguments, "--expect", "none", "--root", self.root,
                                status=status, **how)
        return done.stderr.decode()

    def corrupt(self, name="run/broken", seconds=1_700_000_100):
        self.put_at(f"{name}-{HASH}.ktstr.json", "{", seconds)

    def test_an_empty_root_has_nothing_to_judge(self):
        shutil.rmtree(self.root)
        self.root.mkdir()
        for options in ([], ["--verdict", "fail"], ["--allow-partial"]):
            self.assertIn("nothing to judge", self.gate(*options))
            self.assertIn("nothing to judge", self.gate("1=0", *options))

    def test_only_corrupt_files_are_nothing_to_judge(self):
        shutil.rmtree(self.root / "run")
        self.corrupt()
        self.assertIn("nothing to judge", self.gate("--verdict", "fail"))

    def test_a_corrupt_file_may_be_the_failure_unless_somebody_says_otherwise(self):
        self.gate("--verdict", "fail", status=0)
        self.corrupt()
        said = self.gate("--verdict", "fail")
        self.assertIn("1 corrupt", said)
        self.assertIn("--allow-partial", said)
        self.gate("--verdict", "fail", "--allow-partial", status=0)
        self.gate("--verdict", "pass", status=1)

    def test_a_corrupt_file_elsewhere_or_of_another_time_is_no_part_of_it(self):
        self.corrupt("other/broken")
        self.put_at(f"other/t-{HASH}.ktstr.json", example("t"), 1_700_000_000)
        self.assertNotIn("corrupt", self.gate("--verdict", "fail", "--run-dir", "run", status=0))
        self.assertIn("corrupt", self.gate("--verdict", "fail", "--run-dir", "other"))
        self.assertIn("corrupt", self.gate("--verdict", "fail", "--since", "1700000100"))
        self.assertIn("corrupt", self.gate("--verdict", "fail", "--until", "4000000000"))
        self.assertNotIn("corrupt", self.gate("--verdict", "fail", "--since", "1700000101", status=0))

    def test_a_copy_that_is_younger_than_its_record_is_a_part_of_the_time_before(self):
        (self.root / "run" / f"t1-{HASH}.ktstr.json").write_text("{")
        self.assertIn("corrupt", self.gate("--verdict", "fail", "--until", "today"))

    def test_the_last_session_is_the_last_though_nothing_of_it_can_be_read(self):
        (self.root / "run" / ".ktstr_run_epoch").write_text("older")
        self.corrupt("new/broken", 1_900_000_000)
        (self.root / "new" / ".ktstr_run_epoch").write_text("newer")
        self.assertIn("nothing to judge", self.gate("--verdict", "fail", "--session", "@last"))
        self.gate("--verdict", "fail", "--session", "older", status=0)

    def test_a_good_result_before_a_corrupt_one_answers_for_neither(self):
        self.refresh()
        (self.root / "run" / f"t1-{HASH}.ktstr.json").write_text("{")
        for over in ("now", "past", "all"):
            if over == "past":
                self.refresh()
            self.assertIn("1 corrupt", self.gate("--verdict", "fail", "--over", over, "--archive",
                                                 self.archive))

    def test_of_two_trees_with_one_name_each_answers_for_itself(self):
        other = self.temporary / "other" / "run"
        other.mkdir(parents=True)
        (other / f"t1-{HASH}.ktstr.json").write_text("{")
        self.run_command("query", "--verdict", "fail", "--expect", "none", "--in", self.root,
                         "--in", other, status=3)

    def test_a_result_without_a_verdict_is_not_judged(self):
        record = json.loads(example("t9"))
        del record["inconclusive"]
        self.put_at(f"run/t9-{HASH}.ktstr.json", json.dumps({**record, "passed": False}),
                    1_700_000_000)
        self.assertIn("without a verdict", self.gate("--verdict", "fail"))
        self.gate("--verdict", "fail", "--strict", status=0)

    @unittest.skipUnless(os.geteuid() == 0, "needs a second user")
    def test_what_another_user_may_not_look_at(self):
        for path in (self.temporary, self.root, self.root / "run"):
            path.chmod(0o755)
        hidden = self.temporary / "hidden"
        hidden.mkdir(mode=0o700)
        (hidden / "far").mkdir()
        self.gate("--verdict", "fail", as_nobody=True, status=0)
        (self.root / "far").symlink_to(hidden / "far")
        self.gate("--verdict", "fail", as_nobody=True)
        (self.root / "far").unlink()
        sentinel = self.root / "run" / ".ktstr_run_epoch"
        sentinel.write_text("token")
        sentinel.chmod(0)
        self.gate("--verdict", "fail", as_nobody=True)

    def test_what_occurs_nowhere_is_said_with_the_nearest(self):
        for options in (["--scheduler", "scx_lavdd"], ["--kernel", "9.99"], ["--test", "t77"],
                        ["--scheduler", "eevdf,scx_nowhere"]):
            said = self.gate("--verdict", "fail", *options)
            self.assertIn("occurs nowhere", said)
        for expression in ("verdict = 'failed'", "verdict == 'fial'", "run_source = 'cii'"):
            self.assertIn("occurs nowhere", self.gate(expression))
        # What an expression demands is as good as a filter; an alternative may well occur nowhere.
        self.gate("test_name = 'nowhere' and verdict = 'fail'")
        self.gate("(test_name = 'nowhere' or test_name = 't1') and verdict = 'fail'", status=0)
        self.gate("not run_source = 'ci' and verdict = 'fail'", status=0)
        self.gate("worst_gap_ms > 1e9", "--metric", "worst_gap_ms", "--cgroup", "nowhere")
        self.gate("worst_gap_ms > 1e9", "--metric", "worst_gap_ms", "--phase", "99")

    def test_a_label_that_nothing_has(self):
        self.refresh("--label", "pr=1")
        archive = ["--archive", self.archive]
        self.gate("--verdict", "fail", "--label", "pr=1", *archive, status=0)
        self.gate("--verdict", "fail", "--label", "pr=2", *archive)
        self.gate("label.pr = '1' and verdict = 'fail'", *archive, status=0)
        self.assertIn("label", self.gate("label.pr = '2' and verdict = 'fail'", *archive))

    def test_of_the_past_only_what_nothing_readable_stood_in_place_of(self):
        self.corrupt("run/t0")
        self.refresh()
        past = ["--over", "past", "--archive", self.archive]
        self.assertIn("1 corrupt", self.gate("--verdict", "fail", *past))
        self.put_at(f"run/t0-{HASH}.ktstr.json", example("t0"), 1_700_000_200)
        self.refresh()
        self.gate("--verdict", "fail", *past, status=0)

    def test_options_that_judge_nothing_are_refused(self):
        self.gate("--limit", "0", status=2)
        for option in ("--columns", "--named", "--show-sql"):
            self.gate(option, status=2)
        self.run_command("query", "--allow-partial", "--root", self.root, status=2)

    def test_a_statement_is_a_gate_by_the_same_rules(self):
        statement = "SELECT * FROM results WHERE verdict = 'fail'"
        def sql(status, *options):
            self.run_command("sql", statement, "--expect", "none", "--root", self.root, *options,
                             status=status)
        sql(0)
        self.corrupt()
        sql(3)
        sql(0, "--allow-partial")
        shutil.rmtree(self.root / "run")
        sql(3, "--allow-partial")

    def test_a_statement_about_the_past_is_judged_by_the_past(self):
        def sql(status, *options):
            self.run_command("sql", "SELECT * FROM past.results WHERE verdict = 'fail'",
                             "--expect", "none", "--root", self.root, *options, status=status)
        for archive in ("off", self.temporary / "none"):
            sql(3, "--archive", archive)
        self.refresh()
        sql(0, "--archive", self.archive)
        self.corrupt("gone/broken")
        self.refresh()
        shutil.rmtree(self.root / "gone")
        sql(3, "--archive", self.archive)

    def test_a_session_of_an_archive_that_was_named_and_is_not_there(self):
        (self.root / "run" / ".ktstr_run_epoch").write_text("token")
        self.gate("--verdict", "fail", "--session", "token", status=0)
        self.gate("--verdict", "fail", "--session", "token", "--archive", self.temporary / "none")

    def test_a_replay_of_what_could_not_be_read_is_no_success(self):
        shutil.rmtree(self.root / "run")
        self.corrupt()
        self.run_command("replay", "--exec", "--root", self.root, status=3)
        self.run_command("replay", "--root", self.root)


class Noted(ArchiveScenario):
    def write(self, name, session, status=0):
        return self.run_command("harness", "write", "--session", session, "--root", self.root,
                                stdin=example(name).encode(), status=status,
                                env={"KTSTR_PROJECT_COMMIT": "abc1234"}).stderr.decode()

    def names(self):
        return sorted(path.name.split("-")[0] for path in self.root.glob("*/*.ktstr.json"))

    def sentinel(self):
        return next(self.root.glob("*/.ktstr_run_epoch"))

    def test_the_sentinel_of_a_copy_by_hard_links_stays_as_it_is(self):
        self.write("a", "one")
        copy = self.temporary / "copy"
        os.link(self.sentinel(), copy)
        self.write("b", "two")
        self.assertEqual(copy.read_text(), "one")
        self.assertEqual(self.sentinel().read_text(), "two")
        self.assertEqual(self.names(), ["b"])

    def test_a_sentinel_that_may_not_be_written_is_replaced(self):
        self.write("a", "one")
        self.sentinel().chmod(0o444)
        self.write("b", "two")
        self.write("c", "two")
        self.assertEqual(self.names(), ["b", "c"])
        self.assertEqual(stat.S_IMODE(self.sentinel().stat().st_mode), 0o644)

    def test_a_writer_that_mends_the_archive_says_what_is_lost(self):
        archive = ["--archive", str(self.archive)]
        for name in ("a", "b", "c"):
            self.write(name, "one")
        self.refresh()
        content = self.archive.read_bytes()
        self.archive.write_bytes(content[:len(content) // 2])
        for log in ("-wal", "-shm"):
            Path(f"{self.archive}{log}").unlink(missing_ok=True)
        done = self.run_command("harness", "write", "--session", "two", "--root", self.root,
                                *archive, stdin=example("a").encode(),
                                env={"KTSTR_PROJECT_COMMIT": "abc1234"})
        self.assertIn("was damaged", done.stderr.decode())

    def tearDown(self):
        shutil.rmtree(self.root, ignore_errors=True)
        super().tearDown()


if __name__ == "__main__":
    unittest.main()
