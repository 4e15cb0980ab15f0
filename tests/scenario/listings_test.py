# SPDX-License-Identifier: MIT
"""The harness's listings: list-values, list-metrics, show-host, explain-sidecar."""

import csv
import io
import json
import os
import re
import shlex
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from support import SOURCE, Scenario, load_json

RUN = "6.14.2-abc1234"
HOST = {"cpu_model": "CPU A", "total_memory_kib": 64, "online_cpus": 4, "arch": "x86_64",
        "sched_tunables": {"sched_a": "1"}, "cpufreq_governor": {"0": "performance"},
        "heap_state": {"narenas": 4}}
STATS = {"cgroups": [], "total_workers": 1, "total_cpus": 2, "total_migrations": 0,
         "worst_spread": 0.0, "worst_gap_ms": 0, "worst_gap_cpu": 0, "worst_migration_ratio": 0.0,
         "total_iterations": 1, "ext_metrics": {}}
RECORD = {
    "test_name": "basic", "topology": "1n1l2c1t", "scheduler": "eevdf", "scheduler_commit": None,
    "resolve_source": "path", "project_commit": "abc1234", "payload": None, "metrics": [],
    "passed": True, "skipped": False, "inconclusive": False, "expected_failure": False,
    "stats": STATS, "monitor": None, "periodic_fired": 0, "periodic_target": 0, "vcpus": 2,
    "cpu_budget": 2, "stimulus_events": [], "work_type": "SpinWait", "verifier_stats": [],
    "kvm_stats": None, "sysctls": [], "kargs": [], "kernel_version": "6.14.2",
    "kernel_commit": None, "timestamp": "2026-07-04T21:41:43Z", "run_id": "basic-1", "host": HOST,
    "cleanup_duration_ms": 5, "run_source": "local", "perf_delta_assertions": []}


def without(record, key):
    return {name: value for name, value in record.items() if name != key}


class Listings(Scenario):
    def setUp(self):
        super().setUp()
        self.count = 0

    def put_record(self, directory=RUN, **changes):
        """A sidecar of its own name; gives its path."""
        self.count += 1
        record = {**RECORD, **changes}
        name = f"{directory}/basic-{self.count:016x}.ktstr.json"
        self.put(name, json.dumps(record))
        return name

    def validated(self, command, *arguments, **options):
        """The command's document, which has to obey its schema."""
        document = self.json(command, *arguments, **options)
        if jsonschema is None:
            if os.environ.get("CI"):
                self.fail("CI is set and there is no python3-jsonschema")
            self.skipTest("no python3-jsonschema")
        schema = load_json(SOURCE / "schema" / "output" / f"{command}.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(document)
        return document

    def text(self, *arguments, **options):
        return self.run_command(*arguments, **options).stdout.decode()

    def table(self, *arguments):
        """The rows of the CSV form."""
        text = self.text(*arguments, "--format", "csv")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def error(self, *arguments, status):
        done = self.run_command(*arguments, status=status)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def content(self):
        """What is below the root, with times."""
        return {str(path.relative_to(self.root)): path.lstat().st_mtime_ns
                for path in [self.root, *self.root.rglob("*")]}


VALUES_TEXT = """\
kernel:
  unknown
  6.14.2
  6.9

commit:
  abc1234

kernel_commit:
  unknown

source:
  ci
  local

resolve_source:
  path

cpu_budget:
  2
  16

scheduler:
  a\\x1b[31m\\nb
  eevdf

topology:
  1n1l2c1t

work_type:
  SpinWait

"""


class ListRuns(Listings):
    def test_a_missing_root_prints_nothing_for_people_and_valid_documents_for_programs(self):
        missing = self.root / "missing"
        for arguments in ([], ["--left-out"]):
            done = self.run_command("list", *arguments, "--root", missing)
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"no such runs root\nrun the tests first, or name another with --root\n",
                          done.stderr)
            self.assertEqual(self.json("list", *arguments, "--root", missing)["rows"], [])
            self.assertEqual(self.table("list", *arguments, "--root", missing), [])
        self.assertEqual(self.text("list", "--format", "csv", "--root", missing),
                         "run,tests,date,arch,pass,fail,skip,inconclusive\n")

    def test_a_pool_without_runs_prints_nothing_but_a_note(self):
        done = self.run_command("list", "--root", self.root)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"no run directories in", done.stderr)
        self.assertEqual(self.json("list", "--root", self.root)["rows"], [])


class ListValues(Listings):
    def fill(self):
        self.put_record(kernel_version="6.9", cpu_budget=16)
        self.put_record(kernel_version=None, run_source="ci", scheduler="a\x1b[31m\nb")
        self.put_record("6.9-abc1234/job-1", cpu_budget=0, skipped=True, passed=False)
        self.put("6.9-abc1234/x-0000000000000001.ktstr.json",
                 json.dumps({**without(RECORD, "work_type"), "scheduler": "of another schema"}))
        self.put("6.9-abc1234/y-0000000000000001.ktstr.json", "{")
        (self.root / "empty").mkdir()

    def test_the_text_has_a_block_for_each_dimension(self):
        self.fill()
        self.assertEqual(self.text("list-values", "--root", self.root), VALUES_TEXT)

    def test_the_document_has_null_first_and_numbers_for_budgets(self):
        self.fill()
        document = self.validated("list-values", "--root", self.root)
        self.assertEqual(document, {
            "kernel": [None, "6.14.2", "6.9"], "commit": ["abc1234"], "kernel_commit": [None],
            "source": ["ci", "local"], "resolve_source": ["path"], "cpu_budget": [2, 16],
            "scheduler": ["a\x1b[31m\nb", "eevdf"], "topology": ["1n1l2c1t"],
            "work_type": ["SpinWait"]})
        flag = self.run_command("list-values", "--json", "--root", self.root).stdout
        self.assertEqual(json.loads(flag), document)
        self.assertTrue(flag.endswith(b"}\n"))

    def test_rows_count_the_results_of_each_value(self):
        self.fill()
        rows = self.table("list-values", "--root", self.root)
        self.assertEqual([list(row.values()) for row in rows if row["dimension"] == "kernel"],
                         [["kernel", "", "1"], ["kernel", "6.14.2", "1"], ["kernel", "6.9", "1"]])
        for row in rows:
            self.assertNotIn("\x1b", row["value"])
        lines = self.text("list-values", "--root", self.root, "--format", "jsonl").splitlines()
        self.assertEqual(json.loads(lines[0]), {"dimension": "kernel", "value": None, "results": 1})

    def test_an_empty_pool_is_no_error(self):
        done = self.run_command("list-values", "--root", self.root)
        self.assertEqual(done.stdout.count(b":\n  (no sidecars in pool)\n\n"), 9)
        document = self.validated("list-values", "--root", self.root)
        self.assertEqual(set(map(len, document.values())), {0})

    def test_a_missing_root_is_an_empty_document_and_a_hint(self):
        missing = self.root / "missing"
        for option in ("--root", "--dir"):
            done = self.run_command("list-values", "--json", option, missing)
            self.assertEqual(set(map(len, json.loads(done.stdout).values())), {0})
            self.assertIn(b"no such runs root", done.stderr)
            self.assertIn(option.encode(), done.stderr)
        self.assertFalse(missing.exists())

    def test_what_is_left_out_is_listed_of_the_pool_that_was_asked(self):
        spaced = self.temporary / "it's a pool"
        for pool in (self.root, spaced):
            (pool / RUN).mkdir(parents=True)
            (pool / RUN / "x-0000000000000001.ktstr.json").write_text("{")
        for option in ("--root", "--dir"):
            for pool in (self.root, spaced):
                done = self.run_command("list-values", option, pool)
                [hint] = re.findall(r"\((list --left-out.*)\)\n", done.stderr.decode())
                self.assertEqual(shlex.split(hint), ["list", "--left-out", "--root", str(pool)])
        done = self.run_command("list-values", env={"KTSTR_RUNS_ROOT": str(self.root)})
        self.assertIn("(list --left-out)\n", done.stderr.decode())

    def test_a_pool_of_skips_says_why_it_has_no_budget(self):
        self.put_record(cpu_budget=0, skipped=True, passed=False)
        text = self.text("list-values", "--root", self.root)
        self.assertIn("cpu_budget:\n  (all runs skipped \u2014 no budget recorded)\n\n", text)
        self.assertEqual(self.json("list-values", "--root", self.root)["cpu_budget"], [])

    def test_another_pool_is_an_archive_and_stays_as_it_was(self):
        self.fill()
        before = self.content()
        elsewhere = self.temporary / "own"
        elsewhere.mkdir()
        document = self.validated("list-values", "--dir", self.root, "--root", elsewhere)
        self.assertEqual(document["source"], ["archive"])
        self.assertEqual(document["kernel"], [None, "6.14.2", "6.9"])
        self.run_command("show-host", "--run", RUN, "--dir", self.root)
        self.run_command("explain-sidecar", "--run", RUN, "--dir", self.root)
        self.assertEqual(self.content(), before)
        [source] = [row for row in self.table("list-values", "--dir", self.root)
                    if row["dimension"] == "source"]
        self.assertEqual(source, {"dimension": "source", "value": "archive", "results": "3"})

    def test_an_empty_archive_has_no_source(self):
        self.assertEqual(self.validated("list-values", "--dir", self.root)["source"], [])


class ListMetrics(Listings):
    def registry(self):
        with open(SOURCE / "schema" / "metrics.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_the_document_has_the_whole_registry_in_its_order(self):
        document = self.validated("list-metrics", cwd="/")
        registry = self.registry()
        self.assertEqual([entry["name"] for entry in document], [row["name"] for row in registry])
        words = {"higher": "HigherBetter", "lower": "LowerBetter", "info": "Informational"}
        for entry, row in zip(document, registry):
            self.assertEqual(list(entry), ["name", "polarity", "kind", "default_abs",
                                           "default_rel", "display_unit"])
            self.assertEqual(entry["polarity"], words[row["polarity"]])
            self.assertEqual(entry["default_abs"], float(row["default_abs"]))
            self.assertEqual(entry["default_rel"], float(row["default_rel"]))
            self.assertEqual(entry["display_unit"], row["unit"])
            kind = entry["kind"]
            name = kind if isinstance(kind, str) else next(iter(kind))
            self.assertEqual(name, row["kind"].split("(")[0])

    def test_numbers_are_written_as_the_harness_writes_them(self):
        text = self.text("list-metrics", "--json", cwd="/")
        self.assertTrue(text.startswith('[\n  {\n    "name": "worst_spread",\n'
                                        '    "polarity": "LowerBetter",\n'
                                        '    "kind": {\n      "Gauge": "Last"\n    },\n'
                                        '    "default_abs": 5.0,\n    "default_rel": 0.25,\n'
                                        '    "display_unit": "%"\n  },\n'), text[:200])
        self.assertTrue(text.endswith("\n]\n"))

    def test_the_table_begins_with_the_harnesses_columns(self):
        lines = self.text("list-metrics", cwd="/").splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "POLARITY", "DEFAULT_ABS", "DEFAULT_REL",
                                            "UNIT", "KIND", "MEANING"])
        self.assertEqual(lines[1].split()[:6],
                         ["worst_spread", "lower", "5", "0.25", "%", "Gauge(Last)"])
        self.assertEqual(len(lines), len(self.registry()) + 1)

    def test_rows_have_the_meaning_too(self):
        rows = self.table("list-metrics")
        self.assertEqual([row["meaning"] for row in rows],
                         [row["meaning"] for row in self.registry()])
        self.assertEqual(len(self.text("list-metrics", "--format", "markdown").splitlines()),
                         len(rows) + 2)


HOST_TEXT = """\
kernel_name: (unknown)
kernel_release: (unknown)
arch: x86_64
cpu_model: CPU A
cpu_vendor: (unknown)
total_memory_kib: 64
hugepages_total: (unknown)
hugepages_free: (unknown)
hugepages_size_kib: (unknown)
online_cpus: 4
numa_nodes: (unknown)
thp_enabled: (unknown)
thp_defrag: (unknown)
kernel_cmdline: (unknown)
cpufreq_governor:
  cpu0 = performance
sched_tunables:
  sched_a = 1
heap_state:
  allocated_bytes: (unknown)
  active_bytes: (unknown)
  resident_bytes: (unknown)
  mapped_bytes: (unknown)
  narenas: 4
"""


class ShowHost(Listings):
    def test_without_a_run_it_is_this_machine_and_needs_no_root(self):
        document = self.validated("show-host", cwd="/")
        self.assertIsNone(document["run"])
        self.assertEqual(document["host"]["arch"], os.uname().machine)
        self.assertIn(f"kernel_release: {os.uname().release}\n", self.text("show-host", cwd="/"))

    def test_the_first_result_that_has_a_host_shows_it(self):
        self.put_record(host=None)
        self.put_record()
        self.put_record(host={"arch": "aarch64"})
        done = self.run_command("show-host", "--run", RUN, "--root", self.root)
        self.assertEqual(done.stdout.decode(), HOST_TEXT)
        self.assertIn(b"2 different hosts", done.stderr)
        document = self.validated("show-host", "--run", RUN, "--root", self.root)
        self.assertEqual(document, {"run": RUN, "host": HOST})

    def test_a_job_has_its_own_host(self):
        self.put_record()
        self.put_record(RUN + "/job-1", host={"arch": "aarch64"})
        document = self.json("show-host", "--run", RUN + "/job-1", "--root", self.root)
        self.assertEqual(document["host"], {"arch": "aarch64"})

    def test_rows_name_each_entry_of_a_map(self):
        self.put_record()
        rows = {row["name"]: row["value"]
                for row in self.table("show-host", "--run", RUN, "--root", self.root)}
        self.assertEqual(rows["cpufreq_governor.cpu0"], "performance")
        self.assertEqual(rows["sched_tunables.sched_a"], "1")
        self.assertEqual(rows["heap_state.narenas"], "4")
        self.assertEqual(rows["kernel_name"], "")

    def test_each_way_to_have_no_host_says_which_it_is(self):
        self.put_record("old", host=None)
        self.put_record("old", host=None)
        self.put("broken/x-0000000000000001.ktstr.json", "{")
        (self.root / "empty").mkdir()
        ask = ("--root", self.root)
        self.assertIn("2 sidecar(s)", self.error("show-host", "--run", "old", *ask, status=3))
        for name in ("broken", "empty"):
            said = self.error("show-host", "--run", name, *ask, status=3)
            self.assertIn(f"run '{name}' has no sidecar data", said)
        said = self.error("show-host", "--run", "brokem", *ask, status=2)
        self.assertIn("did you mean broken?", said)
        self.error("show-host", "--run", "", *ask, status=2)
        self.error("show-host", "--run", "old", "--root", self.root / "missing", status=3)

    def test_a_diff_shows_only_what_differs_and_not_the_heap(self):
        self.put_record("a")
        other = {**HOST, "cpu_model": "CPU \x1b\u2192 B", "cpufreq_governor": {},
                 "heap_state": {"narenas": 8}}
        self.put_record("b", host=other)
        ask = ("show-host", "--diff", "a", "b", "--root", self.root)
        self.assertEqual(self.text(*ask),
                         "  cpu_model: CPU A \u2192 CPU \\x1b\u2192 B\n"
                         "  cpufreq_governor.cpu0: performance \u2192 (absent)\n")
        document = self.validated(*ask)
        self.assertEqual(document, {"a": "a", "b": "b", "differences": [
            {"field": "cpu_model", "a": "CPU A", "b": "CPU \x1b\u2192 B"},
            {"field": "cpufreq_governor.cpu0", "a": "performance", "b": "(absent)"}]})
        self.assertEqual([row["field"] for row in self.table(*ask)],
                         ["cpu_model", "cpufreq_governor.cpu0"])

    def test_equal_hosts_print_nothing_and_a_note(self):
        self.put_record("a")
        self.put_record("b", host={**HOST, "heap_state": {"narenas": 8}})
        done = self.run_command("show-host", "--diff", "a", "b", "--root", self.root)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"no difference", done.stderr)
        document = self.validated("show-host", "--diff", "a", "b", "--root", self.root)
        self.assertEqual(document["differences"], [])

    def test_one_run_is_compared_with_this_machine(self):
        self.put_record("a", host={**HOST, "arch": "pdp11"})
        document = self.validated("show-host", "--diff", "a", "--root", self.root)
        self.assertIsNone(document["b"])
        self.assertIn({"field": "arch", "a": "pdp11", "b": os.uname().machine},
                      document["differences"])

    def test_arguments_that_do_not_go_together_are_usage_errors(self):
        ask = ("--root", self.root)
        self.error("show-host", "--diff", *ask, status=2)
        self.error("show-host", "a", *ask, status=2)
        self.error("show-host", "--run", "a", "--diff", "b", *ask, status=2)
        self.error("show-host", "--dir", self.root, status=2)
        self.error("show-host", "--diff", "a", "b", "c", *ask, status=2)


FIRST_BLOCK = """\
walked 4 sidecar file(s), parsed 2 valid

test: a\\nb
  topology: 1n1l2c1t
  scheduler: eevdf
  verdict: skip
  run_id: a-1
  arch: -
  cpu_budget: - (skipped, no guest was booted)
  cgroup (unnamed): cpus 0-3,6
  populated optional fields (5): resolve_source, project_commit, kernel_version, \
cleanup_duration_ms, run_source
  none fields (6):
    scheduler_commit [expected]
      - No kind of scheduler tells the harness its commit yet, so this is null in every file.
    payload [expected]
"""


class ExplainSidecar(Listings):
    def fill(self):
        """Two good sidecars, a corrupt one, one of another schema; gives the last two's names."""
        path = self.put_record()
        cgroup = self.sample_cgroup()
        self.put_record(RUN + "/job-1", test_name="a\nb", run_id="a-1", host=None, cpu_budget=0,
                        passed=False, skipped=True, stats={**STATS, "cgroups": [cgroup]})
        self.put(RUN + "/zz.ktstr.json", "{")
        self.put(RUN + "/job-1/drift.ktstr.json", json.dumps(without(RECORD, "work_type")))
        return path

    def sample_cgroup(self):
        numbers = ("num_workers num_cpus max_gap_ms max_gap_cpu total_migrations total_iterations "
                   "total_cpu_time_ns").split()
        reals = ("migration_ratio p99_wake_latency_us median_wake_latency_us wake_latency_cv "
                 "median_timer_latency_us p99_timer_latency_us p999_timer_latency_us "
                 "worst_timer_latency_us mean_run_delay_us worst_run_delay_us page_locality "
                 "cross_node_migration_ratio").split()
        flags = ("wake_measured", "timer_measured", "run_delay_measured")
        return {"cgroup_name": "", "cpus_used": [6, 0, 1, 2, 3], "ext_metrics": {},
                **dict.fromkeys(numbers, 0), **dict.fromkeys(reals, 0.0),
                **dict.fromkeys(flags, False)}

    def ask(self, *arguments, run=RUN):
        return ("explain-sidecar", "--run", run, "--root", self.root, *arguments)

    def test_the_text_has_a_block_for_each_sidecar_and_the_broken_files_last(self):
        self.fill()
        text = self.text(*self.ask())
        self.assertTrue(text.startswith(FIRST_BLOCK), text[:900])
        self.assertLess(text.index("test: a"), text.index("test: basic"))
        corrupt = text[text.index("corrupt sidecars (2):\n"):].splitlines()
        root = os.path.realpath(self.root)
        self.assertEqual(corrupt[1], f"  {root}/{RUN}/job-1/drift.ktstr.json")
        self.assertIn("work_type", corrupt[2])
        self.assertEqual(corrupt[3], f"  {root}/{RUN}/zz.ktstr.json")
        self.assertEqual(corrupt[5], "")
        self.assertNotIn("\x1b", text)

    def test_the_document_counts_the_walk_and_each_field(self):
        self.fill()
        self.put_record(cpu_budget=1)
        document = self.validated(*self.ask())
        self.assertEqual(list(document), ["_schema_version", "_walk", "overcommit_runs", "fields"])
        walk = document["_walk"]
        self.assertEqual((walk["walked"], walk["valid"], len(walk["errors"])), (5, 3, 2))
        self.assertEqual(document["overcommit_runs"], 1)
        self.assertEqual(list(document["fields"]), sorted(document["fields"]))
        for field in document["fields"].values():
            self.assertEqual(field["none_count"] + field["some_count"], 3)
        self.assertEqual(document["fields"]["host"]["none_count"], 1)
        self.assertEqual(json.loads(self.text(*self.ask("--json"))), document)

    def test_what_is_null_is_what_the_files_say(self):
        self.make_pool("--run-directories", 2, "--tests", 12)
        [run] = [path.name for path in self.root.iterdir()
                 if len(list(path.glob("*.ktstr.json"))) > 5][:1]
        records = []
        for path in (self.root / run).rglob("*.ktstr.json"):
            try:
                records.append(json.loads(path.read_bytes()))
            except ValueError:
                pass
        fields = self.validated(*self.ask(run=run))["fields"]
        for name, field in fields.items():
            nulls = sum(record.get(name) is None for record in records)
            self.assertEqual((field["none_count"], field["some_count"]),
                             (nulls, len(records) - nulls), name)

    def test_rows_have_the_fields_in_the_records_order(self):
        self.fill()
        done = self.run_command(*self.ask("--format", "csv"))
        rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
        self.assertEqual(list(rows[0]), ["field", "none_count", "some_count", "classification",
                                         "fix"])
        self.assertEqual([row["field"] for row in rows],
                         [key for key in RECORD if key in {row["field"] for row in rows}])
        self.assertEqual(len(rows), 11)
        self.assertIn(b"2 corrupt, 0 unreadable", done.stderr)

    def test_a_job_can_be_asked_alone(self):
        self.fill()
        walk = self.json(*self.ask(run=RUN + "/job-1/"))["_walk"]
        self.assertEqual((walk["walked"], walk["valid"]), (2, 1))

    def test_only_corrupt_files_are_an_answer(self):
        self.put(RUN + "/zz.ktstr.json", b"\xff")
        self.put(RUN + "/yy.ktstr.json", "[]")
        document = self.validated(*self.ask())
        self.assertEqual(document["_walk"]["valid"], 0)
        self.assertEqual(len(document["_walk"]["errors"]), 1)
        self.assertEqual(len(document["_walk"]["io_errors"]), 1)
        text = self.text(*self.ask())
        self.assertTrue(text.startswith("walked 2 sidecar file(s), parsed 0 valid\n\ncorrupt"))
        self.assertIn("\nio errors (1):\n", text)

    def test_an_unreadable_file_is_an_io_error(self):
        path = self.root / self.put_record()
        self.put_record()
        path.chmod(0)
        self.root.chmod(0o755)
        document = json.loads(self.run_command(*self.ask("--json"), as_nobody=True).stdout)
        [error] = document["_walk"]["io_errors"]
        self.assertEqual(error["path"], os.path.realpath(path))
        self.assertIn("Permission denied", error["error"])
        self.assertEqual(document["_walk"]["valid"], 1)

    def test_a_directory_that_cannot_be_listed_is_said_and_not_called_empty(self):
        self.put_record()
        (self.root / RUN).chmod(0)
        self.addCleanup((self.root / RUN).chmod, 0o755)
        done = self.run_command(*self.ask(), as_nobody=True, status=3)
        self.assertIn(b"Permission denied", done.stderr)

    def test_a_job_directory_that_cannot_be_listed_is_said(self):
        self.fill()
        (self.root / RUN / "job-1").chmod(0)
        self.addCleanup((self.root / RUN / "job-1").chmod, 0o755)
        done = self.run_command(*self.ask("--json"), as_nobody=True)
        self.assertEqual(json.loads(done.stdout)["_walk"]["walked"], 2)
        self.assertIn(b"job-1: Permission denied", done.stderr)

    def test_a_directory_without_sidecars_is_status_3_and_named(self):
        self.put(RUN + "/notes.txt", "no sidecar")
        said = self.error(*self.ask(), status=3)
        self.assertIn(os.path.realpath(self.root / RUN), said)

    def test_keys_that_name_no_run_are_usage_errors(self):
        self.put_record()
        for key in ("", "/", ".", "..", f"{RUN}/..", str(self.root / RUN), "a/b/c"):
            said = self.error(*self.ask(run=key), status=2)
            self.assertIn("can't be the name of a run", said)
        said = self.error(*self.ask(run=RUN[:-1]), status=2)
        self.assertIn(f"did you mean {RUN}?", said)
        self.error("explain-sidecar", "--root", self.root, status=2)

    def test_a_missing_root_is_status_3(self):
        for option in ("--root", "--dir"):
            said = self.error("explain-sidecar", "--run", RUN, option, self.root / "missing",
                              status=3)
            self.assertIn("no such runs root", said)
            self.assertIn(f"name another with {option}\n", said)

    def test_no_catalog_is_made(self):
        self.put_record()
        before = self.content()
        self.text(*self.ask())
        self.assertEqual(self.content(), before)


if __name__ == "__main__":
    unittest.main()
