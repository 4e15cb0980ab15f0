# SPDX-License-Identifier: MIT
"""The footer: which tests failed in the last run, and where the files about them are."""

import csv
import io
import json
import os
import unittest

from support import Scenario, shared_data

HASH = "000000000000000a"


def record(**changes):
    document = json.loads(shared_data("example.ktstr.json").read_bytes())
    document.update(passed=True, skipped=False, inconclusive=False, expected_failure=False)
    document.update(changes)
    return json.dumps(document, indent=2)


class Footer(Scenario):
    def fail(self, run_dir, test):  # pylint: disable=arguments-renamed
        return self.put(f"{run_dir}/{test}-{HASH}.ktstr.json",
                        record(test_name=test, passed=False, scheduler="scx_mitosis",
                               topology="1n4l4c1t"))

    def text(self, *options, **more):
        return self.run_command("footer", "--root", self.root, *options, **more).stdout.decode()

    def directories(self, *options):
        return self.json("footer", "--root", self.root, *options)["directories"]

    def test_the_text_is_the_harness_s_own(self):
        self.fail("7.1.0-abc1234", "asserted")
        self.put("7.1.0-abc1234/load_fail.failure-dump.json", "{}")
        directory = self.root / "7.1.0-abc1234"
        self.assertEqual(self.text(), f"""
cargo ktstr: test outputs
  {directory}
    FAILED  asserted  [scx_mitosis 1n4l4c1t]
      stats         {directory}/asserted-{HASH}.ktstr.json
      replay        cargo ktstr replay --filter asserted --exec
    FAILED  load_fail
      failure dump  {directory}/load_fail.failure-dump.json
    (1 stats sidecar(s), 0 wprof trace(s) written this run)
""")

    def test_the_document_has_the_promised_keys(self):
        path = self.fail("run", "asserted")
        self.put(f"run/asserted-{HASH}.wprof.pb", b"trace")
        self.assertEqual(self.json("footer", "--root", self.root), {"directories": [{
            "path": str(self.root / "run"),
            "failed": [{
                "test": "asserted", "scheduler": "scx_mitosis", "topology": "1n4l4c1t",
                "failure_dump": None, "repro_dump": None, "stats": [str(path)],
                "wprof": str(self.root / f"run/asserted-{HASH}.wprof.pb"), "repro_wprof": None,
                "replayable": True}],
            "stats_sidecars": 1, "wprof_traces": 1}]})

    def test_other_formats_have_a_row_for_each_failed_test(self):
        path = self.fail("run", "asserted")
        self.put("run/load_fail.failure-dump.json", "{}")
        self.put(f"run/fine-{HASH}.ktstr.json", record(test_name="fine"))
        rows = list(csv.DictReader(io.StringIO(self.text("--format", "csv"))))
        self.assertEqual([(row["test"], row["replayable"]) for row in rows],
                         [("asserted", "1"), ("load_fail", "0")])
        self.assertEqual(json.loads(rows[0]["stats"]), [str(path)])
        lines = self.text("--format", "jsonl").splitlines()
        self.assertEqual([json.loads(line)["test"] for line in lines], ["asserted", "load_fail"])

    def test_since_takes_seconds_and_nanoseconds_and_is_inclusive(self):
        path = self.fail("run", "asserted")
        os.utime(path, ns=(1_780_000_000_500_000_000, 1_780_000_000_500_000_000))
        self.assertEqual(len(self.directories("--since", "1780000000")), 1)
        self.assertEqual(len(self.directories("--since", "1780000001")), 0)
        self.assertEqual(len(self.directories("--since", "1780000000500000000")), 1)
        self.assertEqual(len(self.directories("--since", "1780000000500000001")), 0)
        self.assertEqual(len(self.directories("--since", "2026-05-28T20:26:40Z")), 1)
        self.assertEqual(self.text("--since", "1780000001"), "")

    def test_since_takes_the_time_of_a_file(self):
        path = self.fail("run", "asserted")
        start = self.temporary / "start"
        start.write_bytes(b"")
        os.utime(path, ns=(5_000_000_001, 5_000_000_001))
        os.utime(start, ns=(5_000_000_001, 5_000_000_001))
        self.assertEqual(len(self.directories("--since", f"@{start}")), 1)
        os.utime(start, ns=(5_000_000_002, 5_000_000_002))
        self.assertEqual(len(self.directories("--since", f"@{start}")), 0)

    def test_a_bad_time_is_a_usage_error_with_a_hint(self):
        for time in ("yesteryear", "", "@missing", "@"):
            done = self.run_command("footer", "--root", self.root, "--since", time, status=2)
            self.assertIn(b"@FILE", done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_a_missing_root_is_an_empty_answer(self):
        missing = self.temporary / "missing"
        done = self.run_command("footer", "--root", missing)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"missing", done.stderr)
        self.assertEqual(self.json("footer", "--root", missing), {"directories": []})
        self.assertEqual(self.json("footer"), {"directories": []})
        done = self.run_command("footer", "--root", missing, "--format", "csv")
        self.assertTrue(done.stdout.startswith(b"path,test,"))

    def test_an_empty_root_is_an_empty_answer(self):
        self.assertEqual(self.text(), "")
        self.assertEqual(self.directories(), [])

    def test_a_file_instead_of_a_root_is_status_3(self):
        (self.temporary / "file").write_bytes(b"")
        self.run_command("footer", "--root", self.temporary / "file", status=3)

    def test_an_edit_in_place_is_seen(self):
        path = self.fail("run", "asserted")
        self.assertEqual(len(self.directories()[0]["failed"]), 1)
        path.write_text(record(test_name="asserted"))
        self.assertEqual(self.directories()[0]["failed"], [])

    def test_an_unparsable_sidecar_counts_and_is_said_on_stderr(self):
        self.put(f"run/cut-{HASH}.ktstr.json", record()[:100])
        done = self.run_command("footer", "--root", self.root)
        self.assertIn(b"(1 stats sidecar(s), 0 wprof trace(s) written this run)", done.stdout)
        self.assertIn(f"run/cut-{HASH}.ktstr.json".encode(), done.stderr)

    def test_links_and_job_directories_do_not_count_but_a_linked_run_directory_does(self):
        elsewhere = self.temporary / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "there.failure-dump.json").write_bytes(b"{}")
        (self.root / "linked").symlink_to(elsewhere)
        self.put("run/job/in_job.failure-dump.json", "{}")
        (self.root / "run/link.failure-dump.json").symlink_to(elsewhere / "there.failure-dump.json")
        [directory] = self.directories()
        self.assertEqual(directory["path"], str(self.root / "linked"))
        self.assertEqual([test["test"] for test in directory["failed"]], ["there"])


if __name__ == "__main__":
    unittest.main()
