# SPDX-License-Identifier: MIT
"""The sidecar protocol, driven by a harness that only has the command."""

import fcntl
import json
import os
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import COMMAND, SAMPLE_POOL, Scenario

# Everything that a record must have and the environment doesn't know.
RECORD = {
    "test_name": "wakes_up", "topology": "1n1l1c1t", "scheduler": "eevdf", "payload": None,
    "metrics": [], "passed": False, "skipped": False, "inconclusive": False,
    "expected_failure": False,
    "periodic_fired": 0, "periodic_target": 0, "vcpus": 1, "cpu_budget": 1,
    "stimulus_events": [], "work_type": "SpinWait", "verifier_stats": [], "sysctls": [],
    "kargs": [], "perf_delta_assertions": [],
}
HASH = "16b754f538ba41fd"
NAME = f"wakes_up-{HASH}.ktstr.json"


def sample_stats():
    """The statistics of a sample record, so that this file needn't know all their keys."""
    with tempfile.TemporaryDirectory(prefix="ktstr-scenario.") as pool:
        subprocess.run([SAMPLE_POOL, "--out", pool, "--seed", "7", "--run-directories", "1",
                        "--tests", "1", "--clean", "--no-jobs"], check=True, capture_output=True)
        sample = next(Path(pool).glob("*/*.ktstr.json"))
        return json.loads(sample.read_text(encoding="utf-8"))["stats"]


class HarnessScenario(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.record = dict(RECORD, stats=sample_stats())

    def harness(self, *arguments, record=None, session="one", env=None, **options):
        values = {"KTSTR_RUNS_ROOT": str(self.root), "KTSTR_PROJECT_COMMIT": "abc1234"}
        if session is not None:
            values["KTSTR_RUN_EPOCH"] = session
        values.update(env or {})
        stdin = b"" if record is None else json.dumps(record).encode()
        return self.run_command("harness", *arguments, stdin=stdin, env=values, **options)

    def write(self, session="one", env=None, **changes):
        """Writes a record; gives its path."""
        done = self.harness("write", record={**self.record, **changes}, session=session, env=env)
        return self.root / done.stdout.decode().rstrip("\n")

    def sidecars(self):
        return sorted(path.name for path in self.root.rglob("*.ktstr.json"))


class Write(HarnessScenario):
    def test_a_record_stands_in_the_directory_of_its_kernel_and_commit(self):
        path = self.write()
        self.assertEqual(path, self.root / "unknown-abc1234" / NAME)
        self.assertEqual(json.loads(path.read_text())["test_name"], "wakes_up")

    def test_missing_keys_are_filled_in_from_the_environment(self):
        written = json.loads(self.write(env={"KTSTR_KERNEL": "6.14.2", "KTSTR_CI": "1"}).read_text())
        self.assertEqual(written["kernel_version"], "6.14.2")
        self.assertEqual(written["project_commit"], "abc1234")
        self.assertEqual(written["run_source"], "ci")
        self.assertRegex(written["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(written["run_id"], r"^\d{8}T\d{6}Z-0$")
        self.assertEqual(written["host"]["kernel_name"], "Linux")
        self.assertIsNone(written["kernel_commit"])

    def test_the_commit_map_names_the_kernels_commit(self):
        env = {"KTSTR_KERNEL": "../linux", "KTSTR_KERNEL_COMMIT": "../linux=1234567-dirty"}
        self.assertEqual(json.loads(self.write(env=env).read_text())["kernel_commit"],
                         "1234567-dirty")

    def test_null_is_a_value_and_stays(self):
        written = json.loads(self.write(project_commit=None, host=None, run_source="here")
                             .read_text())
        self.assertIsNone(written["project_commit"])
        self.assertIsNone(written["host"])
        self.assertEqual(written["run_source"], "here")

    def test_an_unknown_key_at_the_start_stays_there(self):
        record = {"own": 1, **self.record}
        path = self.harness("write", record=record).stdout.decode().strip()
        self.assertEqual(next(iter(json.loads((self.root / path).read_text()))), "own")

    def test_keys_of_a_newer_producer_are_kept(self):
        written = json.loads(self.write(newer={"x": [1, 2.50]}).read_text())
        self.assertEqual(written["newer"], {"x": [1, 2.5]})

    def test_json_names_the_path_and_the_hash(self):
        done = self.harness("write", "--format", "json", record=self.record)
        self.assertEqual(json.loads(done.stdout),
                         {"path": str(self.root / "unknown-abc1234" / NAME), "hash": HASH})

    def test_a_second_write_of_the_variant_replaces_the_first(self):
        self.write()
        path = self.write(passed=True)
        self.assertTrue(json.loads(path.read_text())["passed"])
        self.assertEqual(self.sidecars(), [NAME])

    def test_a_name_as_long_as_can_be_is_written(self):
        path = self.write(test_name="n" * 227, run_id="r" * 300)
        self.assertEqual(len(path.name), 255)
        self.assertEqual(self.sidecars(), [path.name])

    def test_the_flags_for_root_and_catalog_count(self):
        other, catalog = self.temporary / "other", self.temporary / "named.sqlite3"
        flags = ["--root", other, "--catalog", catalog]
        done = self.harness("write", *flags, record=self.record)
        path = Path(done.stdout.decode().strip())
        self.assertEqual(path, other / "unknown-abc1234" / NAME)
        dump = path.with_name(f"t-{HASH}.failure-dump.json")
        dump.write_text("{}")
        self.harness("suppress-dumps", *flags, "t", HASH)
        self.assertFalse(dump.exists())
        self.harness("finalize", *flags, path, "--verdict", "skip")
        rows = self.json("query", *flags, "--check", "none", "--select", "verdict")["rows"]
        self.assertEqual(rows, [{"verdict": "skip"}])
        self.assertEqual((self.sidecars(), (other / ".ktstr-index").exists()), ([], False))

    def test_nothing_but_the_sidecar_the_sentinel_and_the_lock_is_left(self):
        self.write()
        left = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*")
                      if path.is_file() and ".ktstr-index" not in path.parts)
        self.assertEqual(left, [".locks/unknown-abc1234.lock", "unknown-abc1234/.ktstr_run_epoch",
                                f"unknown-abc1234/{NAME}"])


class WriteRefuses(HarnessScenario):
    def refused(self, status, text, limit=(), **options):
        done = self.harness("write", *limit, status=status, **options)
        self.assertIn(text, done.stderr.decode())
        self.assertEqual(self.sidecars(), [])

    def test_a_call_without_a_session(self):
        self.refused(2, "--session new", record=self.record, session=None)

    def test_an_empty_session_is_none(self):
        self.refused(2, "no session", record=self.record, session="")

    def test_what_is_not_json(self):
        self.refused(3, "", record=None)

    def test_a_record_that_lacks_what_only_the_harness_knows(self):
        record = {key: value for key, value in self.record.items() if key != "vcpus"}
        self.refused(3, "missing field `vcpus`", record=record)

    def test_a_record_with_several_faults_learns_of_all_of_them_at_once(self):
        record = {key: value for key, value in self.record.items()
                  if key not in ("vcpus", "topology")}
        record |= {"passed": "no", "stats": {**record["stats"], "total_cpus": None}}
        for text in ("missing field `vcpus`", "missing field `topology`",
                     "passed: invalid type", "stats.total_cpus: invalid type"):
            self.refused(3, text, record=record)

    def test_a_timestamp_of_the_wrong_type(self):
        self.refused(3, "timestamp", record={**self.record, "timestamp": 5})

    def test_names_that_no_file_can_have(self):
        for name in ["", "a/b", "a\0b"]:
            with self.subTest(name=name):
                self.refused(2, "test name", record={**self.record, "test_name": name})

    def test_a_name_that_is_too_long_before_it_clears_anything(self):
        self.write(session="before", test_name="kept")
        done = self.harness("write", record={**self.record, "test_name": "n" * 228}, status=2)
        self.assertIn("255 are allowed", done.stderr.decode())
        self.assertEqual(self.sidecars(), [f"kept-{HASH}.ktstr.json"])

    def test_standard_input_beyond_the_limit(self):
        self.refused(3, "larger than the limit", record=self.record,
                     limit=["--max-file-bytes", "100"])

    def test_a_directory_without_permission(self):
        self.root.chmod(0o555)
        self.addCleanup(self.root.chmod, 0o755)
        self.refused(3, "Permission denied", record=self.record, as_nobody=True)


class Sessions(HarnessScenario):
    def test_a_new_token_can_be_had(self):
        token = self.harness("write", "--session", "new", session=None).stdout.decode().strip()
        self.assertRegex(token, r"^\d{19}$")
        self.assertEqual(self.sidecars(), [])

    def test_processes_of_one_session_keep_each_others_results(self):
        self.write(test_name="a")
        self.write(test_name="b")
        self.assertEqual(self.sidecars(), [f"a-{HASH}.ktstr.json", f"b-{HASH}.ktstr.json"])

    def test_the_option_names_the_session_too(self):
        for name in ["a", "b"]:
            self.harness("write", "--session", "x", record={**self.record, "test_name": name},
                         session=None)
        self.assertEqual(len(self.sidecars()), 2)

    def test_a_new_session_clears_the_last_ones_results_and_orphans_but_no_dumps(self):
        first = self.write(test_name="a")
        directory = first.parent
        (directory / f"a-{HASH}.ktstr.json.tmp.1.x").write_text("{")
        (directory / f"a-{HASH}.failure-dump.json").write_text("{}")
        (directory / "job").mkdir()
        (directory / "job" / NAME).write_text("{}")
        self.write(session="two", test_name="b")
        left = sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))
        self.assertEqual(left, [".ktstr_run_epoch", f"a-{HASH}.failure-dump.json",
                                f"b-{HASH}.ktstr.json", "job", f"job/{NAME}"])
        self.assertEqual((directory / ".ktstr_run_epoch").read_text(), "two")

    def test_clear_is_the_raw_behaviour_each_process_wipes(self):
        for name in ["a", "b"]:
            self.harness("write", "--clear", record={**self.record, "test_name": name},
                         session=None)
        self.assertEqual(self.sidecars(), [f"b-{HASH}.ktstr.json"])

    def test_an_override_is_neither_locked_nor_cleared(self):
        own = self.temporary / "own"
        own.mkdir()
        (own / f"old-{HASH}.ktstr.json").write_text("{}")
        self.harness("write", record=self.record, session=None,
                     env={"KTSTR_SIDECAR_DIR": str(own)})
        self.assertEqual(sorted(path.name for path in own.iterdir()),
                         [f"old-{HASH}.ktstr.json", NAME])
        self.assertFalse((self.temporary / ".locks").exists())

    def test_sixteen_processes_at_once_lose_nothing(self):
        names = [f"t{number}" for number in range(64)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: self.write(test_name=name), names))
        self.assertEqual(self.sidecars(), sorted(f"{name}-{HASH}.ktstr.json" for name in names))


class WriteSkip(HarnessScenario):
    IDENTITY = {key: RECORD[key] for key in
                ["test_name", "topology", "scheduler", "payload", "work_type", "sysctls", "kargs"]}

    def test_a_skip_is_a_whole_record_without_measurements(self):
        done = self.harness("write-skip", record=self.IDENTITY)
        written = json.loads((self.root / done.stdout.decode().strip()).read_text())
        self.assertEqual((written["passed"], written["skipped"], written["inconclusive"]),
                         (False, True, False))
        self.assertEqual((written["vcpus"], written["cpu_budget"], written["monitor"]),
                         (0, 0, None))
        self.assertEqual(self.json("harness", "hash", done.stdout.decode().strip()),
                         {"hash": HASH})

    def test_a_run_of_the_variant_replaces_its_skip(self):
        self.harness("write-skip", record=self.IDENTITY)
        path = self.write(passed=True)
        self.assertEqual(self.sidecars(), [NAME])
        self.assertFalse(json.loads(path.read_text())["skipped"])

    def test_an_identity_with_a_missing_part_is_refused(self):
        for key in ["test_name", "topology", "kargs"]:
            record = {name: value for name, value in self.IDENTITY.items() if name != key}
            done = self.harness("write-skip", record=record, status=3)
            self.assertIn(key, done.stderr.decode())


class Finalize(HarnessScenario):
    def test_an_expected_failure_becomes_a_marked_pass_and_nothing_else_changes(self):
        path = self.write(newer=1.50)
        before = path.read_text()
        self.harness("finalize", path, "--verdict", "pass")
        expected = before.replace('"passed": false', '"passed": true').replace(
            '"expected_failure": false', '"expected_failure": true')
        self.assertEqual(path.read_text(), expected)

    def test_a_verdict_that_is_there_already_leaves_the_file_alone(self):
        path = self.write()
        before = path.stat()
        done = self.harness("finalize", path, "--verdict", "fail", "--format", "json")
        self.assertEqual(json.loads(done.stdout), {"path": str(path), "changed": False})
        self.assertEqual((path.stat().st_ino, path.stat().st_mtime_ns),
                         (before.st_ino, before.st_mtime_ns))

    def test_the_same_verdict_twice_is_done_and_another_refused_unless_forced(self):
        path = self.write()
        self.harness("finalize", path, "--verdict", "pass")
        once = path.read_bytes()
        self.assertEqual(self.harness("finalize", path, "--verdict", "pass").stderr, b"")
        done = self.harness("finalize", path, "--verdict", "skip", status=3)
        self.assertIn("--force", done.stderr.decode())
        self.assertEqual(path.read_bytes(), once)
        self.harness("finalize", path, "--verdict", "pass", "--force")
        self.assertFalse(json.loads(path.read_text())["expected_failure"])

    def test_the_archive_that_is_named_is_the_only_one_that_is_filled(self):
        usual = self.temporary / "data"
        other = self.temporary / "other.sqlite3"
        path = self.write()
        for archive in ("off", other):
            env = {"XDG_DATA_HOME": str(usual), "KTSTR_INDEX_ARCHIVE": "", "CI": "", "KTSTR_CI": ""}
            self.run_command("harness", "finalize", path, "--verdict", "pass", "--archive", archive,
                             env=env)
            self.run_command("run", "--archive", archive, "--root", self.root, "--", COMMAND,
                             "harness", "finalize", path, "--verdict", "fail", "--force", env=env)
            self.assertFalse(usual.exists(), archive)
        self.assertTrue(other.exists())

    def test_an_empty_path_is_no_file_that_may_be_missing(self):
        self.harness("finalize", "", "--verdict", "pass", "--if-exists", status=2)

    def test_a_file_that_is_not_there_is_an_error_unless_it_need_not_be(self):
        path = self.root / "none.ktstr.json"
        self.harness("finalize", path, "--verdict", "pass", status=3)
        done = self.harness("finalize", path, "--verdict", "pass", "--if-exists")
        self.assertIn("nothing to finalize", done.stderr.decode())

    def test_dumps_in_what_is_no_directory_are_not_said_to_be_gone(self):
        (self.temporary / "file").write_text("x")
        for name, status in (("file", 3), ("none", 0)):
            self.harness("suppress-dumps", "a", "0123456789abcdef", status=status,
                         env={"KTSTR_SIDECAR_DIR": str(self.temporary / name)})

    def test_two_at_once_invert_only_once(self):
        for number in range(8):
            path = self.write(test_name=f"t{number}")
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda _: subprocess.run(
                    [COMMAND, "harness", "finalize", str(path), "--verdict", "pass"],
                    capture_output=True, check=False, timeout=60,
                    env=self.environment(KTSTR_RUNS_ROOT=str(self.root))), range(2)))
            self.assertTrue(json.loads(path.read_text())["expected_failure"])

    def test_a_path_from_within_the_run_directory_is_locked_too(self):
        path = self.write()
        lock = self.root / ".locks" / f"{path.parent.name}.lock"
        with lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with subprocess.Popen([COMMAND, "harness", "finalize", path.name, "--verdict", "skip"],
                                  cwd=path.parent, stdout=subprocess.DEVNULL,
                                  env=self.environment()) as process:
                with self.assertRaises(subprocess.TimeoutExpired):
                    process.wait(0.3)
                self.assertFalse(json.loads(path.read_text())["skipped"])
                fcntl.flock(held, fcntl.LOCK_UN)
                self.assertEqual(process.wait(30), 0)
        self.assertTrue(json.loads(path.read_text())["skipped"])

    def test_what_is_no_sidecar_is_left_alone(self):
        path = self.put("run/x.ktstr.json", '{"passed": fal')
        done = self.harness("finalize", path, "--verdict", "pass", status=3)
        self.assertIn(f"finalize_sidecar_verdict: unparseable sidecar {path}",
                      done.stderr.decode())
        self.assertEqual(path.read_text(), '{"passed": fal')

    def test_a_file_that_is_not_there(self):
        self.harness("finalize", self.root / "none", "--verdict", "pass", status=3)

    def test_a_verdict_that_is_none(self):
        self.harness("finalize", "x", "--verdict", "passed", status=2)


class SuppressDumps(HarnessScenario):
    def test_exactly_this_variants_dumps_go(self):
        directory = self.write().parent
        for name in [f"t-{HASH}.failure-dump.json", f"t-{HASH}.repro.failure-dump.json",
                     "t-00000000000000aa.failure-dump.json", f"t-{HASH}.wprof.pb",
                     f"tt-{HASH}.failure-dump.json"]:
            (directory / name).write_text("{}")
        self.harness("suppress-dumps", "t", HASH)
        self.assertEqual(sorted(path.name for path in directory.iterdir()),
                         [".ktstr_run_epoch", "t-00000000000000aa.failure-dump.json",
                          f"t-{HASH}.wprof.pb", f"tt-{HASH}.failure-dump.json", NAME])

    def test_none_there_is_fine_and_a_bad_hash_is_not(self):
        self.harness("suppress-dumps", "t", HASH)
        self.harness("suppress-dumps", "t", "xyz", status=2)
        self.harness("suppress-dumps", "../t", HASH, status=2)


class ReadmeExample(HarnessScenario):
    @unittest.skipUnless("README_EXAMPLE" in os.environ, "run by ctest")
    def test_it_writes_a_sidecar_that_is_an_expected_failure(self):
        done = subprocess.run(
            [os.environ["README_EXAMPLE"]], capture_output=True, check=True, timeout=60,
            cwd=self.temporary,
            env=self.environment(KTSTR_RUNS_ROOT=str(self.root), KTSTR_PROJECT_COMMIT="abc1234"))
        self.assertEqual(done.stderr, b"")
        path = self.root / done.stdout.decode().strip()
        self.assertEqual(path.parent, self.root / "unknown-abc1234")
        rows = self.rows("query", "--select", "path,verdict,expected_failure,contract")
        self.assertEqual(rows, [{"path": str(path.relative_to(self.root)), "verdict": "pass",
                                 "expected_failure": 1, "contract": "ok"}])


class WholeProtocol(HarnessScenario):
    def test_a_program_elsewhere_drives_it_with_the_command_alone(self):
        script = """
          set -e
          export KTSTR_RUN_EPOCH=$("$INDEX" harness write --session new)
          path=$("$INDEX" harness write record.json)
          "$INDEX" harness finalize "$path" --verdict pass >/dev/null
          "$INDEX" query --count "verdict='pass' and expected_failure=1" --format csv
        """
        elsewhere = self.temporary / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "record.json").write_text(json.dumps(self.record))
        done = subprocess.run(
            ["sh", "-c", script], cwd=elsewhere, capture_output=True, check=True, timeout=60,
            env=self.environment(INDEX=COMMAND, KTSTR_RUNS_ROOT=str(self.root)))
        self.assertEqual(done.stdout.decode().split()[-1], "1")


if __name__ == "__main__":
    unittest.main()
