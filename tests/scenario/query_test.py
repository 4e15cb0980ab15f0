# SPDX-License-Identifier: MIT
"""What `query` can besides answering: columns, statements, paths, kept queries, following."""

import csv
import io
import json
import os
import select
import shutil
import signal
import subprocess
import time
import unittest
from datetime import datetime, timedelta, timezone

from listings_test import RECORD
from support import COMMAND, Scenario

# The annex's, in its order.
COLUMNS = """
sidecar_id id run_dir job file_name path session test_name variant_hash file_hash topology
scheduler scheduler_commit resolve_source project_commit payload work_type kernel_version
kernel_series kernel_commit run_source verdict passed skipped inconclusive expected_failure vcpus
cpu_budget overcommitted timestamp time_ns run_id periodic_fired periodic_target
cleanup_duration_ms throughput_denomination host_dilation host_key arch host_release
monitor_samples worst_spread worst_gap_ms total_migrations worst_migration_ratio
max_imbalance_ratio max_dsq_depth stuck_count total_fallback total_keep_last total_iterations
size_bytes mtime_ns contract error
""".split()
DEADLINE_S = 20


class QueryScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.count = 0

    def put_record(self, directory="run", name=None, **changes):
        """A sidecar; gives its path relative to the root."""
        self.count += 1
        test = changes.get("test_name", "basic")
        path = f"{directory}/{name or f'{test}-{self.count:016x}.ktstr.json'}"
        self.put(path, json.dumps({**RECORD, **changes}))
        return path

    def query(self, *arguments, **options):
        return self.run_command("query", "--root", self.root, *arguments, **options)

    def found(self, *arguments, **options):
        """The names of the tests that are found."""
        found = self.json("query", "--root", self.root, "--select", "test_name", *arguments,
                          **options)
        return [row["test_name"] for row in found["rows"]]

    def refused(self, *arguments, **options):
        done = self.query(*arguments, status=2, **options)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()


class Columns(QueryScenario):
    def columns(self):
        text = self.query("--columns", "--format", "csv").stdout.decode()
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def test_each_column_of_results_is_there_in_its_order(self):
        self.make_pool("--run-directories", 2, "--tests", 8)
        self.query("--count")
        self.assertEqual([row["column"] for row in self.columns()], COLUMNS)
        everything = self.json("sql", "select * from results limit 1", "--root", self.root)
        self.assertEqual(list(everything["rows"][0]), COLUMNS)

    def test_types_are_what_the_values_are(self):
        self.make_pool("--run-directories", 4, "--tests", 20)
        rows = self.json("sql", "select * from results", "--root", self.root)["rows"]
        kinds = {"text": str, "integer": int, "real": (int, float), "boolean": int}
        seen = set()
        for column in self.columns():
            name, kind = column["column"], column["type"]
            values = [row[name] for row in rows if row[name] is not None]
            seen.update([name] if values else [])
            for value in values:
                self.assertIsInstance(value, kinds[kind], name)
                if kind == "boolean":
                    self.assertIn(value, (0, 1), name)
            self.assertTrue(column["meaning"], name)
        self.assertGreater(len(seen), 45)

    def test_the_example_is_a_value_of_the_pool(self):
        self.put_record(scheduler="scx_only_this")
        self.query("--count")
        examples = {row["column"]: row["example"] for row in self.columns()}
        self.assertEqual(examples["scheduler"], "scx_only_this")
        self.assertEqual(examples["payload"], "")

    def test_without_a_pool_there_are_no_examples_but_the_columns(self):
        self.root = self.temporary / "missing"
        rows = self.json("query", "--columns", "--root", self.root)["rows"]
        self.assertEqual([row["column"] for row in rows], COLUMNS)
        self.assertEqual({row["example"] for row in rows}, {None})
        self.assertFalse(self.root.exists())


@unittest.skipUnless(shutil.which("sqlite3") or os.environ.get("CI"), "no sqlite3 shell")
class ShowSql(QueryScenario):
    def assert_same_answer(self, *arguments):
        """Asks, prints the statement, and asks the stock shell that; gives the printed text."""
        asked = self.json("query", "--root", self.root, *arguments)["rows"]
        text = self.query(*arguments, "--show-sql").stdout.decode()
        catalog = self.root / ".ktstr-index/catalog.sqlite3"
        done = subprocess.run(["sqlite3", "-readonly", "-json", str(catalog)], input=text.encode(),
                              capture_output=True, check=True, timeout=60)
        self.assertEqual(done.stderr, b"")
        # The shell has its own names for columns without one.
        printed = json.loads(done.stdout or b"[]")
        self.assertEqual([list(row.values()) for row in printed],
                         [list(row.values()) for row in asked])
        document = self.json("query", "--root", self.root, "--show-sql", *arguments)
        self.assertTrue(text.startswith(document["sql"] + ";\n"))
        return text, len(asked)

    def test_the_stock_shell_gives_the_same_rows(self):
        self.make_pool("--run-directories", 6, "--tests", 20)
        counts = []
        for arguments in (
                (), ("verdict='fail' and scheduler <> 'eevdf'",),
                ("--scheduler", "scx_lavd,eevdf", "--verdict", "pass", "--limit", "7"),
                ("worst_gap_ms > 0", "vcpus > 1", "--order-by", "-worst_gap_ms"),
                ("--group-by", "scheduler,verdict"), ("--count", "--kernel", "6.14"),
                ("--test", "*fa?r*", "--select", "id,path,upper(test_name)"),
                ("--metric", "worst_p99_wake_latency_us", "worst_p99_wake_latency_us > 0"),
                ("--metric", "worst_gap_ms", "--phase", "0"),
                ("--since", "2020-01-01", "--strict")):
            counts.append(self.assert_same_answer(*arguments)[1])
        self.assertGreater(sum(count > 0 for count in counts), 6, counts)

    def test_values_with_quotes_and_line_breaks_stay_values(self):
        for scheduler in ("it's", 'a"b', "a\nb", "--", "é☃", "'; drop table x; --"):
            self.put_record(scheduler=scheduler)
            _, count = self.assert_same_answer("--select", "scheduler,path", "--work-type",
                                               "SpinWait", f"scheduler='{sql(scheduler)}'")
            self.assertEqual(count, 1, scheduler)
            _, count = self.assert_same_answer("--test", "basic", "--scheduler", scheduler)
            self.assertEqual(count, 1, scheduler)

    def test_it_names_the_index_that_serves(self):
        self.make_pool("--run-directories", 3, "--tests", 20)
        self.query("--count")
        text = self.query("--verdict", "fail", "--show-sql").stdout.decode()
        document = self.json("query", "--verdict", "fail", "--show-sql", "--root", self.root)
        self.assertRegex(document["index"], "verdict")
        self.assertIn(f"-- the index {document['index']} finds the results\n", text)
        self.assertTrue(any(document["index"] in step for step in document["plan"]))

    def test_it_says_when_none_serves(self):
        self.make_pool("--run-directories", 3, "--tests", 20)
        self.query("--count")
        ask = ("worst_spread * 2 > 1", "--show-sql")
        self.assertIn("-- no index serves it: ", self.query(*ask).stdout.decode())
        document = self.json("query", *ask, "--root", self.root)
        self.assertIsNone(document["index"])
        self.assertTrue(document["plan"])

    def test_a_wrong_expression_is_refused_there_too(self):
        self.assertIn("no such column: verdit", self.refused("verdit=1", "--show-sql"))


def sql(text):
    return text.replace("'", "''")


class Paths(QueryScenario):
    NAMES = ["plain-0000000000000001.ktstr.json", "with space-0000000000000002.ktstr.json",
             "new\nline-0000000000000003.ktstr.json", "quo'te\"-0000000000000004.ktstr.json",
             "esc\x1b[31m-0000000000000005.ktstr.json", "-dash-0000000000000006.ktstr.json",
             "snow☃-0000000000000007.ktstr.json"]

    def fill(self):
        for name in self.NAMES:
            self.put_record("a run", name=name)
        return sorted(str(self.root / "a run" / name) for name in self.NAMES)

    def test_xargs_gets_each_file_whole(self):
        wanted = self.fill()
        found = self.query("-0").stdout
        self.assertTrue(found.endswith(b"\0"))
        done = subprocess.run(["xargs", "-0", "-n", "1", "stat", "-c", "%s"], input=found,
                              capture_output=True, check=True, timeout=60)
        self.assertEqual(len(done.stdout.split()), len(wanted))
        self.assertEqual(sorted(found.decode().split("\0")[:-1]), wanted)
        self.assertEqual(self.query("--null", "--paths").stdout, found)

    def test_for_people_control_characters_are_escaped(self):
        self.fill()
        text = self.query("--paths").stdout.decode()
        self.assertEqual(len(text.splitlines()), len(self.NAMES))
        self.assertIn("new\\nline", text)
        self.assertNotIn("\x1b", text)
        self.assertIn(f"{self.root}/a run/with space-0000000000000002.ktstr.json\n", text)

    def test_filters_order_limit_and_gates_work(self):
        self.fill()
        self.put_record("b", passed=False, name="zz-0000000000000001.ktstr.json")
        done = self.query("--paths", "--verdict", "fail")
        self.assertEqual(done.stdout.decode(), f"{self.root}/b/zz-0000000000000001.ktstr.json\n")
        first = self.query("-0", "--limit", "1", "--order-by", "-run_dir").stdout
        self.assertEqual(first.decode(), f"{self.root}/b/zz-0000000000000001.ktstr.json\0")
        self.query("--paths", "--verdict", "fail", "--expect", "none", status=1)
        self.assertEqual(self.query("-0", "1=0", "--expect", "none").stdout, b"")


class Refusals(QueryScenario):
    def test_options_that_do_not_go_together_are_usage_errors(self):
        for arguments in (
                ("--columns", "--named"), ("--columns", "--show-sql"), ("--columns", "--paths"),
                ("--columns", "-0"), ("--named", "--show-sql"), ("--named", "--paths"),
                ("--show-sql", "-0"),
                ("--paths", "--select", "id"), ("--paths", "--count"), ("-0", "--group-by", "job"),
                ("--paths", "--metric", "worst_gap_ms"), ("--paths", "--format", "json"),
                ("-0", "--format", "csv"),
                ("--follow", "--paths"), ("--follow", "-0"), ("--follow", "--columns"),
                ("--follow", "--named"), ("--follow", "--show-sql"),
                ("--follow", "--expect", "none"), ("1=0", "--columns", "id,test_name"),
                ("1=0", "--named"),
                ("--select", "id", "--group-by", "job")):
            with self.subTest(arguments):
                self.assertTrue(self.refused(*arguments))

    def test_values_that_are_none_are_usage_errors(self):
        for arguments in (("--since", "yesteryear"), ("--until", ""), ("--verdict", "passed"),
                          ("--limit", "many"), ("--expect", "all"), ("--timeout", "soon"),
                          ("--phase", "x"), ("--metric", "no_such_metric"), ("",)):
            with self.subTest(arguments):
                self.assertTrue(self.refused(*arguments))


class NamedQueries(QueryScenario):
    """Kept in a repository's file and in the user's."""

    def setUp(self):
        super().setUp()
        self.repository = self.temporary / "repository"
        self.below = self.repository / "some/where"
        self.config = self.temporary / "config"
        self.below.mkdir(parents=True)
        (self.repository / ".git").mkdir()
        (self.config / "ktstr-index").mkdir(parents=True)
        for name, scheduler, passed, gap in (
                ("a", "scx_lavd", False, 1), ("b", "scx_lavd", True, 9), ("c", "eevdf", False, 5)):
            stats = {**RECORD["stats"], "worst_gap_ms": gap}
            self.put_record(test_name=name, scheduler=scheduler, passed=passed, stats=stats)

    def keep(self, **queries):
        (self.repository / ".ktstr-index.json").write_text(
            json.dumps({"queries": queries, "something else": [1]}))

    def keep_for_user(self, **queries):
        (self.config / "ktstr-index/config.json").write_text(json.dumps({"queries": queries}))

    def query(self, *arguments, env=None, **options):
        return super().query(*arguments, cwd=options.pop("cwd", self.below),
                             env={"XDG_CONFIG_HOME": str(self.config), **(env or {})}, **options)

    def found(self, *arguments, **options):
        done = self.query("--select", "test_name", "--format", "jsonl", *arguments, **options)
        return [json.loads(line)["test_name"] for line in done.stdout.splitlines()]

    def test_one_of_the_repository_is_found_from_below(self):
        self.keep(lavd="scheduler='scx_lavd'")
        self.assertEqual(self.found("@lavd"), ["a", "b"])
        self.assertEqual(self.found("@lavd", cwd=self.repository), ["a", "b"])

    def test_one_above_the_repository_is_not(self):
        (self.temporary / ".ktstr-index.json").write_text('{"queries": {"x": "1"}}')
        self.assertIn("no named query 'x'", self.refused("@x"))

    def test_a_repository_adds_names_but_changes_none_of_the_user_s(self):
        self.keep(mine="test_name='a'", ours="test_name='a'")
        self.keep_for_user(mine="test_name='b'", other="test_name='c'")
        self.assertEqual(self.found("@mine"), ["b"])
        self.assertEqual(self.found("@ours"), ["a"])
        self.assertEqual(self.found("@other"), ["c"])
        self.assertEqual(self.found("@mine", cwd="/"), ["b"])

    def test_without_the_variable_the_user_s_is_below_home(self):
        path = self.home / ".config/ktstr-index/config.json"
        path.parent.mkdir(parents=True)
        path.write_text('{"queries": {"home": "test_name=\'c\'"}}')
        self.assertEqual(self.found("@home", env={"XDG_CONFIG_HOME": ""}), ["c"])

    def test_a_list_is_arguments_and_more_may_follow(self):
        self.keep(slow=["--order-by", "-worst_gap_ms", "--limit", "2"])
        self.assertEqual(self.found("@slow"), ["b", "c"])
        self.assertEqual(self.found("@slow", "--limit", "3"), ["b", "c", "a"])
        self.assertEqual(self.found("@slow", "--verdict", "fail"), ["c", "a"])
        self.assertEqual(self.found("--verdict", "fail", "@slow", "--limit", "1"), ["c"])

    def test_a_second_expression_adds_up(self):
        self.keep(lavd="scheduler='scx_lavd' or 0 -- kept", minus="-1 < 0")
        self.assertEqual(self.found("@lavd", "verdict='fail'"), ["a"])
        self.assertEqual(self.found("verdict='pass'", "@lavd", "1"), ["b"])
        self.assertEqual(self.found("@minus", "test_name='c' or 0"), ["c"])

    def test_a_value_that_begins_with_at_is_no_name(self):
        self.put_record(test_name="@odd")
        self.assertEqual(self.found("--test", "@odd"), ["@odd"])
        self.assertEqual(self.found("--test=@odd"), ["@odd"])

    def test_an_unknown_name_is_refused_with_the_nearest(self):
        self.keep(lavd="1")
        self.assertIn("did you mean @lavd?", self.refused("@lavdd"))

    def test_two_names_are_refused_and_the_error_says_so(self):
        self.keep(lavd="1", slow="1")
        self.assertIn("only one @NAME", self.refused("@lavd", "@slow"))

    def test_an_option_that_is_not_the_query_s_own_is_refused(self):
        trap = self.temporary / "trap.sqlite3"
        for index, arguments in enumerate((
                ["--catalog", str(trap)], [f"--catalog={trap}"], ["--root", "/"],
                ["--check", "none"], ["--format", "csv"], ["-q"], ["--no-pager"])):
            self.keep(bad=arguments)
            with self.subTest(index):
                said = self.refused("@bad")
                self.assertIn("unknown option '-", said)
                self.assertIn("kept arguments", said)
        self.assertFalse(trap.exists())

    def test_a_broken_file_is_said_with_its_path(self):
        path = self.repository / ".ktstr-index.json"
        for text in ("{", '{"queries": {"x": 1}}', '{"queries": []}', '{"queries": {"x": [1]}}',
                     '{"queries": {}} x', '\udcff'):
            path.write_bytes(text.encode(errors="surrogateescape"))
            with self.subTest(text):
                self.assertIn(str(path), self.refused("@x"))
                self.assertIn(str(path), self.query("--named", status=3).stderr.decode())
                # Who asks for no name doesn't care.
                self.assertEqual(self.found("test_name='a'"), ["a"])

    def test_they_are_listed_with_what_they_stand_for(self):
        self.keep(lavd="scheduler='scx_lavd'", slow=["--order-by", "-worst_gap_ms"])
        self.keep_for_user(slow="1", mine="2")
        done = self.query("--named", "--format", "json")
        rows = json.loads(done.stdout)["rows"]
        repository = str(self.repository / ".ktstr-index.json")
        user = str(self.config / "ktstr-index/config.json")
        self.assertEqual(rows, [
            {"name": "slow", "arguments": "-- 1", "from": user},
            {"name": "mine", "arguments": "-- 2", "from": user},
            {"name": "lavd", "arguments": "-- 'scheduler='\\''scx_lavd'\\'''", "from": repository}])


class Filters(QueryScenario):
    def test_a_list_with_commas_is_alternatives(self):
        for scheduler in ("eevdf", "scx_lavd", "scx_rusty"):
            for budget in (1, 2):
                self.put_record(test_name=f"{scheduler}_{budget}", scheduler=scheduler,
                                cpu_budget=budget)
        found = self.found("--scheduler", "eevdf,scx_rusty", "--cpu-budget", "2")
        self.assertEqual(sorted(found), ["eevdf_2", "scx_rusty_2"])
        found = self.found("--scheduler", "eevdf", "--scheduler", "scx_rusty,scx_lavd",
                           "--cpu-budget", "1,7")
        self.assertEqual(sorted(found), ["eevdf_1", "scx_lavd_1", "scx_rusty_1"])

    def test_a_name_that_holds_a_comma_is_an_alternative_too(self):
        self.put_record(test_name="a,b", work_type="Mixed(1,2)")
        self.put_record(test_name="a")
        self.put_record(test_name="c")
        self.assertEqual(sorted(self.found("--test", "a,b")), ["a", "a,b"])
        self.assertEqual(self.found("--work-type", "Mixed(1,2)"), ["a,b"])

    def test_several_expressions_all_have_to_hold(self):
        for vcpus in (1, 2, 4):
            self.put_record(test_name=f"t{vcpus}", vcpus=vcpus)
        self.assertEqual(self.found("vcpus=1 or vcpus=2", "vcpus>1 or 0 -- not the end", "1"),
                         ["t2"])

    def test_a_mistake_in_the_second_expression_is_shown(self):
        self.put_record()
        said = self.refused("vcpus=1", "verdit='fail'")
        self.assertIn("no such column: verdit", said)
        for text in ("1) or (1", "'", "(1", "1 /* "):
            self.assertIn("is not a whole expression", self.refused("1=0", text))

    def test_times_may_be_relative_to_now(self):
        now = datetime.now(timezone.utc)
        for name, age in (("fresh", timedelta(minutes=5)), ("hours", timedelta(hours=30)),
                          ("old", timedelta(days=9))):
            stamp = (now - age).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.put_record(test_name=name, timestamp=stamp)
        self.assertEqual(self.found("--since", "2d"), ["fresh", "hours"])
        self.assertEqual(self.found("--since", "1h"), ["fresh"])
        self.assertEqual(self.found("--since", "2w", "--until", "1d"), ["hours", "old"])
        self.assertEqual(self.found("--until", "1w"), ["old"])
        epoch = int((now - timedelta(days=3)).timestamp())
        self.assertEqual(self.found("--since", str(epoch)), ["fresh", "hours"])

    def test_globs_match_names_and_nothing_else_is_special(self):
        for name in ("wake_up", "wake_slow", "sleep", "wake[1]", "wake%"):
            self.put_record(test_name=name)
        self.assertEqual(sorted(self.found("--test", "wake_*")), ["wake_slow", "wake_up"])
        self.assertEqual(self.found("--test", "s?eep"), ["sleep"])
        self.assertEqual(self.found("--test", "wake[1]"), ["wake[1]"])
        self.assertEqual(self.found("--test", "wake[*"), ["wake[1]"])
        self.assertEqual(self.found("--test", "wake%"), ["wake%"])
        self.assertEqual(self.found("--test", "ktstr/sleep"), ["sleep"])


class Follow(QueryScenario):
    """With a pipe: one document a line, whenever the answer is another one."""

    def follow(self, *arguments):
        process = subprocess.Popen(
            [COMMAND, "query", "--follow", "--root", str(self.root), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.temporary,
            env=self.environment(), bufsize=0)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            stream.close()

    def line(self, process, timeout=DEADLINE_S):
        """The next one; empty at the end."""
        text, deadline = b"", time.monotonic() + timeout
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [],
                                        max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"nothing came after {text!r}")
            byte = process.stdout.read(1)
            if not byte:
                break
            text += byte
        return text

    def documents(self):
        """Starts following; gives a function for the next document's paths, and the process."""
        process = self.follow("--format", "json", "--select", "path", "--order-by", "path")
        seen = []

        def until(wanted):
            """Reads documents up to the wanted one. No two in a row may be the same."""
            while not seen or seen[-1] != wanted:
                document = json.loads(self.line(process))
                paths = [row["path"] for row in document["rows"]]
                self.assertFalse(seen and seen[-1] == paths, f"{paths} twice")
                seen.append(paths)

        return until, process

    def test_each_change_is_shown_and_nothing_else(self):
        first = self.put_record("a", name="a-0000000000000001.ktstr.json")
        until, _ = self.documents()
        until([first])
        second = self.put_record("a", name="b-0000000000000002.ktstr.json")
        until([first, second])
        self.put("a/notes.txt", "no sidecar")  # not shown: `until` sees no document twice
        (self.root / second).rename(self.root / "a/c-0000000000000003.ktstr.json")
        until([first, "a/c-0000000000000003.ktstr.json"])
        (self.root / "a/other.txt").write_text("no sidecar either")
        (self.root / first).unlink()
        until(["a/c-0000000000000003.ktstr.json"])
        third = self.put_record("b/job-1", name="d-0000000000000004.ktstr.json")
        until(["a/c-0000000000000003.ktstr.json", third])
        fourth = self.put_record("b", name="e-0000000000000005.ktstr.json")
        until(["a/c-0000000000000003.ktstr.json", fourth, third])
        shutil.rmtree(self.root / "a")
        until([fourth, third])

    def test_nothing_comes_while_nothing_changes(self):
        path = self.put_record("a")
        until, process = self.documents()
        until([path])
        self.put("a/notes.txt", "no sidecar")
        self.put_record("a", name=".hidden")
        ready, _, _ = select.select([process.stdout], [], [], 1.5)
        self.assertFalse(ready)

    def test_answers_for_people_are_apart(self):
        self.put_record("a", test_name="one")
        process = self.follow("--select", "test_name")
        self.assertEqual(self.line(process), b"TEST_NAME\n")
        self.assertEqual(self.line(process), b"one\n")
        self.put_record("a", test_name="two")
        self.assertEqual(self.line(process), b"\n")
        self.assertEqual(self.line(process), b"TEST_NAME\n")
        self.assertEqual({self.line(process), self.line(process)}, {b"one\n", b"two\n"})

    def test_signals_end_it_with_their_status(self):
        self.put_record("a")
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.follow("--count", "--format", "jsonl")
            self.assertEqual(self.line(process), b'{"count":1}\n')
            process.send_signal(number)
            self.assertEqual(process.wait(DEADLINE_S), status)
            self.assertEqual(process.stderr.read(), b"")

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        self.put_record("a")
        process = self.follow("--count", "--format", "jsonl")
        self.line(process)
        process.stdout.close()
        self.put_record("a")
        self.assertEqual(process.wait(DEADLINE_S), 0)
        self.assertEqual(process.stderr.read(), b"")

    def test_a_wrong_question_is_refused_at_once(self):
        self.assertIn("no such column", self.refused("--follow", "verdit=1"))


if __name__ == "__main__":
    unittest.main()
