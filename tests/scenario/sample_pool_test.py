# SPDX-License-Identifier: MIT
"""The sample pool: what its generator says about it must be true, and the same every time."""

import hashlib
import json
import os
import statistics
import subprocess
import unittest
from collections import Counter

from support import SAMPLE_POOL, Scenario

MARK = "ktstr_index.synthetic=1"
REQUIRED = """test_name topology scheduler metrics passed skipped inconclusive expected_failure stats
periodic_fired periodic_target vcpus cpu_budget stimulus_events work_type verifier_stats sysctls
kargs timestamp run_id perf_delta_assertions""".split()


def tree(root):
    """Every path below root with what it holds."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_dir():
            found[name] = "directory"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def verdict(record):
    for name in ("skipped", "inconclusive", "passed"):
        if record[name]:
            return name
    return "failed"


class SamplePool(Scenario):
    def generate(self, *options, out=None, status=0):
        done = subprocess.run(
            [SAMPLE_POOL, "--out", str(out or self.root), *map(str, options)],
            capture_output=True, timeout=120, env=self.environment(), check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def generate_with_manifest(self, *options):
        manifest = self.temporary / "manifest.jsonl"
        self.generate("--manifest", manifest, *options)
        return [json.loads(line) for line in manifest.read_text().splitlines()]

    def records(self, *options):
        """The records that are meant to be whole, as (path, record)."""
        return [(entry["path"], json.loads((self.root / entry["path"]).read_bytes()))
                for entry in self.generate_with_manifest(*options) if entry["status"] == "ok"]

    def test_the_same_seed_makes_the_same_tree(self):
        other = self.temporary / "other"
        self.generate("--seed", 5, "--run-directories", 4)
        self.generate("--seed", 5, "--run-directories", 4, out=other)
        self.assertEqual(tree(self.root), tree(other))

    def test_another_seed_makes_another_tree(self):
        other = self.temporary / "other"
        self.generate("--seed", 5, "--run-directories", 4)
        self.generate("--seed", 6, "--run-directories", 4, out=other)
        sidecars = [{digest for name, digest in tree(root).items()
                     if name.endswith(".ktstr.json")} for root in (self.root, other)]
        self.assertLess(len(sidecars[0] & sidecars[1]), 10)  # only the empty ones, and links

    def test_the_manifest_names_every_sidecar_once(self):
        entries = self.generate_with_manifest()
        on_disk = sorted(str(path.relative_to(self.root))
                         for path in self.root.rglob("*.ktstr.json"))
        self.assertEqual(sorted(entry["path"] for entry in entries), on_disk)
        self.assertEqual({entry["status"] for entry in entries},
                         {"ok", "drift", "corrupt", "unreadable"})

    def test_whole_records_have_the_required_keys_and_the_mark(self):
        records = self.records()
        self.assertGreater(len(records), 400)
        for path, record in records:
            self.assertEqual([key for key in REQUIRED if record.get(key) is None], [], path)
            self.assertIn(MARK, record["host"]["kernel_cmdline"].split(), path)

    def test_drifted_records_are_objects_with_the_mark(self):
        drifted = [entry for entry in self.generate_with_manifest() if entry["status"] == "drift"]
        self.assertEqual({entry["detail"].split(":")[0] for entry in drifted}, {"older", "newer"})
        for entry in drifted:
            record = json.loads((self.root / entry["path"]).read_bytes())
            self.assertIn(MARK, record["host"]["kernel_cmdline"].split(), entry["path"])

    def test_corrupt_files_do_not_parse(self):
        corrupt = [entry for entry in self.generate_with_manifest()
                   if entry["status"] == "corrupt"]
        self.assertGreater(len(corrupt), 2)
        for entry in corrupt:
            with self.assertRaises(ValueError, msg=entry["path"]):
                json.loads((self.root / entry["path"]).read_bytes().decode("utf-8"))

    def test_unreadable_files_cannot_be_opened(self):
        unreadable = [entry for entry in self.generate_with_manifest()
                      if entry["status"] == "unreadable"]
        self.assertEqual(len(unreadable), 1)
        with self.assertRaises(OSError):
            (self.root / unreadable[0]["path"]).read_bytes()

    def test_a_typical_record_is_as_large_as_a_real_one(self):
        self.generate("--clean")
        sizes = [path.stat().st_size for path in self.root.rglob("*.ktstr.json")]
        self.assertTrue(15_000 < statistics.median(sizes) < 25_000, statistics.median(sizes))
        self.assertLess(sum(size > 100_000 for size in sizes), 10)

    def test_samples_make_records_of_megabytes(self):
        self.generate("--clean", "--run-directories", 1, "--tests", 12, "--samples", 25000)
        sizes = [path.stat().st_size for path in self.root.rglob("*.ktstr.json")]
        self.assertGreater(max(sizes), 2_000_000)

    def test_no_two_records_share_their_measurements(self):
        seen = Counter()
        for _, record in self.records("--clean"):
            for cgroup in record["stats"]["cgroups"]:
                seen[cgroup["avg_off_cpu_pct"]] += 1
        self.assertGreater(len(seen), 500)
        self.assertEqual([value for value, times in seen.items() if times > 1], [])

    def test_every_verdict_occurs_and_most_tests_pass(self):
        records = [record for _, record in self.records()]
        verdicts = Counter(map(verdict, records))
        self.assertEqual(set(verdicts), {"passed", "failed", "skipped", "inconclusive"})
        self.assertGreater(verdicts["passed"], 0.8 * len(records))
        self.assertTrue(any(record["expected_failure"] for record in records))
        self.assertTrue(any(record["skipped"] and record["vcpus"] == 0 for record in records))
        self.assertTrue(any(record["skipped"] and record["vcpus"] > 0 for record in records))

    def test_the_planted_regression_is_there(self):
        latencies = {}
        for path, record in self.records("--clean"):
            machine = record["host"]["arch"], record["run_source"]
            if machine == ("x86_64", "local") and record["scheduler"] == "scx_lavd" \
                    and record["work_type"] == "FutexPingPong":
                metrics = record["stats"]["ext_metrics"]
                latencies.setdefault(record["project_commit"], []).append(
                    (record["timestamp"], metrics["worst_p99_wake_latency_us"]))
        ordered = [[latency for _, latency in values]
                   for values in sorted(latencies.values())]
        ratio = statistics.mean(ordered[-1]) / statistics.mean(ordered[0])
        self.assertTrue(1.2 < ratio < 1.5, ratio)

    def test_a_test_breaks_with_the_last_commit(self):
        broken = {record["project_commit"]: verdict(record) for _, record in self.records("--clean")
                  if record["test_name"] == "cgroup_weight_inversion"}
        self.assertEqual([commit.endswith("-dirty") for commit, said in broken.items()
                          if said == "failed"], [True])
        self.assertGreater(len(broken), 4)

    def test_a_clean_pool_holds_sidecars_and_session_tokens_only(self):
        entries = self.generate_with_manifest("--clean")
        self.assertEqual({entry["status"] for entry in entries}, {"ok"})
        files = [path for path in self.root.rglob("*") if not path.is_dir()]
        self.assertEqual({"".join(path.suffixes[-2:]) or path.name for path in files},
                         {".ktstr.json", ".ktstr_run_epoch"})
        self.assertEqual([path for path in self.root.glob("*/*") if path.is_dir()], [])

    def test_a_full_pool_holds_what_else_a_harness_leaves(self):
        self.generate()
        for pattern in ("*/*.failure-dump.json", "*/*.repro.failure-dump.json", "*/*.wprof.pb",
                        "*/*.ktstr.json.tmp.*", "*/shard-1/*.ktstr.json", ".locks/*.lock",
                        "*/yield_loop_no_starvation.failure-dump.json"):
            self.assertTrue(list(self.root.glob(pattern)), pattern)
        self.assertIn([], [list(path.iterdir()) for path in self.root.iterdir()])
        self.generate("--no-jobs", out=self.temporary / "flat")
        self.assertEqual(list((self.temporary / "flat").glob("*/*/*")), [])

    def test_a_rerun_replaces_results_and_token_in_place(self):
        again = self.temporary / "again"
        self.generate("--clean", "--run-directories", 2)
        self.generate("--clean", "--run-directories", 2, "--reruns", 2, out=again)
        before, after = tree(self.root), tree(again)
        self.assertEqual(list(before), list(after))
        self.assertEqual([name for name in before if before[name] == after[name]
                          and before[name] != "directory"], [])

    def test_repeats_measure_the_same_code_in_directories_of_their_own(self):
        records = self.records("--clean", "--run-directories", 2, "--repeats", 3)
        pairs = {path.split("/")[0]: (record["kernel_version"], record["project_commit"])
                 for path, record in records}
        self.assertEqual(len(pairs), 6)
        self.assertEqual(set(Counter(pairs.values()).values()), {3})
        tokens = {path.read_text() for path in self.root.glob("*/.ktstr_run_epoch")}
        self.assertEqual(len(tokens), 3)

    def test_a_large_directory_has_a_variant_for_every_sidecar(self):
        self.generate("--clean", "--run-directories", 1, "--tests", 2500)
        self.assertEqual(len(list(self.root.rglob("*.ktstr.json"))), 2500)

    def test_a_directory_that_is_not_empty_is_refused_and_left_alone(self):
        self.put("precious", "data")
        done = self.generate(status=2)
        self.assertIn(b"not empty", done.stderr)
        self.assertEqual(list(tree(self.root)), ["precious"])

    def test_a_manifest_inside_of_the_pool_is_refused(self):
        self.generate("--manifest", self.root / "manifest.jsonl", status=2)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_bad_flags_are_refused(self):
        for flags in (["--tests", "0"], ["--tests", "many"], ["--seed", "-1"], ["--bogus"], ["x"]):
            self.generate(*flags, status=2)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_describe_names_commits_of_the_pool(self):
        said = self.generate("--describe", "--clean").stdout.decode()
        last = [path.name for path in self.root.iterdir() if path.name.endswith("-dirty")]
        commit = last[0].split("-", 1)[1]
        self.assertIn(f"cgroup_weight_inversion fails at {commit} ", said)


if __name__ == "__main__":
    unittest.main()
