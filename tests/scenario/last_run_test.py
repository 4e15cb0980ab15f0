# SPDX-License-Identifier: MIT
"""The report of one run: which run, in every format, and with files that can't be used."""

import csv
import io
import json
import os
import unittest

import jsonschema

from support import SOURCE, Scenario, load_json, shared_data

SCHEMA = SOURCE / "schema/output/last-run.schema.json"
RUN = "6.14.2-abc1234"

# What the numbers of the example come to, by hand.
EXAMPLE_TEXT = """
=== GAUNTLET ANALYSIS ===

No outliers detected.

By scenario (worst first):
  basic                     1/1 passed (0 skipped, 0 inconclusive, 0 failed)  \
avg_spread=0.2%  avg_gap=7ms  imbal=4.0  dsq=3  fallback=37

By topology:
  1n1l2c1t                  1/1 passed (0 skipped, 0 inconclusive, 0 failed)  \
avg_spread=0.2%  avg_gap=7ms  imbal=4.0  dsq=3  fallback=37

=== BPF VERIFIER STATS ===

  program                      verified   limit%
  ------------------------ ------------ --------
  ktstr_dispatch                  29072     2.9%
  ktstr_enqueue                      32     0.0%

  total verified insns: 29104

=== BPF CALLBACK PROFILE ===

  basic (1n1l2c1t):
    program                           cnt       total_ns       avg_ns
    ------------------------ ------------ -------------- ------------
    ktstr_enqueue                    5166         201380           39
    ktstr_dispatch                   6492        1980753          305
    ktstr_init                          0              0            0

=== KVM STATS (avg across 1 VMs) ===

  exits/vcpu   190712   halt/vcpu      1210   halt_wait_ms  2218.8
  poll_ok%      27.3%   preempted/vcpu  224   signal/vcpu        0

  WARNING: 448 host preemptions detected -- timing results may be unreliable
"""


def record(test, **changes):
    document = load_json(shared_data("example.ktstr.json"))
    document.update(test_name=test, passed=True, skipped=False, inconclusive=False)
    document.update(changes)
    return json.dumps(document, indent=2)


class LastRun(Scenario):
    def put_run(self, run_dir, *tests, time=None):
        for test in tests:
            self.put(f"{run_dir}/{test}.ktstr.json", record(test))
        if time is not None:
            os.utime(self.root / run_dir.split("/", maxsplit=1)[0], (time, time))

    def last_run(self, *options, **more):
        return self.run_command("last-run", "--root", self.root, *options, **more)

    def text(self, *options, **more):
        return self.last_run(*options, **more).stdout.decode()

    def document(self, *options, **more):
        document = self.json("last-run", "--root", self.root, *options, **more)
        jsonschema.Draft202012Validator(load_json(SCHEMA)).validate(document)
        return document

    def scenarios(self, *options, **more):
        return sorted(line["name"]
                      for line in self.document(*options, **more)["gauntlet"]["by_scenario"])

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(load_json(SCHEMA))

    def test_stdout_has_the_four_blocks_and_stderr_says_which_run(self):
        self.put_run(RUN, "basic")
        done = self.last_run()
        self.assertEqual(done.stdout.decode(), EXAMPLE_TEXT)
        self.assertEqual(done.stderr.decode(),
                         f"ktstr-index: last-run: {RUN}, 1 result, 2026-07-04T21:41:43Z\n")
        self.assertEqual(self.last_run("--quiet").stderr, b"")

    def test_the_newest_run_directory_is_meant(self):
        self.put_run(RUN, "old", time=1000)
        self.put_run("7.0.0-def5678", "new", time=2000)
        self.put_run(".archive-def5678", "hidden", time=3000)
        self.assertEqual(self.scenarios(), ["new"])

    def test_of_two_of_one_time_the_last_name_is_meant(self):
        self.put_run("b-def5678", "b", time=2000)
        self.put_run("c-def5678", "c", time=2000)
        self.put_run("a-def5678", "a", time=2000)
        self.assertEqual(self.scenarios(), ["c"])
        # A list is read from above, where names ascend; the choice is the harness's.
        self.assertEqual([row["run"] for row in self.rows("list")],
                         ["a-def5678", "b-def5678", "c-def5678"])

    def test_kernel_means_the_newest_run_of_that_label(self):
        self.put_run("6.14.2-abc1234", "old", time=1000)
        self.put_run("6.14.2-def5678", "new", time=2000)
        self.put_run("6.14.20-def5678", "other", time=3000)
        self.assertEqual(self.scenarios("--kernel", "6.14.2"), ["new"])

    def test_an_unknown_kernel_is_an_empty_answer_with_the_nearest_labels(self):
        self.put_run("6.14.2-abc1234", "a")
        self.put_run("7.0.0-abc1234", "a")
        done = self.last_run("--kernel", "6.14.3")
        self.assertEqual(done.stdout, b"")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn(b"6.14.2, 7.0.0", done.stderr)
        self.assertEqual(self.document("--kernel", "6.14.3")["tests"], 0)

    def test_a_run_is_named_as_listed_with_or_without_a_job(self):
        self.put_run(RUN, "flat", time=1000)
        self.put_run(f"{RUN}/job-1", "one")
        self.put_run(f"{RUN}/job-2", "two")
        self.put_run("7.0.0-def5678", "new", time=2_000_000_000)
        self.assertEqual(self.scenarios("--run-dir", RUN), ["flat", "one", "two"])
        self.assertEqual(self.scenarios("--dir", f"{RUN}/job-2"), ["two"])
        document = self.document("--run-dir", f"{RUN}/job-2")
        self.assertEqual(document["run_dir"], f"{RUN}/job-2")
        self.assertEqual(document["path"], str(self.root / RUN / "job-2"))

    def test_a_name_goes_before_the_kernel_and_the_variable(self):
        self.put_run(RUN, "named")
        self.put_run("7.0.0-def5678", "other")
        self.assertEqual(self.scenarios("--run-dir", RUN, "--kernel", "7.0.0",
                                        env={"KTSTR_SIDECAR_DIR": str(self.root)}), ["named"])

    def test_an_unknown_run_is_a_usage_error_with_the_nearest_name(self):
        self.put_run(RUN, "a")
        for name in ("6.14.2-abc1235", f"{RUN}/nothing", "", str(self.temporary / "missing")):
            done = self.last_run("--run-dir", name, status=2)
            self.assertEqual(done.stdout, b"")
        done = self.last_run("--run-dir", "6.14.2-abc1235", status=2)
        self.assertIn(f"did you mean {RUN}?".encode(), done.stderr)

    def test_a_path_is_read_directly_and_nothing_is_written(self):
        outside = self.temporary / "artifacts"
        (outside / "job").mkdir(parents=True)
        (outside / "a.ktstr.json").write_text(record("a"))
        (outside / "job/b.ktstr.json").write_text(record("b"))
        for path in (outside, f"{outside}/", "./artifacts", "../artifacts"):
            cwd = self.home if str(path).startswith("../") else self.temporary
            done = self.run_command("last-run", "--run-dir", path, "--format", "json", cwd=cwd)
            document = json.loads(done.stdout)
            self.assertEqual(document["tests"], 2)
            self.assertIsNone(document["run_dir"])
            self.assertEqual(document["path"], str(path))
        self.assertEqual(sorted(entry.name for entry in outside.iterdir()),
                         ["a.ktstr.json", "job"])
        self.assertEqual(list(self.home.iterdir()), [])
        self.assertEqual(list(self.root.iterdir()), [])

    def test_an_existing_directory_with_a_slash_is_a_path_unless_a_run_has_the_name(self):
        self.put_run(RUN, "flat")
        self.put_run(f"{RUN}/job-1", "stored")
        for path in (f"{RUN}/job-1", "clean/6.12.3-0a1e42a"):
            (self.temporary / path).mkdir(parents=True)
            (self.temporary / path / "a.ktstr.json").write_text(record("outside"))
        document = self.document("--dir", "clean/6.12.3-0a1e42a")
        self.assertEqual((document["tests"], document["run_dir"], document["path"]),
                         (1, None, "clean/6.12.3-0a1e42a"))
        self.assertEqual(self.scenarios("--dir", f"{RUN}/job-1"), ["stored"])
        self.last_run("--dir", "clean/missing", status=2)
        # Without a slash it is a name alone.
        self.last_run("--dir", "clean", status=2)

    def test_a_run_named_without_a_root_is_an_error_unless_it_is_a_directory(self):
        missing = self.temporary / "missing"
        for name in (RUN, "clean/nothing"):
            done = self.run_command("last-run", "--root", missing, "--run-dir", name, status=3)
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"no such runs root", done.stderr)
        (self.temporary / "clean/run").mkdir(parents=True)
        (self.temporary / "clean/run/a.ktstr.json").write_text(record("a"))
        self.assertEqual(self.json("last-run", "--root", missing, "--dir", "clean/run")["tests"], 1)
        self.assertEqual(self.json("last-run", "--root", missing, "--kernel", "6.14.2")["tests"], 0)

    def test_a_directory_that_cannot_be_listed_is_status_3_and_named(self):
        closed = self.temporary / "closed"
        closed.mkdir()
        (closed / "a.ktstr.json").write_text(record("a"))
        closed.chmod(0)
        for options in ({"options": ["--dir", closed]},
                        {"options": [], "env": {"KTSTR_SIDECAR_DIR": str(closed)}}):
            done = self.run_command("last-run", "--root", self.root, *options["options"],
                                    env=options.get("env"), status=3, as_nobody=True)
            self.assertEqual(done.stdout, b"")
            self.assertIn(f"{closed}: Permission denied".encode(), done.stderr)

    def test_a_job_that_cannot_be_listed_is_named(self):
        outside = self.temporary / "outside"
        (outside / "job").mkdir(parents=True)
        (outside / "a.ktstr.json").write_text(record("a"))
        (outside / "job").chmod(0)
        done = self.run_command("last-run", "--dir", outside, as_nobody=True)
        self.assertIn(f"can't list {outside}/job: Permission denied".encode(), done.stderr)
        self.assertIn(b"1 result", done.stderr)

    def test_a_path_gives_the_text_of_the_catalog(self):
        self.make_pool("--seed", 7, "--tests", 12, "--run-directories", 3)
        runs = [row["run"] for row in self.rows("list") if row["tests"] > 0]
        self.assertGreater(len(runs), 1)
        for run in runs:
            by_name, by_path = self.text("--run-dir", run), self.text("--dir", self.root / run)
            self.assertIn("By scenario", by_name)
            self.assertEqual(by_name, by_path)

    def test_the_variable_goes_before_the_newest_run(self):
        self.put_run(RUN, "newest")
        outside = self.temporary / "sidecars"
        outside.mkdir()
        (outside / "a.ktstr.json").write_text(record("a"))
        self.assertEqual(self.scenarios(env={"KTSTR_SIDECAR_DIR": str(outside)}), ["a"])
        self.assertEqual(self.scenarios(env={"KTSTR_SIDECAR_DIR": ""}), ["newest"])
        document = self.document(env={"KTSTR_SIDECAR_DIR": str(self.temporary / "not yet")})
        self.assertEqual(document["tests"], 0)

    def test_no_data_is_a_note_and_an_empty_answer_in_every_format(self):
        (self.temporary / "empty").mkdir()
        empty_run = self.temporary / "with_empty_run"
        (empty_run / RUN).mkdir(parents=True)
        # A missing root comes with a hint.
        for root, lines in ((self.temporary / "missing", 2), (self.temporary / "empty", 1),
                            (empty_run, 1)):
            done = self.run_command("last-run", "--root", root)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(len(done.stderr.splitlines()), lines, done.stderr)
            document = self.json("last-run", "--root", root)
            jsonschema.validate(document, load_json(SCHEMA))
            self.assertEqual(document["tests"], 0)
            done = self.run_command("last-run", "--root", root, "--format", "csv")
            self.assertTrue(done.stdout.startswith(b"dimension,name,"))
            self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_a_file_instead_of_a_root_is_status_3(self):
        (self.temporary / "file").write_bytes(b"")
        self.run_command("last-run", "--root", self.temporary / "file", status=3)

    def test_files_that_are_left_out_are_said_on_one_line(self):
        self.put_run(RUN, "a")
        self.put(f"{RUN}/cut.ktstr.json", record("cut")[:100])
        self.put(f"{RUN}/drift.ktstr.json", '{"test_name": "drift"}')
        self.put("other-abc1234/cut.ktstr.json", record("cut")[:100])
        done = self.last_run("--run-dir", RUN)
        self.assertEqual(len(done.stderr.splitlines()), 2)
        self.assertIn(f"not in this answer: 1 corrupt, 1 of another schema (ktstr-index "
                      f"explain-sidecar --run {RUN})".encode(), done.stderr)
        self.assertEqual(self.scenarios("--run-dir", RUN), ["a"])
        done = self.last_run("--run-dir", self.root / RUN)
        self.assertEqual(len(done.stderr.splitlines()), 2)
        self.assertIn(b"not in this answer: 2 unparsable", done.stderr)
        done = self.last_run("--run-dir", "other-abc1234")
        self.assertEqual(done.stdout, b"")
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_every_format_says_the_same(self):
        self.put(f"{RUN}/a.ktstr.json", record("a", work_type="SpinWait"))
        self.put(f"{RUN}/b.ktstr.json", record("b\x1b[31m", passed=False, topology="1n2l4c1t"))
        document = self.document()
        self.assertEqual((document["pass"], document["fail"], document["run_dir"]), (1, 1, RUN))
        lines = self.last_run("--format", "jsonl").stdout.splitlines()
        self.assertEqual(len(lines), 1)
        self.assertEqual(json.loads(lines[0]), document)
        rows = list(csv.DictReader(io.StringIO(self.text("--format", "csv"))))
        self.assertEqual([row["dimension"] for row in rows],
                         ["scenario"] * 2 + ["topology"] * 2 + ["work_type"] * 2)
        for row in rows:
            [line] = [line for line in document["gauntlet"]["by_" + row["dimension"]]
                      if line["name"] == row["name"] or row["dimension"] == "scenario"
                      and line["name"][0] == row["name"][0]]
            self.assertEqual(int(row["fail"]), line["fail"])
            self.assertEqual(float(row["avg_spread"]), line["avg_spread"])
        markdown = self.text("--format", "markdown").splitlines()
        self.assertEqual(len(markdown), 2 + len(rows))
        self.assertIn("dimension", markdown[0])
        self.assertIn("By work_type:", self.text())
        for name in ("table", "json", "jsonl", "csv", "markdown"):
            self.assertNotIn("\x1b", self.text("--format", name))

    def test_a_large_sample_pool_s_documents_are_valid(self):
        self.make_pool("--seed", 3, "--tests", 10)
        for row in self.rows("list"):
            document = self.document("--run-dir", row["run"])
            self.assertEqual(document["tests"], row["tests"])
            for verdict in ("pass", "fail", "skip", "inconclusive"):
                self.assertEqual(document[verdict], row[verdict])
            lines = document["gauntlet"]["by_topology"]
            self.assertEqual(sum(line["total"] for line in lines), row["tests"])

    def test_a_new_result_is_seen(self):
        self.put_run(RUN, "a")
        self.assertEqual(self.scenarios(), ["a"])
        self.put_run(RUN, "b")
        self.assertEqual(self.scenarios(), ["a", "b"])


if __name__ == "__main__":
    unittest.main()
