#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds schema/sidecar.schema.json against real records and against records broken on purpose.

Which keys may be null or missing is written down here a second time, on purpose: a list taken from
the schema could not find a key that the schema has wrong.

KTSTR_SHARED_DATA  directory of the example and the real record (else ../shared/data)
SAMPLE_POOL        the sample generator; without it its records are not looked at
CI                 makes missing data or a missing validator a failure instead of a skip
"""

import copy
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("KTSTR_SHARED_DATA") or SOURCE.parent / "shared" / "data")

# A pattern is a path with * for an array's index or a map's key.
NULLABLE = {
    prefix + key
    for prefix, keys in {
        "": "scheduler_commit resolve_source project_commit payload monitor kvm_stats"
        " kernel_version kernel_commit host cleanup_duration_ms run_source",
        "stats.cgroups.*.": "avg_off_cpu_pct min_off_cpu_pct max_off_cpu_pct spread taobench_whole",
        "stats.phases.*.per_cgroup.*.": "schbench taobench",
        "monitor.": "avg_irq_util max_avg_irq_util psi_irq_full_avg10 total_irq_pressure_us"
        " event_deltas schedstat_deltas sched_domain_lb prog_stats_deltas bpf_map_fields",
        "stimulus_events.*.": "op_kind detail total_iterations step_index",
        "perf_delta_assertions.*.": "direction max_regression_pct min_abs phase",
        "host.": "cpu_model cpu_vendor total_memory_kib hugepages_total hugepages_free"
        " hugepages_size_kib thp_enabled thp_defrag sched_tunables online_cpus numa_nodes"
        " kernel_name kernel_release arch kernel_cmdline task_delayacct config_task_xacct"
        " heap_state",
        "host.heap_state.": "active_bytes allocated_bytes resident_bytes mapped_bytes narenas",
    }.items()
    for key in keys.split()
}
DEFAULTED = {"stats.phases", "monitor.bpf_map_fields.*.is_counter", "host.cpufreq_governor"}
MAPS = {
    "stats.ext_metrics",
    "stats.cgroups.*.ext_metrics",
    "stats.phases.*.metrics",
    "stats.phases.*.per_cgroup",
    "stats.phases.*.per_cgroup.*.metrics",
    "kvm_stats.per_vcpu.*",
    "host.sched_tunables",
    "host.cpufreq_governor",
}
# Tagged by name rather than by shape: tested by themselves.
ENUMS = {
    "metrics.*.metrics.*.polarity",
    "metrics.*.metrics.*.stream",
    "perf_delta_assertions.*.direction",
    "host.task_delayacct",
    "host.config_task_xacct",
}
# Belongs to one contract only: tested by itself.
CONTRACT_KEYS = {"monitor.schedstat_deltas.total_schedstat_wall_sec"}

U16, U32, U64 = (0, 2**16 - 1), (0, 2**32 - 1), (0, 2**64 - 1)
I32, I64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
NARROW = {
    "stats.phases.*.step_index": U16,
    "stimulus_events.*.step_index": U16,
    "perf_delta_assertions.*.phase": U16,
    "periodic_fired": U32,
    "periodic_target": U32,
    "vcpus": U32,
    "cpu_budget": U32,
    "monitor.max_local_dsq_depth": U32,
    "verifier_stats.*.verified_insns": U32,
    "metrics.*.exit_code": I32,
}


def missing(test, what):
    if os.environ.get("CI"):
        test.fail(what)
    test.skipTest(what)


def integer_range(pattern):
    if pattern.startswith("monitor.event_deltas."):
        return I64
    if pattern.endswith((".plat.*", ".wakeup.max", ".wakeup.min", ".request.max", ".request.min",
                         ".rps.max", ".rps.min", ".serve_lat.max", ".serve_lat.min")):
        return U32
    return NARROW.get(pattern, U64)


def wrong_types(value):
    if isinstance(value, bool):
        return [1, "true"]
    if isinstance(value, int):
        return ["7", 1.5, True, [7]]
    if isinstance(value, float):
        return ["7.5", True, {}]
    if isinstance(value, str):
        return [7, True, ["x"]]
    return [{}, "x"] if isinstance(value, list) else [[], "x"]


def nodes(value, path=(), pattern="", seen=None):
    """(path, pattern, value, kind of the parent) of everything below, each pattern once."""
    seen = set() if seen is None else seen
    if pattern in ENUMS or not isinstance(value, (dict, list)):
        return
    kind = "array" if isinstance(value, list) else "map" if pattern in MAPS else "object"
    for key, child in enumerate(value) if kind == "array" else value.items():
        name = key if kind == "object" else "*"
        below = f"{pattern}.{name}" if pattern else name
        if below not in seen:
            seen.add(below)
            yield path + (key,), below, child, kind
        yield from nodes(child, path + (key,), below, seen)


def parent_of(record, path):
    for key in path[:-1]:
        record = record[key]
    return record


class Changed:
    """A record with something else at one place, put back on leaving."""

    REMOVED = object()

    def __init__(self, record, path, value):
        self.parent, self.key, self.value = parent_of(record, path), path[-1], value
        self.record = record

    def __enter__(self):
        absent = isinstance(self.parent, dict) and self.key not in self.parent
        self.old = self.REMOVED if absent else self.parent[self.key]
        self.put(self.value)
        return self.record

    def __exit__(self, *_):
        self.put(self.old)

    def put(self, value):
        if value is self.REMOVED:
            self.parent.pop(self.key)
        else:
            self.parent[self.key] = value


def histogram():
    return {"plat": [0] * 4863 + [1], "nr_samples": 1, "max": 9, "min": 0}


TAOBENCH = {"get_cmds": 5, "get_misses": 1, "fast_ops": 4, "slow_ops": 1, "elapsed_ns": 9}


def filled(example):
    """The example with a value wherever it has null or nothing, but for the big carriers."""
    record = copy.deepcopy(example)
    record["scheduler_commit"] = "0123abc"
    for event in record["stimulus_events"]:
        for key, value in (("op_kind", "ops=1"), ("detail", "1 cgroup"), ("step_index", 1)):
            event[key] = value if event[key] is None else event[key]
    for gate in record["perf_delta_assertions"]:
        gate["phase"] = 1
    for cgroup in record["stats"]["cgroups"]:
        cgroup["taobench_whole"] = dict(TAOBENCH)
        cgroup["ext_metrics"] = {"own": 1.0}
    for phase in record["stats"]["phases"]:
        for cgroup in phase["per_cgroup"].values():
            cgroup["timer_latencies_ns"] = [1, 2]
    record["monitor"]["bpf_map_fields"] = [{"key": "nr", "value": 1.0, "is_counter": True}]
    return record


def first_phase_cgroup(record):
    name = next(iter(record["stats"]["phases"][0]["per_cgroup"]))
    return ("stats", "phases", 0, "per_cgroup", name)


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads((SOURCE / "schema" / "sidecar.schema.json").read_text("utf-8"))

    def setUp(self):
        if jsonschema is None:
            missing(self, "python3-jsonschema is not installed")
        newest = getattr(jsonschema, "Draft202012Validator", None)
        if newest is None:
            missing(self, "this python3-jsonschema doesn't know draft 2020-12")
        self.validator = newest(self.schema)

    def example(self):
        file = DATA / "example.ktstr.json"
        if not file.is_file():
            missing(self, "no example record")
        return filled(json.loads(file.read_text("utf-8")))

    def assert_valid(self, record, what):
        errors = [f"{e.json_path}: {e.message[:200]}" for e in self.validator.iter_errors(record)]
        self.assertEqual(errors, [], what)

    def assert_invalid(self, record, what):
        self.assertFalse(self.validator.is_valid(record), f"{what}: taken as valid")

    def check(self, expected, record, path, value):
        what = f"{'.'.join(map(str, path))} = " + (
            "removed" if value is Changed.REMOVED else json.dumps(value)[:40])
        with self.subTest(what), Changed(record, path, value):
            (self.assert_valid if expected else self.assert_invalid)(record, what)


class TheSchemaItself(SchemaTest):
    def test_is_a_valid_schema_of_its_draft(self):
        self.assertEqual(self.schema["$schema"], type(self.validator).META_SCHEMA["$schema"])
        type(self.validator).check_schema(self.schema)

    def test_uses_every_definition_and_defines_every_reference(self):
        text = json.dumps(self.schema)
        used = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
        self.assertEqual(used, set(self.schema["$defs"]))


class RecordsAsWritten(SchemaTest):
    def test_the_example_is_valid_as_it_stands(self):
        file = DATA / "example.ktstr.json"
        if not file.is_file():
            missing(self, "no example record")
        self.assert_valid(json.loads(file.read_text("utf-8")), file.name)

    def test_the_example_with_every_place_filled_is_valid(self):
        self.assert_valid(self.example(), "filled example")

    def test_each_real_record_is_valid(self):
        files = sorted((DATA / "real").glob("*.ktstr.json"))
        if not files:
            missing(self, "no real record")
        for file in files:
            with self.subTest(file.name):
                self.assert_valid(json.loads(file.read_text("utf-8")), file.name)


class RecordsOfTheGenerator(SchemaTest):
    def generate(self, directory):
        """(path, intended status) of every sidecar of a sample pool."""
        manifest = directory / "manifest.jsonl"
        subprocess.run([os.environ["SAMPLE_POOL"], "--out", directory / "pool", "--seed", "1",
                        "--run-directories", "12", "--tests", "40", "--manifest", manifest],
                       check=True, stdout=subprocess.DEVNULL)
        entries = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
        return [(directory / "pool" / entry["path"], entry["status"]) for entry in entries]

    def test_the_good_ones_are_valid_and_the_drifted_ones_are_not(self):
        if "SAMPLE_POOL" not in os.environ:
            self.skipTest("SAMPLE_POOL is not set")
        checked = {"ok": 0, "drift": 0}
        with tempfile.TemporaryDirectory() as directory:
            for file, status in self.generate(pathlib.Path(directory)):
                if status not in checked:
                    continue
                checked[status] += 1
                with self.subTest(file.name):
                    check = self.assert_valid if status == "ok" else self.assert_invalid
                    check(json.loads(file.read_text("utf-8")), file.name)
        self.assertTrue(all(checked.values()), checked)


class BrokenRecords(SchemaTest):
    def check_keys(self, record, below=""):
        for path, pattern, _, kind in list(nodes(record)):
            if not pattern.startswith(below) or pattern in CONTRACT_KEYS:
                continue
            nullable = pattern in NULLABLE
            self.check(nullable, record, path, None)
            if kind != "array":
                may_miss = kind == "map" or nullable or pattern in DEFAULTED
                self.check(may_miss, record, path, Changed.REMOVED)

    def check_types(self, record, below=""):
        for path, pattern, value, _ in list(nodes(record)):
            if not pattern.startswith(below) or pattern in CONTRACT_KEYS:
                continue
            for wrong in wrong_types(value):
                self.check(False, record, path, wrong)

    def check_ranges(self, record, below=""):
        for path, pattern, value, _ in list(nodes(record)):
            if not pattern.startswith(below) or isinstance(value, bool):
                continue
            if isinstance(value, int):
                low, high = integer_range(pattern)
                for good in (low, high):
                    self.check(True, record, path, good)
                for bad in (low - 1, high + 1):
                    self.check(False, record, path, bad)

    def check_all(self, record, below=""):
        self.check_keys(record, below)
        self.check_types(record, below)
        self.check_ranges(record, below)

    def test_each_key_is_required_or_nullable_as_the_contract_says(self):
        self.check_keys(self.example())

    def test_a_value_of_another_type_is_refused_everywhere(self):
        self.check_types(self.example())

    def test_integers_have_the_range_of_their_rust_type(self):
        self.check_ranges(self.example())

    def test_the_lists_above_name_only_places_that_are_looked_at(self):
        record = self.example()
        cgroup = parent_of(record, first_phase_cgroup(record) + ("schbench",))
        cgroup["schbench"], cgroup["taobench"] = {}, {}
        looked_at = {pattern for _, pattern, _, _ in nodes(record)}
        for listed in (NULLABLE, DEFAULTED, MAPS, ENUMS, CONTRACT_KEYS, set(NARROW)):
            self.assertEqual(listed - looked_at, set())

    def test_the_schbench_carrier_is_checked_like_the_rest(self):
        record = self.example()
        path = first_phase_cgroup(record) + ("schbench",)
        carrier = {key: histogram() for key in ("wakeup", "request", "rps")}
        for key in ("msg_run_delay_ns", "msg_pcount", "worker_run_delay_ns", "worker_pcount",
                    "loop_count"):
            carrier[key] = 1
        parent_of(record, path)["schbench"] = carrier
        self.check_all(record, "stats.phases.*.per_cgroup.*.schbench.")

    def test_the_taobench_carrier_is_checked_like_the_rest(self):
        record = self.example()
        path = first_phase_cgroup(record) + ("taobench",)
        carrier = {"counters": dict(TAOBENCH), "serve_lat": histogram()}
        parent_of(record, path)["taobench"] = carrier
        self.check_all(record, "stats.phases.*.per_cgroup.*.taobench.")

    def test_a_histogram_of_another_length_is_refused(self):
        record = self.example()
        path = first_phase_cgroup(record) + ("taobench",)
        parent_of(record, path)["taobench"] = {
            "counters": dict(TAOBENCH), "serve_lat": histogram()}
        plat = path + ("serve_lat", "plat")
        self.check(True, record, plat, [0] * 4864)
        for length in (0, 4863, 4865):
            self.check(False, record, plat, [0] * length)

    def test_a_number_beyond_the_doubles_is_refused(self):
        self.check(False, self.example(), ("stats", "worst_spread"), 10**400)

    def test_the_top_must_be_an_object(self):
        for top in ([], None, 1, "x", [self.example()]):
            self.assert_invalid(top, "top")

    def test_a_cpu_id_that_is_no_number_is_refused(self):
        record = self.example()
        for key in ("02", "10"):
            self.check(True, record, ("host", "cpufreq_governor"), {key: "performance"})
        for key in ("x", "", "1.0", "-1"):
            self.check(False, record, ("host", "cpufreq_governor"), {key: "performance"})


class Enums(SchemaTest):
    def check_names(self, path, names, foreign):
        record = self.example()
        for name in names:
            self.check(True, record, path, name)
            self.check(True, record, path, {name: None})
            self.check(False, record, path, {name: 1})
            self.check(False, record, path, {name: None, "x": None})
            self.check(False, record, path, name.swapcase())
        for value in [foreign, {foreign: None}, dict.fromkeys(names), {}, [], 1, True]:
            self.check(False, record, path, value)

    def test_a_polarity_is_one_of_the_five(self):
        names = ("HigherBetter", "LowerBetter", "Unknown", "Informational")
        for path in (("metrics", 0, "metrics", 0, "polarity"),
                     ("perf_delta_assertions", 0, "direction")):
            self.check_names(path, names, "TargetValue")
            record = self.example()
            for value, expected in ((20.0, True), (20, True), ("20", False), ([], False)):
                self.check(expected, record, path, {"TargetValue": value})

    def test_only_the_declared_direction_may_be_null(self):
        record = self.example()
        self.check(True, record, ("perf_delta_assertions", 0, "direction"), None)
        self.check(False, record, ("metrics", 0, "metrics", 0, "polarity"), None)

    def test_a_stream_is_one_of_the_two(self):
        path = ("metrics", 0, "metrics", 0, "stream")
        self.check_names(path, ("Stdout", "Stderr"), "Synthesized")

    def test_the_host_states_are_as_listed(self):
        self.check_names(("host", "task_delayacct"), ("config_off", "runtime_off", "on"), "off")
        self.check_names(("host", "config_task_xacct"), ("on", "off", "unknown"), "runtime_off")


class WhatTheContractAllows(SchemaTest):
    def test_unknown_keys_are_taken_in_every_object(self):
        record = self.example()
        objects = [(path, value) for path, pattern, value, _ in nodes(record)
                   if isinstance(value, dict) and pattern not in MAPS | ENUMS]
        for path, _ in [((), record)] + objects:
            self.check(True, record, path + ("zz_unknown",), {"a": [1, None]})

    def test_an_empty_host_and_a_lone_required_set_are_enough(self):
        record = self.example()
        for key in [key for key in record if key in NULLABLE]:
            del record[key]
        self.assert_valid(record, "without any nullable key")
        record["host"] = {}
        self.assert_valid(record, "with an empty host")

    def test_sets_may_be_unsorted_and_repeat(self):
        self.check(True, self.example(), ("stats", "cgroups", 0, "cpus_used"), [3, 1, 3])

    def test_an_integer_token_is_a_number(self):
        self.check(True, self.example(), ("stats", "worst_spread"), 3)


class TheTwoContracts(SchemaTest):
    def setUp(self):
        super().setUp()
        self.record = self.example()
        self.schedstat = self.record["monitor"]["schedstat_deltas"]
        self.wall = ("monitor", "schedstat_deltas", "total_schedstat_wall_sec")

    def break_newer(self):
        self.record["throughput_denomination"] = "fortnights"

    def test_either_key_of_the_window_will_do(self):
        self.check(True, self.record, self.wall, Changed.REMOVED)
        for value in (1.5, 2, None):
            self.schedstat["total_schedstat_vcpu_sec"] = value
            self.check(True, self.record, self.wall, Changed.REMOVED)
            self.check(True, self.record, self.wall, "unknown to the newer one")

    def test_the_newer_keys_are_checked_only_without_the_target_contract(self):
        for key, good, bad in (
                ("throughput_denomination", ["wall", "cpu_sec", {"wall": None}],
                 ["Wall", None, 1, {"wall": None, "cpu_sec": None}]),
                ("host_dilation", [None, 1.5, 2], ["1.5", True, []])):
            for value in good + bad:
                self.check(True, self.record, (key,), value)
            with Changed(self.record, self.wall, Changed.REMOVED):
                for value in good:
                    self.check(True, self.record, (key,), value)
                for value in bad:
                    self.check(False, self.record, (key,), value)

    def test_a_record_must_keep_one_contract_as_a_whole(self):
        self.break_newer()
        self.assert_valid(self.record, "the target contract")
        for value in (Changed.REMOVED, None, "1.5", True):
            self.check(False, self.record, self.wall, value)

    def test_a_bad_vcpu_window_breaks_only_the_newer_contract(self):
        self.schedstat["total_schedstat_vcpu_sec"] = "1.5"
        self.assert_valid(self.record, "the target contract")
        self.check(False, self.record, self.wall, Changed.REMOVED)

    def test_without_scheduler_statistics_the_target_contract_asks_for_no_window(self):
        self.break_newer()
        self.check(True, self.record, ("monitor", "schedstat_deltas"), None)
        self.check(True, self.record, ("monitor", "schedstat_deltas"), Changed.REMOVED)
        self.check(True, self.record, ("monitor",), None)


if __name__ == "__main__":
    unittest.main()
