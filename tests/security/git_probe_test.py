# SPDX-License-Identifier: MIT
"""Repositories that are a stranger's, and machines whose git is missing, slow or a liar: no probe
runs a foreign program or holds up a result, and what can't be known is never filed as clean."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from support import COMMAND, Scenario  # noqa: E402

PATIENCE_S = 5
# Starting, and another look that has a quarter of a second after the first waited in vain.
OVERHEAD_S = 2.5

IDENTITY = {"test_name": "t", "topology": "1n1l1c1t", "scheduler": "s", "payload": None,
            "work_type": "w", "sysctls": [], "kargs": []}

PROGRAM_KEYS = """
[core]
	fsmonitor = {mark}
	hooksPath = {hooks}
	sshCommand = {mark}
	gitProxy = {mark}
	askPass = {mark}
	pager = {mark}
	editor = {mark}
	alternateRefsCommand = {mark}
[diff]
	external = {mark}
[diff "planted"]
	command = {mark}
	textconv = {mark}
[merge "planted"]
	driver = {mark}
[filter "planted"]
	clean = {mark}
	smudge = {mark}
	process = {mark}
[filter "cleaned"]
	clean = {mark}; cat
[credential]
	helper = !{mark}
[gpg]
	program = {mark}
[alias]
	status = !{mark}
	config = !{mark}
	rev-list = !{mark}
[pager]
	status = {mark}
[remote "origin"]
	url = ext::{mark}
	promisor = true
	partialclonefilter = blob:none
	uploadpack = {mark}
	vcs = planted
[trace2]
	normalTarget = {mark}.trace
[submodule]
	recurse = true
[status]
	submoduleSummary = true
	showStash = true
[include]
	path = included
"""


class GitProbe(Scenario):
    def setUp(self):
        super().setUp()
        self.marks = self.temporary / "marks"
        self.tree = self.temporary / "tree"
        self.tree.mkdir()
        for name, text in (("Makefile", "all:\n"), ("kernel/core.c", "int core;\n")):
            (self.tree / name).parent.mkdir(exist_ok=True)
            (self.tree / name).write_text(text)
            os.utime(self.tree / name, (1_600_000_000, 1_600_000_000))
        self.git("init", "-q", "-b", "main", ".")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")
        self.head = self.git("rev-parse", "HEAD").strip()
        self.clean, self.dirty = self.head[:7], self.head[:7] + "-dirty"

    def git(self, *words, cwd=None):
        environment = {
            "PATH": os.defpath, "HOME": str(self.home), "LC_ALL": "C",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.com"}
        return subprocess.run(["git", *words], cwd=cwd or self.tree, env=environment, check=True,
                              capture_output=True, timeout=60).stdout.decode()

    def path_with(self, script):
        """A PATH whose git is a shell script; None makes one without any git."""
        folder = self.temporary / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "git"
        program.unlink(missing_ok=True)
        if script is not None:
            program.write_text("#!/bin/sh\n" + script)
            program.chmod(0o755)
        return {"PATH": str(folder)}

    def probe(self, env=None):
        """The commit of the tree as the kernel's; what was said; the seconds that it took."""
        begin = time.monotonic()
        done = self.run_command("paths", "--kernel-commit-map", self.tree, env=env)
        took = time.monotonic() - begin
        answer = done.stdout.decode().strip()
        return answer.removeprefix(f"{self.tree}=") or None, done.stderr.decode(), took

    def assert_commit(self, expected, env=None, within=PATIENCE_S + OVERHEAD_S):
        commit, said, took = self.probe(env)
        self.assertEqual(commit, expected, said)
        self.assertLess(took, within)
        return said

    def assert_unknown(self, **more):
        """Counts as changed, and it is said once."""
        said = self.assert_commit(self.dirty, **more)
        self.assertEqual(said.count("can't tell whether"), 1, said)
        self.assertIn(self.dirty, said)

    def object_file(self, name="HEAD"):
        digits = self.git("rev-parse", name).strip()
        return self.tree / ".git/objects" / digits[:2] / digits[2:]

    def truncate_object(self, name="HEAD"):
        path = self.object_file(name)
        path.chmod(0o644)
        content = path.read_bytes()
        path.write_bytes(content[:len(content) // 2])

    def replace(self, name, make):
        """Puts what make(path) makes in place of a file or directory of .git."""
        path = self.tree / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(self.temporary / "replaced")
        make(path)

    def writing_commands(self):
        """What probes the project on the way to something else."""
        yield ["harness", "write-skip"], json.dumps(IDENTITY).encode()
        yield ["refresh", "--archive", str(self.temporary / "archive.sqlite3")], b""
        yield ["run", "--archive", str(self.temporary / "a.sqlite3"), "--", "/bin/true"], b""

    def assert_nothing_waits(self, env=None):
        runs = self.tree / "target/ktstr"
        runs.mkdir(parents=True, exist_ok=True)
        for words, stdin in self.writing_commands():
            with self.subTest(words=words):
                begin = time.monotonic()
                self.run_command(*words, stdin=stdin, cwd=self.tree, env={
                    "KTSTR_RUNS_ROOT": str(runs), "KTSTR_RUN_EPOCH": "one", **(env or {})})
                self.assertLess(time.monotonic() - begin, PATIENCE_S + OVERHEAD_S)


class HostileRepository(GitProbe):
    def test_a_clean_and_a_changed_tree_are_told_apart(self):
        self.assertEqual(self.assert_commit(self.clean), "")
        (self.tree / "Makefile").write_text("changed\n")
        self.assertEqual(self.assert_commit(self.dirty), "")

    def test_a_truncated_head_counts_as_changed_and_holds_up_nothing(self):
        self.truncate_object()
        self.assert_unknown(within=OVERHEAD_S)
        self.assert_nothing_waits()

    def test_a_truncated_head_holds_up_nothing_without_git_either(self):
        self.truncate_object()
        self.assert_unknown(env=self.path_with(None))
        self.assert_nothing_waits(env=self.path_with(None))

    def test_a_truncated_tree_or_parent_counts_as_changed(self):
        self.truncate_object("HEAD^{tree}")
        self.assert_unknown()

    def test_a_missing_tree_counts_as_changed(self):
        self.object_file("HEAD^{tree}").unlink()
        self.assert_unknown()

    def test_a_fifo_or_device_or_directory_in_place_of_any_file_holds_up_nothing(self):
        makers = {"fifo": os.mkfifo, "directory": os.mkdir,
                  "endless": lambda path: os.symlink("/dev/zero", path)}
        for name in ("config", "HEAD", "refs/heads/main", "packed-refs", "commondir",
                     "objects/info/alternates", "info/attributes", "index", "config.worktree",
                     "objects/info/commit-graph", "shallow"):
            for kind, make in makers.items():
                with self.subTest(name=name, kind=kind):
                    spoilt = self.temporary / "spoilt"
                    subprocess.run(["cp", "-a", str(self.tree), str(spoilt)], check=True)
                    kept, self.tree = self.tree, spoilt
                    try:
                        self.replace(name, make)
                        commit, said, took = self.probe()
                        self.assertLess(took, PATIENCE_S + OVERHEAD_S)
                        if name == "index":
                            self.assertEqual(commit, self.dirty, said)
                    finally:
                        self.tree = kept
                        subprocess.run(["rm", "-rf", str(spoilt),
                                        str(self.temporary / "replaced")], check=True)

    def test_a_fifo_in_place_of_git_or_of_its_directory_is_no_repository(self):
        for make in (os.mkfifo, lambda path: os.symlink("/dev/zero", path)):
            self.git("init", "-q", str(self.temporary / "away"))
            (self.tree / ".git").rename(self.temporary / f"kept{time.monotonic_ns()}")
            make(self.tree / ".git")
            self.assert_commit(None)
            self.assert_nothing_waits()
            (self.tree / ".git").unlink()
            os.mkdir(self.tree / ".git")

    def test_an_object_that_is_a_fifo_counts_as_changed(self):
        path = self.object_file()
        path.unlink()
        os.mkfifo(path)
        self.assert_unknown()

    def test_a_fifo_config_ends_with_a_signal(self):
        (self.tree / ".git/config").unlink()
        os.mkfifo(self.tree / ".git/config")
        for words, _ in self.writing_commands():
            if words[0] == "run":
                continue
            process = subprocess.Popen(
                [COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, cwd=self.tree,
                env=self.environment(KTSTR_RUNS_ROOT=str(self.root), KTSTR_RUN_EPOCH="one"))
            process.stdin.close()
            self.addCleanup(process.kill)
            time.sleep(1)
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            self.assertLess(time.monotonic() - begin, 1.5, words)

    def plant(self):
        """Every key that could name a program, each with a script that leaves a mark."""
        self.marks.mkdir()
        mark = self.temporary / "mark"
        mark.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.marks}/$$\n')
        mark.chmod(0o755)
        hooks = self.temporary / "hooks"
        hooks.mkdir()
        names = ("post-index-change", "fsmonitor-watchman", "post-checkout",
                 "reference-transaction", "pre-auto-gc", "query-watchman")
        for name in names:
            for folder in (hooks, self.tree / ".git/hooks"):
                folder.mkdir(exist_ok=True)
                (folder / name).unlink(missing_ok=True)
                (folder / name).symlink_to(mark)
        text = PROGRAM_KEYS.format(mark=mark, hooks=hooks)
        config = self.tree / ".git/config"
        config.write_text(config.read_text() + text)
        (self.tree / ".git/included").write_text(
            f'[filter "included"]\n\tclean = {mark}; cat\n'
            f'[includeIf "onbranch:main"]\n\tpath = branched\n')
        (self.tree / ".git/branched").write_text(f'[filter "branched"]\n\tclean = {mark}; cat\n')

    def assert_no_marks(self):
        self.assertEqual([path.read_text() for path in self.marks.iterdir()], [])
        self.assertFalse((self.temporary / "mark.trace").exists())

    def test_no_program_of_its_configuration_runs(self):
        self.plant()
        self.assertEqual(self.assert_commit(self.clean), "")
        for script in (None, 'exec /usr/bin/git "$@"\n'):
            for driver in ("planted", "cleaned", "included", "branched"):
                with self.subTest(driver=driver, script=script):
                    (self.tree / ".git/info/attributes").write_text(
                        f"* filter={driver} diff=planted merge=planted\n")
                    for name in ("Makefile", "kernel/core.c"):
                        (self.tree / name).touch()
                    self.assert_commit(self.dirty, env=self.path_with(script))
                    self.assert_nothing_waits(env=self.path_with(script))
                    self.assert_no_marks()

    def test_what_only_a_filter_could_tell_counts_as_changed_and_it_is_said(self):
        self.plant()
        (self.tree / ".git/info/attributes").write_text("Makefile filter=cleaned\n")
        (self.tree / "Makefile").touch()
        self.assert_unknown()
        self.assert_no_marks()

    def test_a_filter_whose_name_cannot_be_overridden_counts_as_changed(self):
        self.marks.mkdir()
        for name in ("a=b", 'q\\"uote', "new line", "a.b.c"):
            with self.subTest(name=name):
                (self.tree / ".git/config").write_text(
                    "[core]\n\trepositoryformatversion = 0\n"
                    f'[filter "{name}"]\n\tclean = "touch {self.marks}/ran; cat"\n')
                plain = name.replace("\\", "")
                (self.tree / ".git/info/attributes").write_text(f'"* x"\n* filter={plain}\n')
                (self.tree / "Makefile").touch()
                self.probe()
                self.assertEqual(list(self.marks.iterdir()), [])

    def test_nothing_is_fetched_for_objects_that_a_partial_clone_lacks(self):
        self.plant()
        self.object_file("HEAD^{tree}").unlink()
        config = self.tree / ".git/config"
        config.write_text(config.read_text().replace(
            "repositoryformatversion = 0", "repositoryformatversion = 1")
            + "[extensions]\n\tpartialClone = origin\n")
        self.assert_unknown()
        self.assert_nothing_waits()
        self.assert_no_marks()
        config.write_text(config.read_text().replace(f"ext::{self.temporary}/mark", "/nowhere")
                          .replace("\tvcs = planted\n", ""))
        self.assert_unknown()
        self.assert_no_marks()

    def test_the_commands_of_the_users_own_configuration_do_not_run_either(self):
        self.plant()
        (self.home / ".gitconfig").write_text(PROGRAM_KEYS.format(
            mark=self.temporary / "mark", hooks=self.temporary / "hooks").replace(
                "[include]\n\tpath = included\n", "").split("[trace2]")[0])
        (self.tree / ".git/info/attributes").write_text("Makefile filter=planted\n")
        (self.tree / "Makefile").touch()
        self.assert_unknown()
        self.assert_no_marks()

    def test_variables_that_point_git_elsewhere_or_make_it_write_are_not_handed_on(self):
        other = self.temporary / "other"
        other.mkdir()
        self.git("init", "-q", ".", cwd=other)
        trace = self.temporary / "trace"
        self.assertEqual(self.assert_commit(self.clean, env={
            "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other),
            "GIT_INDEX_FILE": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere",
            "GIT_TRACE": str(trace), "GIT_TRACE2": str(trace), "GIT_EXTERNAL_DIFF": "false",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": "false", "GIT_CONFIG_PARAMETERS": "'broken"}), "")
        self.assertFalse(trace.exists())

    def test_a_probe_writes_nothing(self):
        (self.tree / "Makefile").touch()
        before = {path: path.stat().st_mtime_ns for path in self.tree.rglob("*")}
        self.assert_commit(self.clean)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in self.tree.rglob("*")})


class OddGit(GitProbe):
    def test_a_git_that_hangs_is_killed_with_its_children_at_the_deadline(self):
        pids = self.temporary / "pids"
        env = self.path_with(f"/bin/sleep 300 & echo $! $$ >> {pids}; wait\n")
        self.assert_unknown(env=env)
        for pid in map(int, pids.read_text().split()):
            self.assertFalse(Path(f"/proc/{pid}/cwd").exists(), pid)
        self.assert_nothing_waits(env=env)

    def test_a_git_that_hangs_does_not_keep_a_refresh_from_ending_with_a_signal(self):
        self.put("run/t.ktstr.json", "{}")
        (self.tree / "target").mkdir()
        self.root.rename(self.tree / "target/ktstr")
        pids = self.temporary / "pids"
        env = self.path_with(f"echo $$ >> {pids}; exec /bin/sleep 300\n")
        process = subprocess.Popen(
            [COMMAND, "refresh", "--archive", str(self.temporary / "archive.sqlite3")],
            cwd=self.tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self.environment(KTSTR_RUNS_ROOT=str(self.tree / "target/ktstr"), **env))
        self.addCleanup(process.kill)
        until = time.monotonic() + 20
        while not pids.exists() and time.monotonic() < until:
            time.sleep(0.02)
        self.assertTrue(pids.exists(), "git was not asked")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        self.assertLess(time.monotonic() - begin, 1.5)
        time.sleep(0.1)
        for pid in map(int, pids.read_text().split()):
            self.assertFalse(Path(f"/proc/{pid}/cwd").exists(), pid)

    def test_a_root_is_filed_under_no_project_until_git_answers(self):
        self.put("run/t.ktstr.json", json.dumps(IDENTITY))
        (self.tree / "target").mkdir()
        root = self.tree / "target/ktstr"
        self.root.rename(root)
        archive = self.temporary / "archive.sqlite3"
        projects = []
        for path in (self.path_with("exec /bin/sleep 300\n"), {}):
            done = subprocess.run(
                [COMMAND, "refresh", "--archive", str(archive), "--root", str(root)], cwd=self.tree,
                capture_output=True, check=False, timeout=60, env=self.environment(**path))
            self.assertEqual(done.returncode, 0, done.stderr)
            with contextlib.closing(sqlite3.connect(archive)) as kept:
                projects.append([row[0] for row in kept.execute("SELECT project FROM runs_root")])
            if path:
                self.assertIn(b"git gives no answer", done.stderr)
        self.assertEqual(projects[0], [])
        self.assertRegex(projects[1][0], "^git:[0-9a-f]{40}$")

    def test_a_git_that_says_nothing_or_nonsense_or_fails_or_dies_is_not_believed(self):
        for script in (":", "echo garbage", "printf 'a\\0b\\0'", "exit 1", "exit 128", "kill -9 $$",
                       "/usr/bin/yes", "/usr/bin/head -c 3000000 /dev/zero",
                       "printf '# branch.oid 1234567\\0'", "exec >&-; exit 0",
                       "[ \"$*\" = \"${*#*get-regexp}\" ] || exit 1; exit 0"):
            with self.subTest(script=script):
                self.assert_unknown(env=self.path_with(script + "\n"))

    def test_a_git_beside_the_probed_files_is_never_run(self):
        marker = self.temporary / "ran"
        program = self.tree / "git"
        program.write_text(f"#!/bin/sh\ntouch {marker}\n")
        program.chmod(0o755)
        for path in ("", ".", ":", "./:relative", "tree"):
            with self.subTest(path=path):
                self.run_command("harness", "write-skip", cwd=self.tree, env={
                    "PATH": path, "KTSTR_RUNS_ROOT": str(self.root), "KTSTR_RUN_EPOCH": "one"},
                    stdin=json.dumps(IDENTITY).encode())
                self.assertFalse(marker.exists())

    def test_without_git_libgit2_tells_and_where_it_cannot_it_is_said(self):
        none = self.path_with(None)
        self.assertEqual(self.assert_commit(self.clean, env=none), "")
        (self.tree / "Makefile").write_text("ALL:\n")
        self.assertEqual(self.assert_commit(self.dirty, env=none), "")
        self.git("checkout", "-q", "Makefile")
        self.git("update-index", "--split-index")
        self.assert_unknown(env=none)
        self.assertEqual(self.assert_commit(self.clean), "")


if __name__ == "__main__":
    unittest.main()
