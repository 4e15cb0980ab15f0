# SPDX-License-Identifier: MIT
"""`run -- COMMAND`: what the command is told, and what comes back."""

import signal
import subprocess
import unittest

from support import COMMAND, Scenario


class Run(Scenario):
    def run_it(self, *command, status=0, env=None, options=(), cwd=None):
        return self.run_command("run", *options, "--", *command, status=status, cwd=cwd,
                                env={"KTSTR_RUNS_ROOT": str(self.root), **(env or {})})

    def shell(self, script, **options):
        return self.run_it("sh", "-c", script, **options)

    def test_the_command_is_told_the_root_and_a_session(self):
        said = self.shell('echo "$KTSTR_RUNS_ROOT|$KTSTR_RUN_EPOCH"').stdout.decode().strip()
        root, token = said.split("|")
        self.assertEqual(root, str(self.root))
        self.assertRegex(token, r"^\d{19}$")

    def test_two_runs_are_two_sessions(self):
        tokens = {self.shell("echo $KTSTR_RUN_EPOCH").stdout for _ in range(2)}
        self.assertEqual(len(tokens), 2)

    def test_a_session_that_is_set_is_kept(self):
        done = self.shell("echo $KTSTR_RUN_EPOCH", env={"KTSTR_RUN_EPOCH": "mine"})
        self.assertEqual(done.stdout, b"mine\n")
        self.assertIn("session mine", done.stderr.decode())

    def test_a_relative_root_is_made_absolute(self):
        done = self.run_command("run", "--root", "ktstr", "--", "sh", "-c",
                                "echo $KTSTR_RUNS_ROOT", cwd=self.temporary)
        self.assertEqual(done.stdout.decode().strip(), str(self.root))

    def test_before_the_first_run_the_root_is_the_harnesss_own(self):
        project = self.temporary / "project"
        project.mkdir()
        done = self.run_command("run", "--", "sh", "-c", "echo $KTSTR_RUNS_ROOT", cwd=project)
        self.assertEqual(done.stdout.decode().strip(), str(project / "target/ktstr"))
        self.assertFalse((project / "target").exists())

    def test_the_kernels_commit_is_looked_up_once_for_all(self):
        linux = self.temporary / "linux"
        linux.mkdir()
        git = ["git", "-C", str(linux), "-c", "user.name=a", "-c", "user.email=a@b"]
        for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
            subprocess.run([*git, *arguments], check=True, capture_output=True,
                           env=self.environment())
        done = self.shell("echo $KTSTR_KERNEL_COMMIT", env={"KTSTR_KERNEL": str(linux)})
        self.assertRegex(done.stdout.decode(), rf"^{linux}=[0-9a-f]{{7}}\n$")
        kept = self.shell("echo $KTSTR_KERNEL_COMMIT",
                          env={"KTSTR_KERNEL": str(linux), "KTSTR_KERNEL_COMMIT": "x=1"})
        self.assertEqual(kept.stdout, b"x=1\n")

    def test_stdout_is_the_commands_alone_and_the_session_is_one_line(self):
        self.make_pool("--run-directories", "1", "--tests", "2")
        done = self.shell("printf out; printf err >&2")
        self.assertEqual(done.stdout, b"out")
        self.assertRegex(done.stderr.decode(),
                         r"^err\nktstr-index: session \d+: no results\n$|"
                         r"^errktstr-index: session \d+: no results\n$")

    def test_the_session_line_counts_what_the_command_wrote(self):
        self.make_pool("--run-directories", "1", "--tests", "3", "--clean", "--no-jobs")
        done = self.shell('for d in "$KTSTR_RUNS_ROOT"/*/; do '
                          'printf %s "$KTSTR_RUN_EPOCH" > "$d/.ktstr_run_epoch"; done')
        self.assertRegex(done.stderr.decode(),
                         r"session \d+: 3 tests in 1 run directory: ")

    def test_the_exit_status_is_the_commands(self):
        for status in [0, 1, 2, 3, 7, 255]:
            self.shell(f"exit {status}", status=status)

    def test_a_signal_that_ends_the_command_ends_this_too(self):
        for number in [signal.SIGTERM, signal.SIGKILL, signal.SIGINT]:
            self.shell(f"kill -{number} $$", status=-number)

    def test_a_signal_for_this_is_handed_on(self):
        for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]:
            with self.subTest(signal=number):
                self.handed_on(number)

    def handed_on(self, number):
        script = f"trap 'exit 9' {number}; echo ready; while :; do sleep 0.05; done"
        process = subprocess.Popen(
            [COMMAND, "run", "--root", str(self.root), "--", "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        with process:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=30), 9)

    def test_a_reader_that_leaves_ends_the_command_as_it_would_without_us(self):
        done = subprocess.run(
            ["bash", "-c", '"$0" run --root "$1" -- yes | head -n 1; echo "${PIPESTATUS[0]}"',
             COMMAND, str(self.root)],
            capture_output=True, timeout=60, check=True, env=self.environment())
        self.assertEqual(done.stdout.split(), [b"y", b"141"])

    def test_a_command_that_is_not_there_or_not_a_program(self):
        self.run_it("no-such-program-here", status=127)
        plain = self.put("run/plain", "text")
        plain.chmod(0o644)
        self.run_it(str(plain), status=126, env={})

    def test_no_command_is_a_usage_error(self):
        self.run_it(status=2)

    def test_options_after_the_dashes_are_the_commands(self):
        self.assertEqual(self.run_it("echo", "--root", "-v", "--").stdout, b"--root -v --\n")

    def test_results_elsewhere_are_pointed_out(self):
        done = self.shell(":", env={"KTSTR_SIDECAR_DIR": "/elsewhere"})
        self.assertIn("KTSTR_SIDECAR_DIR is set", done.stderr.decode())

    def test_the_index_is_fresh_afterwards(self):
        self.make_pool("--run-directories", "1", "--tests", "3", "--clean", "--no-jobs")
        self.shell("rm $KTSTR_RUNS_ROOT/*/*.ktstr.json")
        rows = self.rows("query", "--count", "--check", "none")
        self.assertEqual(rows, [{"count": 0}])

    def test_a_broken_index_does_not_keep_the_command_from_running(self):
        self.root.rmdir()
        self.root.write_text("a file")
        done = self.shell("echo ran")
        self.assertEqual(done.stdout, b"ran\n")
        self.assertIn("not a directory", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
