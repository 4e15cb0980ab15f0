# SPDX-License-Identifier: MIT
"""The pool behind the golden texts: a few records, written by hand, and the same at any time on
any machine. Every verdict, each kind of file, foreign names, and two hosts are in it."""

import copy
import json
import os

LATEST = "7.1.0-abc1234"
OLDER = "6.14.2-abc1234"
DIRTY = "6.14.2-def5678-dirty"
EMPTY = "6.13.0-abc1234"
OUTLIER = "7.2.0-abc1234"
TOKEN = "1783201200000000000"
SECOND_NS = 1_000_000_000
START_NS = 1_783_201_200 * SECOND_NS  # 2026-07-04T21:40:00Z

DESK = {"cpu_model": "Example CPU, 12 cores", "cpu_vendor": "ExampleVendor",
        "total_memory_kib": 65762340, "hugepages_total": 0, "hugepages_free": 0,
        "hugepages_size_kib": 2048, "thp_enabled": "always [madvise] never",
        "sched_tunables": {"sched_rr_timeslice_ms": "100", "sched_schedstats": "0"},
        "online_cpus": 12, "numa_nodes": 1,
        "cpufreq_governor": {"0": "performance", "1": "performance"}, "kernel_name": "Linux",
        "kernel_release": "6.12.41-desk", "arch": "x86_64", "kernel_cmdline": "ro quiet",
        "heap_state": {"active_bytes": 8192, "allocated_bytes": 4096, "resident_bytes": 16384,
                       "mapped_bytes": 32768, "narenas": 4}}
SERVER = {**DESK, "cpu_model": "Example CPU, 64 cores", "online_cpus": 64, "numa_nodes": 2,
          "cpufreq_governor": {"0": "schedutil", "1": "schedutil"}, "sched_tunables":
          {"sched_rr_timeslice_ms": "100"}, "kernel_release": "6.12.41-server"}

STATS = {"cgroups": [], "total_workers": 4, "total_cpus": 4, "total_migrations": 29,
         "worst_spread": 0.25, "worst_gap_ms": 7, "worst_gap_cpu": 0,
         "worst_migration_ratio": 0.0001, "total_iterations": 680258,
         "ext_metrics": {"worst_p99_wake_latency_us": 41.877, "iteration_rate": 56617.25}}
EVENTS = {"fallback_rate": 3.0, "keep_last_rate": 97.5, **dict.fromkeys((
    "total_fallback", "max_fallback_burst", "total_dispatch_offline", "total_dispatch_keep_last",
    "total_enq_skip_exiting", "total_enq_skip_migration_disabled", "total_reenq_immed",
    "total_reenq_local_repeat", "total_refill_slice_dfl", "total_bypass_duration",
    "total_bypass_dispatch", "total_bypass_activate", "total_insert_not_owned",
    "total_sub_bypass_dispatch"), 37)}
MONITOR = {"total_samples": 124, "max_imbalance_ratio": 4.0, "max_local_dsq_depth": 3,
           "stuck_count": 0, "avg_imbalance_ratio": 1.5, "avg_nr_running": 2.0,
           "avg_local_dsq_depth": 0.25, "avg_irq_util": None, "max_avg_irq_util": None,
           "psi_irq_full_avg10": None, "total_irq_pressure_us": None,
           "event_deltas": EVENTS,
           "prog_stats_deltas": [
               {"name": "lavd_enqueue", "cnt": 1000, "nsecs": 250000, "nsecs_per_call": 250.0},
               {"name": "lavd_init", "cnt": 0, "nsecs": 0, "nsecs_per_call": 0.0}]}
KVM = {"per_vcpu": [{"exits": exits, "halt_exits": 5, "halt_wait_ns": 2_800_000,
                     "halt_attempted_poll": 10, "halt_successful_poll": 5, "halt_wakeup": 1,
                     "preemption_reported": 3, "signal_exits": 3, "hypercalls": 2}
                    for exits in (90, 110)]}
RECORD = {
    "test_name": "wake_storm", "topology": "1n2l4c1t", "scheduler": "scx_lavd",
    "scheduler_commit": None, "resolve_source": "auto_built", "project_commit": "abc1234",
    "payload": None, "metrics": [], "passed": True, "skipped": False, "inconclusive": False,
    "expected_failure": False, "stats": STATS, "monitor": MONITOR, "periodic_fired": 39,
    "periodic_target": 40, "vcpus": 8, "cpu_budget": 8, "stimulus_events": [],
    "work_type": "FutexPingPong",
    "verifier_stats": [{"name": "lavd_enqueue", "verified_insns": 50000},
                       {"name": "lavd_dispatch", "verified_insns": 800000}],
    "kvm_stats": KVM, "sysctls": ["sysctl.kernel.sched_schedstats=1"], "kargs": [],
    "kernel_version": "7.1.0", "kernel_commit": "1a2b3c4", "timestamp": "2026-07-04T21:41:00Z",
    "run_id": "20260704T214000Z-0", "host": DESK, "cleanup_duration_ms": 30,
    "run_source": "local", "perf_delta_assertions": []}
BARE = {"monitor": None, "kvm_stats": None, "verifier_stats": []}
FAILED = {"passed": False}


def slow(gap_ms):
    return {"stats": {**STATS, "worst_gap_ms": gap_ms, "worst_spread": 12.5}}


# Run directory (and job), changes of the record.
RECORDS = [
    (LATEST, {}),
    (LATEST, {**FAILED, **slow(4159), "topology": "2n4l8c2t", "vcpus": 128, "cpu_budget": 64}),
    (LATEST, {**FAILED, **BARE, "test_name": "cpuset_shrink_under_load", "scheduler": "eevdf",
              "work_type": "Bursty"}),
    (LATEST, {**BARE, "passed": False, "skipped": True, "test_name": "core_sched_cookie",
              "vcpus": 0, "cpu_budget": 0, "work_type": "SpinWait", "host": None}),
    (LATEST, {**BARE, "passed": False, "inconclusive": True, "test_name": "deadline_floor"}),
    (f"{OLDER}/job-1", {"kernel_version": "6.14.2", "host": SERVER, "run_source": "ci",
                         "cpu_budget": 4}),
    (OLDER, {**BARE, "kernel_version": "6.14.2", "test_name": "größe_測試", "host": SERVER,
             "kernel_commit": None}),
    (OLDER, {**BARE, **FAILED, "kernel_version": "6.14.2", "test_name": "red\x1b[31m|\ttab",
             "host": SERVER}),
    (DIRTY, {**BARE, "kernel_version": "6.14.2", "project_commit": "def5678-dirty",
             "test_name": "watchdog_catches_stall", "expected_failure": True}),
]


def file_name(number, record):
    """A name of ASCII letters, whatever the test's name."""
    name = record["test_name"]
    if not (name.isidentifier() and name.isascii()):
        name = f"foreign_{number}"
    return f"{name}-{number:016x}"


def write_pool(scenario, host=True):
    """Fills the scenario's root. Without host no record has one, as in a very old run."""
    for number, (directory, changes) in enumerate(RECORDS, start=10):
        record = {**copy.deepcopy(RECORD), **changes}
        record["timestamp"] = f"2026-07-04T21:{31 + number}:00Z"
        if not host:
            record["host"] = None
        scenario.put(f"{directory}/{file_name(number, record)}.ktstr.json", json.dumps(record))
    drift = {**RECORD, **BARE, "test_name": "old_format"}
    del drift["vcpus"]
    scenario.put(f"{OLDER}/old_format-00000000000000d0.ktstr.json", json.dumps(drift))
    scenario.put(f"{OLDER}/torn-00000000000000c0.ktstr.json", '{"test_name": "torn", "pas')
    scenario.put(f"{LATEST}/.ktstr_run_epoch", TOKEN)
    for kind in ("failure-dump.json", "repro.failure-dump.json", "wprof.pb"):
        scenario.put(f"{LATEST}/cpuset_shrink_under_load-{12:016x}.{kind}", "{}")
    scenario.put(f"{LATEST}/load_fail-00000000000000f0.failure-dump.json", "{}")
    (scenario.root / EMPTY).mkdir()
    settle(scenario.root)


def write_outlier(scenario):
    """A run of its own in which one scenario is far from the others."""
    for number in range(8):
        record = {**RECORD, **BARE, **slow(9000 if number == 5 else 10 + number),
                  "test_name": f"test_{number}"}
        name = file_name(number, record)
        scenario.put(f"{OUTLIER}/{name}.ktstr.json", json.dumps(record))


def settle(root):
    """Gives every file and directory a time of its own, the latest run's the newest."""
    order = [EMPTY, DIRTY, OLDER, LATEST]
    for rank, name in enumerate(order):
        paths = sorted((root / name).rglob("*"), reverse=True)
        for path in [*paths, root / name]:
            time_ns = START_NS + rank * 60 * SECOND_NS
            os.utime(path, ns=(time_ns, time_ns))
