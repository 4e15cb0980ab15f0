# SPDX-License-Identifier: MIT
"""Replay: which failed tests are run again, how nextest is told, and what comes of it."""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess

import jsonschema
from harness_test import HarnessScenario
from support import COMMAND, SOURCE, load_json

NOTHING = "test(/^__ktstr_no_failures_to_replay__$/)\n"


def term(name):
    return rf"test(/^(.*(::| ))?((ktstr|gauntlet)\/)?{name}(\/.*)?$/)"


def tree(root):
    """Everything that a write below root would change."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


class ReplayScenario(HarnessScenario):
    def replay(self, *options, env=None, **more):
        return self.run_command("replay", "--root", self.root, *options,
                                env={"KTSTR_PROJECT_COMMIT": "abc1234", **(env or {})}, **more)

    def chosen(self, *options):
        return json.loads(self.replay(*options, "--format", "json").stdout)["tests"]

    def said(self, *options, **more):
        return self.replay(*options, **more).stderr.decode()

    def make_newest(self, run_dir, order):
        """Of directories with a higher order it is the newer one."""
        time_ns = 1_780_000_000_000_000_000 + order
        os.utime(self.root / run_dir, ns=(time_ns, time_ns))


class Selection(ReplayScenario):
    def test_the_dry_run_prints_the_filter_and_explains_itself(self):
        self.write(test_name="b", host=None)
        self.write(test_name="a", host=None)
        self.write(test_name="fine", host=None, passed=True)
        done = self.replay()
        self.assertEqual(done.stdout.decode(), f"{term('a')} | {term('b')}\n")
        self.assertEqual(done.stderr.decode(), """\
ktstr-index: last session one, 1 run directory
ktstr-index: 2 failed tests; --exec runs them, and so does the filter in: \
ktstr-index run -- cargo nextest run -E FILTER
ktstr-index: (no host context captured)
""")

    def test_only_the_last_session_counts_over_all_its_directories(self):
        self.write("old", test_name="in_old", env={"KTSTR_KERNEL": "6.12.0"})
        self.write("new", test_name="in_new_1", env={"KTSTR_KERNEL": "6.13.0"})
        self.write("new", test_name="in_new_2", env={"KTSTR_KERNEL": "6.14.0"})
        for order, kernel in enumerate(["6.13.0", "6.12.0", "6.14.0"]):
            self.make_newest(f"{kernel}-abc1234", order)
        self.assertEqual(self.chosen(), ["in_new_1", "in_new_2"])
        self.assertIn("last session new, 2 run directories", self.said())
        self.assertEqual(self.chosen("--all"), ["in_new_1", "in_new_2", "in_old"])
        self.assertIn("the whole pool, 3 run directories", self.said("--all"))

    def test_a_directory_without_a_token_stands_for_itself(self):
        self.write("one", test_name="in_session", env={"KTSTR_KERNEL": "6.12.0"})
        self.write("two", test_name="alone", env={"KTSTR_KERNEL": "6.13.0"})
        (self.root / "6.13.0-abc1234/.ktstr_run_epoch").unlink()
        self.make_newest("6.12.0-abc1234", 1)
        self.make_newest("6.13.0-abc1234", 2)
        self.assertEqual(self.chosen(), ["alone"])
        self.assertIn("run directory 6.13.0-abc1234, which has no session token", self.said())

    def test_the_filter_is_a_substring_that_minds_case(self):
        for name in ("wake_all", "wake_one", "Wake", "sleep"):
            self.write(test_name=name)
        self.assertEqual(self.chosen("--filter", "wake"), ["wake_all", "wake_one"])
        self.assertEqual(self.chosen("-E", "_o"), ["wake_one"])
        done = self.replay("-E", "w.ke")
        self.assertEqual(done.stdout.decode(), NOTHING)
        self.assertIn("none of the 4 failed tests", done.stderr.decode())

    def test_skipped_inconclusive_and_passed_tests_are_not_replayed(self):
        self.write(test_name="skipped", skipped=True)
        self.write(test_name="unjudged", inconclusive=True)
        self.write(test_name="expected", passed=True, expected_failure=True)
        done = self.replay()
        self.assertEqual(done.stdout.decode(), NOTHING)
        self.assertIn("no failures among 3 results", done.stderr.decode())

    def test_with_exec_too_nothing_is_run_where_nothing_failed(self):
        self.write(passed=True)
        self.assertEqual(self.replay("--exec", env={"PATH": "/none"}).stdout.decode(), NOTHING)

    def test_an_empty_pool_is_nothing_to_replay_and_says_what_to_do(self):
        for options in ([], ["--exec"], ["--all"]):
            done = self.replay(*options)
            self.assertEqual(done.stdout.decode(), NOTHING)
            self.assertEqual(
                done.stderr.decode(), f"ktstr-index: no sidecars found under {self.root} - run the "
                "suite first or pass --dir\n")
        self.put("run/t-000000000000000a.ktstr.json", "{cut off")
        self.assertIn("1 corrupt", self.said())

    def test_a_missing_root_is_an_error(self):
        self.root.rmdir()
        self.replay(status=3)
        self.replay("--dir", self.temporary / "missing", status=3)

    def test_what_could_not_be_read_is_mentioned(self):
        run_dir = self.write().parent.name
        self.put(f"{run_dir}/t-000000000000000a.ktstr.json", "{cut off")
        self.put(f"{run_dir}/u-000000000000000b.ktstr.json", '{"test_name": "u", "passed": false}')
        done = self.replay()
        self.assertIn("not in this answer: 1 corrupt, 1 of another schema", done.stderr.decode())
        self.assertEqual(done.stdout.decode(), term("wakes_up") + "\n")

    def test_an_empty_newest_directory_does_not_hide_the_last_session(self):
        self.write()
        self.make_newest("unknown-abc1234", 1)
        (self.root / "zz-new").mkdir()
        done = self.replay()
        self.assertEqual(done.stdout.decode(), term("wakes_up") + "\n")
        self.assertIn("last session one, 1 run directory", done.stderr.decode())

    def test_a_newest_directory_of_broken_files_is_not_a_success(self):
        self.write()
        self.make_newest("unknown-abc1234", 1)
        self.put("6.99.0-abc1234/t-000000000000000a.ktstr.json", "{cut off")
        done = self.replay()
        self.assertEqual(done.stdout.decode(), NOTHING)
        self.assertIn("there are no results there", done.stderr.decode())
        self.assertIn("--all", done.stderr.decode())

    def test_job_directories_belong_to_no_session(self):
        path = self.write(test_name="flat")
        record = json.loads(path.read_text(encoding="utf-8"))
        self.put("unknown-abc1234/job-1/x-000000000000000a.ktstr.json",
                 json.dumps({**record, "test_name": "in_job"}))
        self.assertEqual(self.chosen(), ["flat"])
        self.assertEqual([row["test_name"] for row in
                          self.rows("query", "--session", "one", "--verdict", "fail")], ["flat"])
        self.assertIn("; 1 failed test in job directories, which belong to no session, is left "
                      "out; --all takes it\n", self.said())
        self.assertEqual(self.chosen("--all"), ["flat", "in_job"])
        (self.root / "unknown-abc1234/.ktstr_run_epoch").unlink()
        self.assertEqual(self.chosen(), ["flat", "in_job"])
        self.assertNotIn("left out", self.said())

    def test_sentences_about_one_test_are_in_the_singular(self):
        self.write()
        self.assertIn("1 failed test; --exec runs it, and", self.said())
        self.assertIn("the one failed test has a name without 'nosuch'", self.said("-E", "nosuch"))

    def test_another_pool_is_only_looked_at(self):
        self.write("one", test_name="there", env={"KTSTR_KERNEL": "6.12.0"})
        other = self.temporary / "other"
        shutil.copytree(self.root, other)
        shutil.rmtree(other / ".ktstr-index", ignore_errors=True)
        before = tree(other)
        self.write("two", test_name="here", env={"KTSTR_KERNEL": "6.13.0"})
        self.assertEqual(self.chosen("--dir", other), ["there"])
        self.assertEqual(self.chosen("--dir", other, "--all"), ["there"])
        self.assertEqual(tree(other), before)

    def test_names_are_data_whatever_is_in_them(self):
        record = json.loads(self.write().read_text(encoding="utf-8"))
        name = "a'\"$(x)`;|*/\\\n\x1b[31m\u202eé"
        self.put("unknown-abc1234/x-000000000000000a.ktstr.json",
                 json.dumps({**record, "test_name": name}))
        done = self.replay("-E", "a'")
        line = done.stdout.decode()
        self.assertEqual(line, term(r'a\x{27}"\$\(x\)`;\|\*\/\\\x{a}\x{1b}\[31m\x{202e}é') + "\n")
        self.assertNotIn(b"\x1b", done.stderr)
        self.assertEqual(self.chosen("-E", "a'"), [name])

    def test_options_for_a_run_need_exec(self):
        self.write()
        for options in (["--profile", "x"], ["--nextest-profile", "x"], ["--", "--no-fail-fast"]):
            self.assertIn("--exec", self.said(*options, status=2))
        self.assertIn("--format", self.said("--exec", "--format", "json", status=2))


class Documents(ReplayScenario):
    def document(self, *options):
        document = json.loads(self.replay(*options, "--format", "json").stdout)
        jsonschema.validate(document, load_json(SOURCE / "schema/output/replay.schema.json"))
        return document

    def test_the_document_follows_its_schema(self):
        self.write(host=None)
        self.assertEqual(self.document(), {
            "filter": term("wakes_up"), "tests": ["wakes_up"],
            "scope": {"session": "one", "run_dirs": ["unknown-abc1234"]},
            "host": {"state": "none", "differences": []}})
        self.assertEqual(self.document("--all")["scope"],
                         {"session": None, "run_dirs": ["unknown-abc1234"]})
        self.assertEqual(self.document("-E", "other")["tests"], [])

    def test_a_host_that_differs_is_listed_field_by_field(self):
        self.write(host={"arch": "z80", "kernel_name": "Linux"})
        host = self.document()["host"]
        self.assertEqual(host["state"], "changed")
        self.assertIn({"field": "arch", "a": "z80", "b": os.uname().machine}, host["differences"])
        self.assertNotIn("kernel_name", [entry["field"] for entry in host["differences"]])
        said = self.said()
        self.assertIn("host context drift since capture:\n", said)
        self.assertIn(f"\n  arch: z80 → {os.uname().machine}\n", said)

    def test_the_writers_heap_is_no_difference(self):
        self.write(host={"heap_state": {"narenas": 7}})
        self.assertNotIn("heap", str(self.document()["host"]["differences"]))

    def test_an_empty_pool_has_a_valid_document(self):
        self.assertEqual(self.document(), {
            "filter": NOTHING.rstrip("\n"), "tests": [],
            "scope": {"session": None, "run_dirs": []},
            "host": {"state": "none", "differences": []}})

    def test_differences_are_those_of_show_host(self):
        run_dir = self.write(host={"arch": "z80"}).parent.name
        shown = self.json("show-host", "--root", self.root, "--diff", run_dir)["differences"]
        fields = [entry["field"] for entry in self.document()["host"]["differences"]]
        self.assertEqual(fields, [entry["field"] for entry in shown])

    def test_other_formats_have_a_row_for_each_test(self):
        self.write(test_name="a")
        self.write(test_name="b")
        self.assertEqual(self.replay("--format", "csv").stdout, b"test_name\na\nb\n")
        self.assertEqual(self.replay("--format", "jsonl").stdout,
                         b'{"test_name":"a"}\n{"test_name":"b"}\n')


class Exec(ReplayScenario):
    """With a cargo of our own, which writes what it was given to write."""

    def setUp(self):
        super().setUp()
        self.fake = self.temporary / "fake"
        (self.fake / "records").mkdir(parents=True)
        self.put_cargo("exit 0")
        self.write("before", test_name="a", host=None)
        self.write("before", test_name="b", host=None)

    def put_cargo(self, end):
        fake = shlex.quote(str(self.fake))
        cargo = self.fake / "cargo"
        cargo.write_text(f"""#!/bin/sh
printf '%s\\n' "$@" > {fake}/arguments
env > {fake}/environment
for record in {fake}/records/*; do
  [ ! -e "$record" ] || {shlex.quote(COMMAND)} harness write -q "$record" > {fake}/path || exit 90
done
{end}
""", encoding="utf-8")
        cargo.chmod(0o755)

    def will_write(self, **changes):
        count = len(list((self.fake / "records").iterdir()))
        path = self.fake / "records" / str(count)
        path.write_text(json.dumps({**self.record, "host": None, **changes}), encoding="utf-8")

    def exec(self, *options, env=None, **more):
        return self.replay("--exec", *options, **more,
                           env={"PATH": f"{self.fake}:{os.defpath}", **(env or {})})

    def outcome(self, *options, **more):
        """The lines from the counts on, without the host."""
        said = self.exec(*options, **more).stderr.decode()
        match = re.search(r"\n\n(?:.*\n)*?ktstr-index: (\d+ FIXED(?:.*\n)*)ktstr-index: \(no host", said)
        self.assertIsNotNone(match, said)
        return match[1].splitlines()

    def arguments(self):
        return (self.fake / "arguments").read_text(encoding="utf-8").splitlines()

    def variables(self):
        lines = (self.fake / "environment").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def test_nextest_gets_the_filter_and_the_arguments(self):
        self.exec()
        filters = f"{term('a')} | {term('b')}"
        self.assertEqual(self.arguments(), ["nextest", "run", "-E", filters])
        self.exec("-E", "a", "--nextest-profile", "ci", "--", "--no-fail-fast", "--", "--exact")
        self.assertEqual(self.arguments(), ["nextest", "run", "-E", term("a"), "--profile", "ci",
                                            "--no-fail-fast", "--", "--exact"])

    def test_nextest_is_told_the_session_the_root_and_the_profile(self):
        self.exec("--profile", "release")
        variables = self.variables()
        self.assertEqual(variables["KTSTR_RUNS_ROOT"], str(self.root))
        self.assertRegex(variables["KTSTR_RUN_EPOCH"], r"^\d{19}$")
        self.assertEqual(variables["KTSTR_SCHEDULER_PROFILE"], "release")
        self.exec(env={"KTSTR_RUN_EPOCH": "outer"})
        self.assertEqual(self.variables()["KTSTR_RUN_EPOCH"], "outer")
        self.assertNotIn("KTSTR_SCHEDULER_PROFILE", self.variables())

    def test_a_session_around_it_is_used(self):
        self.run_command("run", "--root", self.root, "--", COMMAND, "replay", "--exec",
                         env={"PATH": f"{self.fake}:{os.defpath}", "KTSTR_RUN_EPOCH": "outer"})
        self.assertEqual(self.variables()["KTSTR_RUN_EPOCH"], "outer")

    def test_a_filter_too_long_for_one_argument_is_given_in_pieces(self):
        record = json.loads(next(self.root.glob("*/a-*.ktstr.json")).read_text(encoding="utf-8"))
        for number in range(1500):
            self.put(f"unknown-abc1234/x-{number:016x}.ktstr.json",
                     json.dumps({**record, "test_name": f"a_long_name_for_a_test_{number:060}"}))
        self.exec()
        arguments = self.arguments()
        filters = [text for flag, text in zip(arguments, arguments[1:]) if flag == "-E"]
        self.assertGreater(len(filters), 1)
        self.assertEqual(len(" | ".join(filters).split(" | ")), 1502)

    def test_a_command_too_long_for_the_system_is_refused_before_anything_is_said_to_run(self):
        record = json.loads(next(self.root.glob("*/a-*.ktstr.json")).read_text(encoding="utf-8"))
        for number in range(1500):
            self.put(f"unknown-abc1234/x-{number:016x}.ktstr.json",
                     json.dumps({**record, "test_name": f"a_long_name_for_a_test_{number:060}"}))
        # The room for arguments is a quarter of the stack, but 128 KiB at least.
        small = (512 * 1024, 512 * 1024)
        done = subprocess.run(
            [COMMAND, "replay", "--root", str(self.root), "--exec"], capture_output=True,
            env=self.environment(PATH=f"{self.fake}:{os.defpath}"), cwd=self.temporary, timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, small), check=False)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 2, said)
        self.assertIn("too long for this system\ntake fewer of the 1502 failed tests with --filter",
                      said)
        self.assertNotIn("replaying", said)
        self.assertNotIn("will be replaced", said)
        self.assertFalse((self.fake / "arguments").exists())

    def test_results_of_an_earlier_step_with_the_same_token_are_no_outcome(self):
        self.assertEqual(self.outcome(env={"KTSTR_RUN_EPOCH": "before"})[0],
                         "0 FIXED, 0 PERSISTENT, 0 INCONCLUSIVE, 0 MIXED, 2 DROPPED")
        self.will_write(test_name="a", passed=True)
        self.assertEqual(self.outcome(env={"KTSTR_RUN_EPOCH": "before"})[0],
                         "1 FIXED, 0 PERSISTENT, 0 INCONCLUSIVE, 0 MIXED, 1 DROPPED")

    def test_a_result_written_again_just_as_it_was_is_an_outcome(self):
        content = next(self.root.glob("*/b-*.ktstr.json")).read_text(encoding="utf-8")
        (self.fake / "records" / "0").write_text(content, encoding="utf-8")
        self.assertEqual(self.outcome(env={"KTSTR_RUN_EPOCH": "before"})[0],
                         "0 FIXED, 1 PERSISTENT, 0 INCONCLUSIVE, 0 MIXED, 1 DROPPED")

    def test_what_passes_now_is_fixed_and_the_rest_is_explained(self):
        for name in ("judged", "mixed", "persistent", "skipped"):
            self.write("before", test_name=name, host=None)
        self.will_write(test_name="a", passed=True)
        self.will_write(test_name="judged", inconclusive=True)
        self.will_write(test_name="mixed", passed=True)
        self.will_write(test_name="mixed", topology="1n2l4c1t")
        self.will_write(test_name="persistent")
        self.will_write(test_name="skipped", skipped=True)
        self.will_write(test_name="not_asked_for")
        self.assertEqual(self.outcome(), [
            "1 FIXED, 2 PERSISTENT, 1 INCONCLUSIVE, 1 MIXED, 1 DROPPED",
            "  DROPPED b (not run: removed, filtered out, or nextest stopped before it)",
            "  INCONCLUSIVE judged (nothing could be measured, so neither fixed nor failing)",
            "  MIXED mixed (1 variant(s) fixed, 1 still failing, 0 inconclusive)",
            "  PERSISTENT persistent (still failing)",
            "  PERSISTENT skipped (skipped this time)"])

    def test_older_failures_of_the_name_do_not_make_it_mixed(self):
        self.write("old", test_name="a", host=None, env={"KTSTR_KERNEL": "6.12.0"})
        self.make_newest("6.12.0-abc1234", 1)
        self.will_write(test_name="a", passed=True)
        self.assertEqual(self.outcome("-E", "a"),
                         ["1 FIXED, 0 PERSISTENT, 0 INCONCLUSIVE, 0 MIXED, 0 DROPPED"])
        self.assertEqual(len(list(self.root.glob("6.12.0-abc1234/a-*.ktstr.json"))), 1)

    def test_results_that_will_be_replaced_are_named_before_the_run(self):
        self.will_write(test_name="a", passed=True)
        said = self.exec().stderr.decode()
        sentence = "results of session before in unknown-abc1234 will be replaced"
        self.assertEqual(said.count(sentence), 1)
        self.assertLess(said.index(sentence), said.index("FIXED"))
        self.assertEqual([path.name[0] for path in self.root.glob("unknown-abc1234/*.json")], ["a"])

    def test_nothing_is_replaced_at_another_commit_or_in_the_same_session(self):
        for env in ({"KTSTR_PROJECT_COMMIT": "def5678"}, {"KTSTR_KERNEL": "6.14.2"},
                    {"KTSTR_RUN_EPOCH": "before"}):
            self.assertNotIn("will be replaced", self.exec(env=env).stderr.decode(), env)

    def test_the_exit_status_is_nextests(self):
        for status in (0, 1, 2, 3, 100):
            self.put_cargo(f"exit {status}")
            self.exec(status=status)

    def test_a_signal_that_ends_nextest_ends_this_too_after_the_outcome(self):
        self.will_write(test_name="a", passed=True)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            self.put_cargo(f"kill -{int(number)} $$")
            done = self.exec("--all", status=-number)
            self.assertIn(b" FIXED, ", done.stderr)
            self.write("before", test_name="a", host=None)

    def test_without_cargo_the_status_is_a_shells(self):
        (self.fake / "cargo").unlink()
        self.exec(status=127, env={"PATH": str(self.fake)})
        (self.fake / "cargo").write_text("text", encoding="utf-8")
        self.exec(status=126, env={"PATH": str(self.fake)})

    def test_another_pools_failures_run_in_this_project(self):
        other = self.temporary / "other"
        shutil.move(self.root, other)
        shutil.rmtree(other / ".ktstr-index", ignore_errors=True)
        self.root.mkdir()
        before = tree(other)
        self.will_write(test_name="a", passed=True)
        self.assertEqual(self.outcome("--dir", other, env={"KTSTR_RUN_EPOCH": "mine"})[0],
                         "1 FIXED, 0 PERSISTENT, 0 INCONCLUSIVE, 0 MIXED, 1 DROPPED")
        self.assertEqual(self.variables()["KTSTR_RUNS_ROOT"], str(self.root))
        self.assertEqual(len(list(self.root.glob("*/a-*.ktstr.json"))), 1)
        self.assertEqual(tree(other), before)

    def test_results_elsewhere_have_no_outcome(self):
        said = self.exec(env={"KTSTR_SIDECAR_DIR": str(self.temporary / "else")}).stderr.decode()
        self.assertIn("the outcome is not known", said)
        self.assertNotIn("DROPPED", said)
        self.assertNotIn("will be replaced", said)

    def test_stdout_is_nextests_alone(self):
        self.put_cargo("echo out")
        self.assertEqual(self.exec().stdout, b"out\n")
        done = self.exec("--quiet")
        self.assertEqual((done.stdout, done.stderr), (b"out\n", b""))
