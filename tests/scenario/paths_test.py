# SPDX-License-Identifier: MIT
"""Where things are and what says so, and the map of kernel commits."""

import subprocess
import unittest

from support import Scenario

KEYS = ["runs_root", "catalog", "sidecar_dir", "run_dir", "kernel", "kernel_version",
        "kernel_source", "kernel_commit", "project_commit", "kernel_cache", "session",
        "run_source", "kconfig_suffix"]


class PathsScenario(Scenario):
    def make_repository(self, path):
        """One commit; says its first digits."""
        path.mkdir(parents=True)
        (path / "Makefile").write_text("all:\n")
        environment = self.environment(
            GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", GIT_AUTHOR_NAME="A",
            GIT_AUTHOR_EMAIL="a@example.com", GIT_COMMITTER_NAME="C",
            GIT_COMMITTER_EMAIL="c@example.com", GIT_AUTHOR_DATE="2024-01-02T03:04:05Z",
            GIT_COMMITTER_DATE="2024-01-02T03:04:05Z")

        def git(*arguments):
            return subprocess.run(["git", *arguments], cwd=path, env=environment, check=True,
                                  capture_output=True).stdout.decode()
        git("init", "-q")
        git("add", "-A")
        git("commit", "-q", "-m", "first")
        return git("rev-parse", "HEAD")[:7]


class Paths(PathsScenario):
    def test_everything_is_there_in_order_with_its_origin(self):
        document = self.json("paths", "--root", self.root)
        self.assertEqual(list(document), KEYS)
        for name, entry in document.items():
            self.assertIn(list(entry), (["path", "from"], ["value", "from"]), name)
        self.assertEqual(document["runs_root"], {"path": str(self.root), "from": "--root"})
        self.assertEqual(document["sidecar_dir"], {
            "path": str(self.temporary / "target/ktstr/unknown-unknown"),
            "from": "the working directory"})
        self.assertEqual(document["kernel"], {"value": None, "from": None})
        self.assertEqual(document["kernel_cache"], {
            "path": str(self.home / ".cache/ktstr/kernels"), "from": "HOME"})
        self.assertEqual(document["run_source"], {"value": "local", "from": "default"})

    def test_the_environment_of_a_test_process_is_resolved(self):
        project, linux = self.temporary / "project", self.temporary / "linux"
        commit, kernel_commit = self.make_repository(project), self.make_repository(linux)
        (linux / "include/config").mkdir(parents=True)
        (linux / "include/config/kernel.release").write_text("6.14.0-rc1\n")
        document = self.json("paths", cwd=project, env={
            "KTSTR_RUNS_ROOT": str(self.root), "KTSTR_KERNEL": str(linux), "KTSTR_CI": "1",
            "KTSTR_RUN_EPOCH": "17", "KTSTR_KCONFIG_SUFFIX": "c0bd848c"})
        self.assertEqual(document["sidecar_dir"], {
            "path": f"{self.root}/6.14.0-rc1-{commit}", "from": "KTSTR_RUNS_ROOT"})
        self.assertEqual(document["run_dir"]["value"], f"6.14.0-rc1-{commit}")
        self.assertEqual(document["kernel_source"], {"path": str(linux), "from": "KTSTR_KERNEL"})
        self.assertEqual(document["kernel_commit"], {"value": kernel_commit, "from": "git"})
        self.assertEqual(document["project_commit"], {"value": commit, "from": "git"})
        self.assertEqual(document["session"], {"value": "17", "from": "KTSTR_RUN_EPOCH"})
        self.assertEqual(document["run_source"], {"value": "ci", "from": "KTSTR_CI"})
        self.assertEqual(document["kconfig_suffix"],
                         {"value": "c0bd848c", "from": "KTSTR_KCONFIG_SUFFIX"})

    def test_the_override_of_the_sidecar_directory_is_named(self):
        document = self.json("paths", "--root", self.root, env={"KTSTR_SIDECAR_DIR": "/mine"})
        self.assertEqual(document["sidecar_dir"], {"path": "/mine", "from": "KTSTR_SIDECAR_DIR"})

    def test_without_a_runs_root_the_rest_is_shown_with_the_places_tried(self):
        done = self.run_command("paths")
        self.assertIn(str(self.temporary / "target/ktstr").encode(), done.stderr)
        self.assertIn(b"sidecar dir", done.stdout)
        document = self.json("paths")
        self.assertEqual(list(document), KEYS)
        self.assertIsNone(document["runs_root"]["path"])
        self.assertIn(str(self.temporary / "target/ktstr"), document["runs_root"]["error"])
        self.assertEqual(document["catalog"], {"path": None, "from": None})
        named = self.json("paths", "--catalog", "/c")
        self.assertEqual(named["catalog"], {"path": "/c", "from": "--catalog"})

    def test_a_home_that_is_of_no_use_is_said(self):
        document = self.json("paths", "--root", self.root, env={"HOME": "/"})
        self.assertIsNone(document["kernel_cache"]["path"])
        self.assertIn("HOME is `/`", document["kernel_cache"]["error"])

    def test_the_table_has_a_line_each(self):
        lines = self.run_command("paths", "--root", self.root).stdout.decode().splitlines()
        self.assertEqual(len(lines), len(KEYS))
        self.assertRegex(lines[0], rf"^runs root +{self.root}  \(--root\)$")
        self.assertRegex(lines[4], r"^kernel +-$")

    def test_a_bad_kconfig_suffix_is_a_usage_error(self):
        done = self.run_command("paths", "--root", self.root, "--kconfig-suffix", "xyz", status=2)
        self.assertIn(b"--kconfig-suffix", done.stderr)
        done = self.run_command("paths", "--root", self.root, status=2,
                                env={"KTSTR_KCONFIG_SUFFIX": "C0BD848C"})
        self.assertIn(b"KTSTR_KCONFIG_SUFFIX", done.stderr)


class KernelCommitMap(PathsScenario):
    def map(self, *identifiers, **environment):
        done = self.run_command("paths", "--kernel-commit-map", *identifiers, env=environment)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode()

    def test_it_is_one_line_of_the_kernels_that_have_a_commit(self):
        one, two = self.temporary / "one", self.temporary / "two=2"
        commits = self.make_repository(one), self.make_repository(two)
        self.assertEqual(self.map(one, two, one, self.temporary / "missing"),
                         f"{one}={commits[0]};{two}={commits[1]}\n")

    def test_it_is_of_the_environments_kernel_without_another(self):
        linux = self.temporary / "linux"
        commit = self.make_repository(linux)
        self.assertEqual(self.map(KTSTR_KERNEL=f" {linux} "), f"{linux}={commit}\n")
        self.assertEqual(self.map(), "\n")

    def test_a_process_that_has_it_does_not_ask_git(self):
        linux = self.temporary / "linux"
        self.make_repository(linux)
        line = self.map(linux).strip()
        (linux / "Makefile").write_text("changed after the map was made:\n")
        document = self.json("paths", "--root", self.root,
                             env={"KTSTR_KERNEL": str(linux), "KTSTR_KERNEL_COMMIT": line})
        self.assertEqual(document["kernel_commit"],
                         {"value": line.split("=")[-1], "from": "KTSTR_KERNEL_COMMIT"})

    def test_identifiers_without_the_flag_are_a_usage_error(self):
        done = self.run_command("paths", "6.14", "--root", self.root, status=2)
        self.assertIn(b"--kernel-commit-map", done.stderr)


if __name__ == "__main__":
    unittest.main()
