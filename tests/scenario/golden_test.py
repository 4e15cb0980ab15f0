# SPDX-License-Identifier: MIT
"""Each text as it stands in tests/data/golden, at fixed widths, over the pool of golden_pool.py.

After a wanted change: KTSTR_UPDATE_GOLDEN=1 writes what the command prints now over the files (and
fails, saying so). Then read the difference: these files are what a person has looked at, not what
the command happened to print. {root} stands for the runs root, {home} for the home directory, other
words in braces for what differs from run to run."""

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import termios
import unicodedata

from golden_pool import DIRTY, LATEST, OLDER, write_outlier, write_pool
from support import COMMAND, SOURCE, Scenario

GOLDEN = SOURCE / "tests" / "data" / "golden"
UPDATE = os.environ.get("KTSTR_UPDATE_GOLDEN") == "1"
WIDTHS = (40, 80, 132)
ROWS = 24

# What fits itself into the terminal: golden file (without its width), arguments.
TERMINAL = {
    "query": ["query"],
    "query_metric": ["query", "--metric", "worst_p99_wake_latency_us", "--limit", "3"],
    "query_group_by": ["query", "--group-by", "scheduler,verdict"],
    "query_select": ["query", "--select", "test_name,size_bytes,mtime_ns,total_iterations"],
    "query_columns": ["query", "--columns"],
    "list": ["list"],
    "list_left_out": ["list", "--left-out"],
    "list_metrics": ["list-metrics"],
    "sql": ["sql", "select run_dir, tests, fail as failed, mtime_ns from run_dirs order by 1"],
}
FIRST_LINES = {"list_metrics": 12, "query_columns": 24}

# What is the same on any terminal: golden file, the command lines in it.
PIPED = {
    "query_piped": [["query", "--limit", "3"], ["query", "--count"],
                    ["query", "--verdict", "fail", "--expect", "none"]],
    "query_paths": [["query", "--verdict", "fail", "--paths"]],
    "query_show_sql": [["query", "--verdict", "fail", "--kernel", "6.14", "--show-sql"]],
    "query_formats": [["query", "--select", "test_name,verdict,vcpus", "--format", form]
                      for form in ("csv", "markdown", "jsonl")],
    "last_run": [["last-run"]],
    "last_run_job": [["last-run", "--run-dir", f"{OLDER}/job-1"]],
    "last_run_bare": [["last-run", "--run-dir", DIRTY]],
    "list_values": [["list-values"]],
    "show_host": [["show-host", "--run", LATEST]],
    "show_host_diff": [["show-host", "--diff", LATEST, OLDER],
                       ["show-host", "--diff", LATEST, DIRTY]],
    "explain_sidecar": [["explain-sidecar", "--run", OLDER]],
    "footer": [["footer", "--since", "2026-07-04T21:42"], ["footer", "--since", "2026-07-05"]],
    "show": [["show", "deadline_floor"], ["show", "wake_storm"]],
    "show_drift": [["show", "old_format"], ["show", "torn"],
                   ["show", f"{OLDER}/torn-00000000000000c0.ktstr.json"]],
    "verify": [["verify"]],
    "info": [["info"]],
    "classify": [["harness", "classify", "a-00000000000000aa.ktstr.json", "a.failure-dump.json",
                  "a-00000000000000aa.repro.failure-dump.json", "a-00000000000000aa.wprof.pb",
                  "a-00000000000000aa.repro.wprof.pb", "notes.txt", "no_hash.ktstr.json"]],
    "usage_errors": [
        ["qurey"], ["query", "--verdit", "fail"], ["query", "--format", "tabel"],
        ["query", "--check", "byte"], ["query", "verdct='fail'"], ["query", "verdict="],
        ["query", "--metric", "worst_gapms"], ["query", "--verdict", "failed"],
        ["query", "--since", "yesterdy"], ["query", "@slow"], ["query", "--limit", "many"],
        ["sql", "select * from result"], ["sql", "delete from results"]],
    "unknown_names": [
        ["show-host", "--run", "7.1.0-abc123"], ["explain-sidecar", "--run", "../x"],
        ["explain-sidecar", "--run", "6.14.2-abc1243"], ["last-run", "--run-dir", "7.1.0"],
        ["last-run", "--kernel", "6.15.0"], ["show", "wake_strom"], ["show"],
        ["harness", "classfy"], ["replay", "--profile", "dev"]],
}
# replay compares the pool's host with this machine.
WITHOUT_HOSTS = {
    "replay": [["replay"], ["replay", "--all", "--filter", "wake"], ["replay", "--filter", "none"]],
}
# On a pool without an index: how much a later one reads depends on how fast the machine is.
FIRST_REFRESH = {"refresh": [["refresh"]], "refresh_why": [["refresh", "--why"]]}
HELP = ["", "query", "list", "show", "sql", "footer", "last-run", "list-values", "list-metrics",
        "show-host", "explain-sidecar", "replay", "run", "capture", "refresh", "verify", "info",
        "paths", "restore", "snapshot", "gc", "purge", "import", "pack",
        "harness", "harness write", "harness write-skip", "harness finalize",
        "harness suppress-dumps", "harness hash", "harness classify"]
MASKS = [
    (r"(?m)^(version +)\S+$", r"\1{version}"),
    (r"(?m)^(layout +)\d+, extraction \d+$", r"\1{n}, extraction {n}"),
    (r"(?m)^(catalog size +)\d+ bytes", r"\1{n} bytes"),
    (r"(?m)^((last refresh|time) +)\S.*$", r"\1{time}"),
    (r"(?m)^(unsettled +)\d+(, .*)?$", r"\1{n}"),
]


def help_golden(command):
    return "help_" + (command or "top").replace(" ", "_").replace("-", "_")


def golden_names():
    terminal = {f"{name}.{width}" for name in TERMINAL for width in WIDTHS}
    helps = {help_golden(command) for command in HELP}
    single = {"colours", "missing_root", "last_run_outlier"}
    return terminal.union(PIPED, WITHOUT_HOSTS, FIRST_REFRESH, helps, single)


def display_width(line):
    """Columns that a terminal needs for it."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


def visible(text):
    """Control characters as their Unicode pictures: a backslash and x1b are what the command itself
    prints for a foreign ESC, and the two must not look the same here."""
    return "".join(chr(0x2400 + ord(c)) if ord(c) < 0x20 and c != "\n" else c for c in text)


class Golden(Scenario):
    def setUp(self):
        super().setUp()
        self.written = []

    def tearDown(self):
        if self.written:
            self.fail(f"KTSTR_UPDATE_GOLDEN: wrote {', '.join(self.written)}; read the difference")

    def environment(self, **changes):
        directories = {f"XDG_{kind}_HOME": str(self.home / kind.lower())
                       for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
        values = {"PAGER": "cat", "NO_COLOR": "1", "TERM": "xterm", **directories, **changes}
        return super().environment(**values)

    def masked(self, text):
        text = text.replace(str(self.root), "{root}").replace(str(self.home), "{home}")
        for pattern, replacement in MASKS:
            text = re.sub(pattern, replacement, text)
        return visible(text)

    def check(self, name, text):
        """Compares with the golden file, or writes that."""
        path = GOLDEN / f"{name}.txt"
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if UPDATE and old != text:
            path.write_text(text, encoding="utf-8")
            self.written.append(path.name)
        elif not UPDATE:
            self.assertIsNotNone(old, f"no {path.name}: KTSTR_UPDATE_GOLDEN=1 makes it")
            self.assertEqual(old, text, path.name)

    def with_root(self, arguments):
        return [*arguments, "--root", str(self.root)]

    def piped(self, arguments, with_root=True):
        """A command line and all that it prints, as it stands in a golden file."""
        line = self.with_root(arguments) if with_root else arguments
        done = subprocess.run([COMMAND, *line], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, env=self.environment(), cwd=self.home, check=False)
        return self.transcript(arguments, done.stdout, done.stderr, done.returncode)

    def transcript(self, arguments, stdout, stderr, status, note=""):
        title = visible(shlex.join(["ktstr-index", *arguments])) + note
        text = f"$ {title}\n{self.masked(stdout.decode())}"
        if stdout and not stdout.endswith(b"\n"):
            text += "\n--- no newline at the end\n"
        if stderr:
            text += f"--- stderr\n{self.masked(stderr.decode())}"
        return text + (f"--- exit status {status}\n" if status else "")

    def on_terminal(self, arguments, width, **env):
        """stdout of the command on a terminal so wide, stderr and exit status. stderr is a pipe,
        so that no progress is drawn on a slow machine."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, width, 0, 0))
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST  # no CR before LF
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        with subprocess.Popen(
                [COMMAND, *self.with_root(arguments)], stdin=subprocess.DEVNULL, stdout=slave,
                stderr=subprocess.PIPE, env=self.environment(**env), cwd=self.home) as child:
            os.close(slave)
            stdout = bytearray()
            try:
                while chunk := os.read(master, 65536):
                    stdout += chunk
            except OSError:  # the terminal's way to say that nobody writes any more
                pass
            stderr = child.stderr.read()
            status = child.wait(timeout=60)
        os.close(master)
        return bytes(stdout), stderr, status

    def make_index(self, **options):
        write_pool(self, **options)
        self.run_command("refresh", "--root", self.root, "--quiet")


class Terminals(Golden):
    def setUp(self):
        super().setUp()
        self.make_index()

    def test_texts_that_fit_the_terminal(self):
        for name, arguments in TERMINAL.items():
            for width in WIDTHS:
                with self.subTest(name, width=width):
                    stdout, stderr, status = self.on_terminal(arguments, width)
                    lines = stdout.decode().splitlines(keepends=True)
                    shown = "".join(lines[:FIRST_LINES.get(name)]).encode()
                    self.assert_fits(lines, width)
                    self.check(f"{name}.{width}", self.transcript(
                        arguments, shown, stderr, status, f"    ({width} columns)"))

    def assert_fits(self, lines, width):
        self.assertTrue(lines)
        for line in lines:
            self.assertLessEqual(display_width(line.rstrip("\n")), width, line)
            self.assertEqual(line.rstrip(), line.rstrip("\n"), "trailing spaces")

    def test_verdicts_have_colours(self):
        arguments = ["query", "--select", "verdict,test_name"]
        stdout, stderr, status = self.on_terminal(arguments, 80, NO_COLOR="")
        self.assertIn(b"\x1b[", stdout)
        self.check("colours", self.transcript(arguments, stdout, stderr, status, "    (colours)"))


class Piped(Golden):
    def test_texts_that_no_width_changes(self):
        self.make_index()
        for name, lines in PIPED.items():
            with self.subTest(name):
                self.check(name, "\n".join(self.piped(line) for line in lines))

    def test_replay_without_hosts(self):
        self.make_index(host=False)
        for name, lines in WITHOUT_HOSTS.items():
            self.check(name, "\n".join(self.piped(line) for line in lines))

    def test_a_first_refresh(self):
        for name, lines in FIRST_REFRESH.items():
            write_pool(self)
            self.check(name, "\n".join(self.piped(line) for line in lines))
            shutil.rmtree(self.root)

    def test_a_scenario_that_stands_out(self):
        write_outlier(self)
        self.check("last_run_outlier", self.piped(["last-run"]))

    def test_a_missing_root(self):
        self.root.rmdir()
        commands = ("query", "list", "list-values", "last-run", "footer", "replay", "verify")
        self.check("missing_root", "\n".join(self.piped([command]) for command in commands))


class Help(Golden):
    def help(self, command):
        return self.piped([*command.split(), "--help"], with_root=False)

    def common_options(self):
        match = re.search(r"(?m)^Common options:\n(  .*\n)+(?=      --version|  -V)",
                          self.help(""))
        self.assertIsNotNone(match)
        return match.group()

    def test_each_command_has_its_help(self):
        common = self.common_options()
        for command in HELP:
            with self.subTest(command):
                text = self.help(command)
                for line in text.splitlines():
                    self.assertEqual(line.rstrip(), line)
                    if not line.startswith("  ktstr-index "):  # an example, to be copied
                        self.assertLessEqual(display_width(line), 80, line)
                # They are in the golden file of the main help.
                short = text.replace(common, "Common options: {as in help_top}\n")
                self.check(help_golden(command), text if not command else short)

    def test_no_command_is_left_out(self):
        for family in ("", "harness"):
            listing = self.help(family).split("Common options:")[0]
            commands = re.findall(r"(?m)^  ([a-z][a-z-]+)(?:, [a-z]+)?(?:  .*)?$", listing)
            wanted = [name.removeprefix(family).strip() for name in HELP
                      if name != family and (name.startswith("harness ") == bool(family))]
            self.assertEqual(sorted(commands), sorted(wanted))


class Files(Golden):
    def test_every_golden_file_is_used(self):
        found = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*")}
        self.assertEqual(found, {f"{name}.txt" for name in golden_names()})

    def test_none_is_too_long_to_read_or_names_a_machine(self):
        for path in sorted(GOLDEN.glob("*.txt")):
            with self.subTest(path.name):
                text = path.read_text(encoding="utf-8")
                self.assertLessEqual(text.count("\n"), 110)
                self.assertNotIn("/tmp/", text)
                self.assertNotIn(os.uname().release, text)
