# SPDX-License-Identifier: MIT
"""Questions: query, sql, list, show over pools good and bad, in every format."""

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import unittest

from support import Scenario, shared_data

RUN = "6.14.11-85c72e1"
REAL = "real/sched_basic_proportional-6.14.11-85c72e1.ktstr.json"


class SamplePoolQuestions(Scenario):
    """One pool for all: questions don't change it."""

    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 12, "--tests", 25)

    def test_a_query_finds_what_a_walk_over_the_files_finds(self):
        wanted = []
        for path in sorted(self.root.glob("[!.]*/**/*.ktstr.json")):
            try:
                record = json.loads(path.read_bytes())
            except (ValueError, OSError):
                continue
            bits = [record.get(bit) for bit in ("passed", "skipped", "inconclusive")]
            if record["scheduler"] == "scx_lavd" and bits == [False, False, False]:
                wanted.append(str(path.relative_to(self.root)))
        found = self.rows("query", "verdict='fail' and scheduler='scx_lavd'", "--select", "path")
        self.assertEqual(sorted(row["path"] for row in found), wanted)

    def test_every_format_parses_and_says_the_same(self):
        ask = ["query", "--select", "id,test_name,verdict,worst_spread", "--root", self.root]
        rows = self.json(*ask)["rows"]
        lines = self.run_command(*ask, "--format", "jsonl").stdout.decode().splitlines()
        self.assertEqual([json.loads(line) for line in lines], rows)
        text = self.run_command(*ask, "--format", "csv").stdout.decode()
        table = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual([row["id"] for row in table], [row["id"] for row in rows])
        spreads = [None if row["worst_spread"] == "" else float(row["worst_spread"])
                   for row in table]
        self.assertEqual(spreads, [row["worst_spread"] for row in rows])
        markdown = self.run_command(*ask, "--format", "markdown").stdout.decode().splitlines()
        self.assertEqual(len(markdown), len(rows) + 2)
        plain = self.run_command(*ask, "--format", "table").stdout.decode().splitlines()
        self.assertEqual(len(plain), len(rows) + 1)

    def test_the_rows_document_has_the_promised_shape(self):
        document = self.json("query", "verdict='fail'", "--root", self.root)
        self.assertEqual(list(document), ["schema_version", "rows", "stale", "count"])
        self.assertEqual(document["schema_version"], 1)
        self.assertIs(document["stale"], False)
        self.assertEqual(document["count"], len(document["rows"]))

    def test_an_empty_answer_is_a_valid_document_and_status_0(self):
        for form in ("json", "jsonl", "csv", "markdown", "table"):
            done = self.run_command("query", "1=0", "--root", self.root, "--format", form)
            if form == "json":
                self.assertEqual(json.loads(done.stdout)["rows"], [])
            elif form == "jsonl":
                self.assertEqual(done.stdout, b"")

    def test_groups_add_up_to_all_results(self):
        groups = self.rows("query", "--group-by", "scheduler,verdict")
        self.assertEqual(set(groups[0]), {"scheduler", "verdict", "count"})
        [total] = self.rows("query", "--count")
        self.assertEqual(sum(row["count"] for row in groups), total["count"])

    def test_a_metric_is_a_column_for_conditions_and_order(self):
        rows = self.rows("query", "worst_p99_wake_latency_us > 0", "--metric",
                         "worst_p99_wake_latency_us", "--order-by", "-worst_p99_wake_latency_us",
                         "--select", "test_name,worst_p99_wake_latency_us", "--limit", "5")
        values = [row["worst_p99_wake_latency_us"] for row in rows]
        self.assertEqual(len(values), 5)
        self.assertEqual(values, sorted(values, reverse=True))

    def test_expect_makes_the_exit_status_a_gate(self):
        self.run_command("query", "verdict='fail'", "--expect", "none", "--root", self.root,
                         status=1)
        self.run_command("query", "verdict='fail'", "--expect", "some", "--root", self.root)
        # The pool has a file that nobody can read.
        nothing = ["query", "1=0", "--root", self.root, "--expect"]
        self.run_command(*nothing, "none", status=3)
        self.run_command(*nothing, "none", "--allow-partial")
        self.run_command(*nothing, "some", "--allow-partial", status=1)
        self.run_command(*nothing, "some", "--allow-partial", "--count", status=1)

    def test_filters_of_one_kind_are_alternatives_and_kinds_add_up(self):
        rows = self.rows("query", "--scheduler", "eevdf", "--scheduler", "scx_lavd",
                         "--verdict", "pass", "--select", "scheduler,verdict")
        self.assertEqual({row["scheduler"] for row in rows}, {"eevdf", "scx_lavd"})
        self.assertEqual({row["verdict"] for row in rows}, {"pass"})

    def test_a_value_that_matches_nothing_gets_the_nearest_that_would(self):
        done = self.run_command("query", "--scheduler", "scx_lavdd", "--root", self.root)
        self.assertIn(b"'scx_lavd'", done.stderr)

    def test_a_misspelt_column_is_shown_with_a_caret_and_a_near_name(self):
        done = self.run_command("query", "verdit='fail'", "--root", self.root, status=2)
        said = done.stderr.decode().splitlines()
        self.assertIn("no such column: verdit", said[0])
        self.assertEqual(said[1:3], ["verdit='fail'", "^"])
        self.assertIn("verdict", said[3])

    def test_what_is_no_expression_is_refused(self):
        for text in ("1) union select 1--", "1; select 1", "1), (2", "(1", "1 --\n) from x",
                     "/* open", "", "verdict = 'fail", "PRAGMA user_version"):
            self.run_command("query", text, "--root", self.root, status=2)

    def test_statements_that_do_more_than_read_the_views_are_refused(self):
        before = self.rows("query", "--count")
        for text in ("PRAGMA journal_mode=DELETE", "ATTACH ':memory:' AS x",
                     "delete from sidecar", "select * from sidecar", "select 1; select 2",
                     "drop view results", "vacuum", "insert into setting values('a', 1)",
                     "select load_extension('x')", ""):
            self.run_command("sql", text, "--root", self.root, status=2)
        self.assertEqual(self.rows("query", "--count"), before)

    def test_a_runaway_statement_ends_at_its_timeout(self):
        endless = ("with recursive n(i) as (select 1 union all select i + 1 from n) "
                   "select count(*) from n")
        done = self.run_command("sql", endless, "--timeout", "0.3", "--root", self.root, status=3)
        self.assertIn(b"0.3", done.stderr)

    def test_a_timeout_that_no_clock_can_wait_for_is_a_usage_error(self):
        for timeout in ("nan", "inf", "-1", "1e300", "5s", ""):
            done = self.run_command("sql", "select 1", f"--timeout={timeout}", "--root", self.root,
                                    status=2)
            self.assertIn(b"--timeout", done.stderr)
        self.run_command("sql", "select 1", "--timeout", "1e9", "--root", self.root)

    def test_a_result_is_named_by_a_prefix_of_its_id_as_tables_show_it(self):
        table = self.run_command("query", "--limit", "1", "--root", self.root).stdout.decode()
        prefix = table.splitlines()[1].split()[0]
        self.assertTrue(8 <= len(prefix) < 32, prefix)
        document = self.json("show", prefix, "--root", self.root)
        self.assertTrue(document["id"].startswith(prefix))
        on_disk = json.loads((self.root / document["paths"][0]).read_bytes())
        self.assertEqual(document["record"], on_disk)
        self.assertEqual(document["status"], "ok")

    def test_an_ambiguous_or_unknown_name_lists_candidates_with_status_2(self):
        [row] = self.rows("sql", "select test_name from results group by 1 "
                                 "having count(distinct id) > 1 limit 1")
        done = self.run_command("show", row["test_name"], "--root", self.root, status=2)
        self.assertIn(row["test_name"].encode(), done.stderr)
        self.run_command("show", "no_such_test_at_all", "--root", self.root, status=2)

    def test_list_counts_what_the_verdicts_add_up_to_newest_first(self):
        rows = self.rows("list")
        self.assertEqual(list(rows[0]), ["run", "tests", "date", "arch", "pass", "fail", "skip",
                                         "inconclusive"])
        for row in rows:
            self.assertEqual(row["pass"] + row["fail"] + row["skip"] + row["inconclusive"],
                             row["tests"])
        stamps = [(self.root / row["run"]).lstat().st_mtime_ns for row in rows]
        self.assertEqual(stamps, sorted(stamps, reverse=True))
        self.assertFalse(any(row["run"].startswith(".") for row in rows))

    def test_every_view_opens_in_the_stock_shell_and_agrees_with_the_command(self):
        catalog = self.json("refresh", "--root", self.root)["catalog"]
        for view in ("results", "pool", "run_dirs", "sessions", "metrics", "verifier_programs",
                     "callbacks", "kvm_stats", "payload_metrics", "hosts", "artifacts", "files",
                     "about"):
            stock = subprocess.run(["sqlite3", "-readonly", catalog,
                                    f"select count(*) from {view}"],
                                   check=True, capture_output=True, timeout=60).stdout
            [row] = self.rows("sql", f"select count(*) as n from {view}")
            self.assertEqual(int(stock), row["n"], view)

    def test_what_an_answer_leaves_out_is_said_in_one_line(self):
        done = self.run_command("query", "--count", "--root", self.root)
        broken = self.rows("sql", "select count(*) as n from files "
                                  "where status in ('corrupt', 'unreadable')")[0]["n"]
        self.assertGreater(broken, 0)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(self.run_command("query", "--count", "-q", "--root", self.root).stderr,
                         b"")

    def test_output_into_a_closed_pipe_ends_quietly(self):
        from support import COMMAND  # the shell starts it here
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; '{COMMAND}' query --select path -q "
                           f"--root '{self.root}' | head -n 1"],
            capture_output=True, timeout=60, env=self.environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, b"")


class RealFile(Scenario):
    def setUp(self):
        super().setUp()
        (self.root / RUN).mkdir()
        self.name = shared_data(REAL).name
        shutil.copy(shared_data(REAL), self.root / RUN / self.name)

    def test_the_real_file_is_a_result_although_its_name_has_no_hash(self):
        [row] = self.rows("query", "--select", "test_name,contract,verdict,file_hash,variant_hash,"
                                   "throughput_denomination,kernel_version")
        self.assertEqual(row["test_name"], "sched_basic_proportional")
        self.assertEqual(row["contract"], "ok")
        self.assertEqual(row["verdict"], "pass")
        self.assertIsNone(row["file_hash"])
        self.assertEqual(row["throughput_denomination"], "cpu_sec")
        hashed = self.json("harness", "hash", self.root / RUN / self.name)
        self.assertEqual(hashed["hash"], row["variant_hash"])

    def test_the_artifact_classifier_does_not_take_it(self):
        [row] = self.json("harness", "classify", self.name)["rows"]
        self.assertEqual((row["kind"], row["test"], row["hash"]), (None, None, None))

    def test_its_kvm_statistics_are_the_sums_over_its_vcpus(self):
        record = json.loads((self.root / RUN / self.name).read_bytes())
        vcpus = record["kvm_stats"]["per_vcpu"]
        rows = self.rows("sql", "select stat, sum, avg from kvm_stats")
        self.assertEqual({row["stat"] for row in rows}, set().union(*vcpus))
        for row in rows:
            total = sum(vcpu.get(row["stat"], 0) for vcpu in vcpus)
            self.assertEqual((row["sum"], row["avg"]), (total, total // len(vcpus)))


class Harness(Scenario):
    def test_hash_takes_a_record_or_the_six_fields_from_a_file_or_stdin(self):
        fields = {"topology": "1n2l4c1t", "scheduler": "scx-ktstr", "payload": None,
                  "work_type": "SpinWait", "kargs": ["nosmt"],
                  "sysctls": ["sysctl.kernel.sched_cfs_bandwidth_slice_us=1000"]}
        done = self.run_command("harness", "hash", "-", stdin=json.dumps(fields).encode())
        self.assertEqual(done.stdout, b"5a5b5775a01a425f\n")
        path = shared_data("example.ktstr.json")
        self.assertRegex(self.run_command("harness", "hash", path).stdout, rb"^[0-9a-f]{16}\n$")

    def test_hash_of_something_else_is_status_3(self):
        for text in (b"", b"[]", b"{}", b"{\"topology\": 1}", b"\xff"):
            self.run_command("harness", "hash", "-", stdin=text, status=3)

    def test_classify_names_kind_test_and_hash(self):
        names = ["a-0123456789abcdef.ktstr.json", "a-0123456789abcdef.failure-dump.json",
                 "a-0123456789abcdef.repro.failure-dump.json", "a-0123456789abcdef.wprof.pb",
                 "a-0123456789abcdef.repro.wprof.pb",
                 "a-0123456789abcdef.ktstr.json.tmp.12.20260101T000000Z-0", "other.json"]
        rows = self.json("harness", "classify", *names)["rows"]
        self.assertEqual([row["kind"] for row in rows],
                         ["sidecar", "failure-dump", "repro-failure-dump", "wprof", "repro-wprof",
                          "staging", None])
        self.assertEqual({row["test"] for row in rows[:6]}, {"a"})
        self.assertEqual({row["hash"] for row in rows[:6]}, {"0123456789abcdef"})


class HostileNames(Scenario):
    def test_names_with_newlines_quotes_and_escapes_stay_one_cell(self):
        record = json.loads(shared_data("example.ktstr.json").read_bytes())
        record["test_name"] = "evil\n\x1b[31m|\"test\u0000"
        self.put("run\n1/evil\n'x.ktstr.json", json.dumps(record))
        [row] = self.rows("query", "--select", "test_name,run_dir,file_name")
        self.assertEqual(row["test_name"], record["test_name"])
        self.assertEqual(row["run_dir"], "run\n1")
        for form in ("table", "markdown"):
            text = self.run_command("query", "--select", "test_name,run_dir", "--root", self.root,
                                    "--format", form).stdout
            self.assertNotIn(b"\x1b", text)
            self.assertNotIn(b"\x00", text)
            self.assertEqual(len(text.splitlines()), 3 if form == "markdown" else 2)


class Catalog(Scenario):
    def test_a_catalog_of_a_newer_program_is_refused_with_both_numbers(self):
        self.make_pool("--run-directories", 1, "--tests", 3, "--clean")
        catalog = self.json("refresh", "--root", self.root)["catalog"]
        with sqlite3.connect(catalog) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        done = self.run_command("query", "--root", self.root, status=3)
        self.assertIn(b"99", done.stderr)

    def test_a_file_that_is_no_catalog_is_put_aside_and_the_answer_is_right(self):
        self.make_pool("--run-directories", 1, "--tests", 3, "--clean")
        catalog = self.root / ".ktstr-index" / "catalog.sqlite3"
        catalog.parent.mkdir()
        catalog.write_text("not a database, but long enough to be taken for one\n" * 40)
        self.assertEqual(self.rows("query", "--count"), [{"count": 3}])
        aside = list(catalog.parent.glob("catalog.sqlite3.aside-*"))
        self.assertEqual(len(aside), 1)
        self.assertTrue(aside[0].read_text().startswith("not a database"))

    def test_deleting_the_catalog_loses_nothing(self):
        self.make_pool("--run-directories", 2, "--tests", 5)
        before = self.rows("query", "--select", "path,id,verdict,worst_spread")
        shutil.rmtree(self.root / ".ktstr-index")
        self.assertEqual(self.rows("query", "--select", "path,id,verdict,worst_spread"), before)


if __name__ == "__main__":
    unittest.main()
