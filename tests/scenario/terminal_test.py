# SPDX-License-Identifier: MIT
"""At a terminal: a real one of 80 columns and 24 lines, which tmux draws."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from listings_test import RECORD
from support import COMMAND, Scenario

DEADLINE_S = 20
PROMPT = "ready>"
GREEN, RED = "\x1b[32m", "\x1b[31m"


def needed(program):
    """Skips the test without it; fails it where CI is set."""
    if shutil.which(program):
        return
    if os.environ.get("CI"):
        raise AssertionError(f"CI is set and there is no {program}")
    raise unittest.SkipTest(f"no {program}")


def children(parent):
    """The names of the processes below one."""
    below = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:].rsplit(")", 1)
        below.setdefault(int(rest.split()[1]), []).append((int(path.parent.name), name))
    found, todo = [], [parent]
    while todo:
        for pid, name in below.get(todo.pop(), []):
            found.append(name)
            todo.append(pid)
    return found


class TerminalScenario(Scenario):
    def setUp(self):
        super().setUp()
        needed("tmux")
        self.number = 0
        self.bin = self.temporary / "bin"
        self.bin.mkdir()
        (self.bin / "k").symlink_to(Path(COMMAND).resolve())  # short, so that lines don't wrap
        (self.temporary / "shellrc").write_text(f"PS1='{PROMPT}'\n")
        self.addCleanup(self.tmux, "kill-server", check=False)
        self.log = self.temporary / "log"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "exec sh")
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", "80", "-y", "24", check=False)
        self.tmux("pipe-pane", f"cat > {shlex.quote(str(self.log))}")
        self.wait_for(lambda screen: PROMPT in screen)

    def tmux(self, *arguments, check=True):
        environment = self.environment(
            TMUX_TMPDIR=str(self.temporary), ENV=str(self.temporary / "shellrc"), TERM="screen",
            PATH=f"{self.bin}:{os.defpath}", KTSTR_RUNS_ROOT=str(self.root))
        done = subprocess.run(
            ["tmux", "-u", "-L", "ktstr", "-f", "/dev/null", *arguments], capture_output=True,
            env=environment, cwd=self.temporary, check=False, timeout=30)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode(errors="replace")

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def wait_for(self, is_reached, *options):
        """Until the screen is as wanted; gives it."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            screen = self.screen(*options)
            if is_reached(screen):
                return screen
            self.assertLess(time.monotonic(), deadline, f"not reached:\n{screen}")
            time.sleep(0.02)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def begin(self, line):
        """Types a line at an empty screen; its end will show as NUMBER=STATUS."""
        self.number += 1
        self.keys("-l", f"clear; {line}; echo {self.number}=$?")
        self.keys("Enter")

    def wait_for_end(self, status=0):
        """Of the line that was begun; gives the screen."""
        ended = re.compile(rf"^{self.number}=(\d+)\n{PROMPT}", re.MULTILINE)
        screen = self.wait_for(ended.search)
        self.assertEqual(int(ended.search(screen)[1]), status, screen)
        return screen

    def run_line(self, line, status=0, options=()):
        """What stands on the screen when the line is done."""
        self.begin(line)
        self.wait_for_end(status)
        return self.screen(*options).split(f"{self.number}={status}")[0]

    def wait_for_pager(self):
        """Its prompt is in the last line."""
        return self.wait_for(lambda screen: screen.rstrip("\n").split("\n")[-1] == ":")

    def put_record(self, number, **changes):
        name = changes.setdefault("test_name", f"test_{number:03}")
        self.put(f"6.14.2-abc1234/{name}-{number:016x}.ktstr.json",
                 json.dumps({**RECORD, **changes}))

    def put_records(self, count):
        for number in range(count):
            self.put_record(number, passed=number % 2 == 0)


class Tables(TerminalScenario):
    def test_a_table_fits_with_an_ellipsis_for_what_is_cut(self):
        self.put_record(1, test_name="a_name_that_is_long_" * 4, scheduler="scx_" + "long" * 20)
        self.put_record(2)
        for line in ("k query", "k query --select test_name,scheduler,kernel_version,path,run_dir"):
            screen = self.run_line(line)
            table = screen.split("ktstr-index:")[0].rstrip("\n").split("\n")
            self.assertEqual(len(table), 3, screen)  # no line is broken by the terminal
            self.assertIn("…", table[1])

    def test_the_dropped_columns_are_named(self):
        self.put_records(2)
        screen = self.run_line("k query --select "
                               "id,path,test_name,run_dir,session,timestamp,host_key,verdict")
        self.assertRegex(screen.replace("\n", ""), r"too narrow for [a-z_, ]*path[a-z_, ]* "
                                                   r"\(--wide shows all\)")
        self.assertNotIn("PATH", screen.split("\n")[0])

    def test_wide_leaves_nothing_out(self):
        name = "a_name_that_is_long_" * 6
        self.put_record(1, test_name=name)
        screen = self.run_line("k query --wide", options=("-J",))
        self.assertIn(name, screen)
        self.assertNotIn("…", screen)
        self.assertNotIn("too narrow", screen)

    def test_verdicts_have_colours_unless_they_are_not_wanted(self):
        self.put_records(2)
        screen = self.run_line("k query", options=("-e",))
        self.assertIn(f"{GREEN}pass", screen)
        self.assertIn(f"{RED}fail", screen)
        for line in ("NO_COLOR=1 k query", "k query --no-color", "k query | cat",
                     "TERM=dumb k query"):
            screen = self.run_line(line, options=("-e",))
            self.assertIn("fail", screen)
            self.assertNotIn(GREEN, screen, line)
            self.assertNotIn(RED, screen, line)
        self.assertIn(f"{RED}fail", self.run_line("NO_COLOR= k query", options=("-e",)))

    def test_control_characters_of_a_name_do_not_reach_the_terminal(self):
        self.put_record(1, scheduler="\x1b]0;title\x07\x1b[2J", test_name="plain")
        screen = self.run_line("k query --select test_name,scheduler")
        self.assertIn("\\x1b]0;title\\x07\\x1b[2J", screen)


class Pager(TerminalScenario):
    def setUp(self):
        super().setUp()
        needed("less")
        self.put_records(60)

    def assert_shell_goes_on(self, status=0):
        self.wait_for_end(status)
        shell = int(self.tmux("display-message", "-p", "#{pane_pid}"))
        self.assertEqual(children(shell), [])
        self.assertIn("alive", self.run_line("echo ali''ve"))

    def test_long_output_is_paged_and_q_leaves_it(self):
        self.begin("k query --select test_name,verdict")
        screen = self.wait_for_pager()
        self.assertTrue(screen.startswith("TEST_NAME"), screen)
        self.assertNotIn("test_050", screen)
        self.assertIn(f"{RED}fail", self.screen("-e"))
        self.keys("G")
        self.wait_for(lambda screen: "test_059" in screen)
        self.keys("q")
        self.assert_shell_goes_on()

    def test_short_output_is_not_paged(self):
        pager = self.bin / "noted"
        pager.write_text(f"#!/bin/sh\necho used >> {self.temporary}/used\nexec cat\n")
        pager.chmod(0o755)
        self.assertIn("test_002", self.run_line("PAGER=noted k query --limit 5"))
        self.assertFalse((self.temporary / "used").exists())
        self.run_line("PAGER=noted k query --limit 23")
        self.assertTrue((self.temporary / "used").exists())

    def test_there_are_two_ways_to_have_none(self):
        for line in ("k query --no-pager", "PAGER=cat k query", "PAGER= k query",
                     "PAGER=less KTSTR_INDEX_PAGER=cat k query", "k query | cat"):
            with self.subTest(line):
                self.assertIn("test_059", self.run_line(line))

    def test_a_pager_that_is_not_installed_is_no_failure(self):
        self.assertIn("test_059", self.run_line("PAGER=no-such-pager k query"))
        self.assertIn("test_059", self.run_line("PAGER='/no/such/pager -x' k query"))

    def test_ctrl_c_in_the_pager_leaves_nothing_behind(self):
        self.begin("k query")
        self.wait_for_pager()
        self.keys("C-c")
        self.keys("G")  # the keyboard is still the pager's alone
        self.wait_for(lambda screen: "test_059" in screen)
        self.keys("q")
        self.assert_shell_goes_on()

    def test_a_pager_that_ctrl_c_ends_takes_the_command_with_it(self):
        self.begin("PAGER='less -K' k sql 'select a.id, b.id from results a, results b, results c'")
        self.wait_for_pager()
        self.keys("C-c")
        self.assert_shell_goes_on(130)

    def test_ctrl_c_stops_what_goes_on_behind_the_pager(self):
        self.begin("k sql --timeout 0 'with recursive n(i) as (select 1 union all select i + 1 "
                   "from n) select i from n where i < 9000 or i < 0'")
        self.wait_for_pager()
        self.keys("C-c")
        self.keys("q")
        self.assert_shell_goes_on(130)

    def test_a_pager_left_early_is_no_error(self):
        self.begin("k sql 'select a.id, b.id, c.id from results a, results b, results c'")
        self.wait_for_pager()
        self.keys("q")
        self.assertNotIn("ktstr-index:", self.wait_for_end())
        self.assert_shell_goes_on()


class Live(TerminalScenario):
    def test_following_redraws_in_place_until_ctrl_c(self):
        self.put_records(40)
        self.begin("k query --follow --select test_name,verdict")
        first = self.wait_for(lambda screen: "40 rows, Ctrl-C ends" in screen
                              and "TEST_NAME" in screen)
        self.assertIn("40 rows", first.split("\n")[0])
        self.assertLessEqual(len(first.rstrip("\n").split("\n")), 24)
        self.put_record(99, test_name="the_new_one", timestamp="2030-01-01T00:00:00Z")
        second = self.wait_for(lambda screen: "the_new_one" in screen
                               and "41 rows" in screen.split("\n")[0])
        self.assertTrue(second.split("\n")[2].startswith("the_new_one"), second)
        self.assertEqual(self.screen("-S", "-").count("Ctrl-C ends"), 1)
        self.keys("C-c")
        self.wait_for_end(130)

    def test_following_fewer_rows_leaves_no_old_ones(self):
        self.put_records(5)
        self.begin("k query --follow --select test_name")
        self.wait_for(lambda screen: "test_004" in screen)
        (self.root / "6.14.2-abc1234/test_002-0000000000000002.ktstr.json").unlink()
        # The screen may be seen between two lines of one drawing.
        self.wait_for(lambda screen: "4 rows" in screen
                      and len(re.findall(r"^test_00\d$", screen, re.MULTILINE)) == 4)
        self.keys("C-c")
        self.wait_for_end(130)

    def test_a_refresh_shows_how_far_it_is(self):
        self.make_pool("--run-directories", 40, "--tests", 60)
        self.begin("k refresh --check bytes")
        self.wait_for_end()
        drawn = self.log.read_bytes().decode(errors="replace")
        self.assertRegex(drawn, r"\r\x1b\[K\[[#-]{20}\] \d+ %  \d+ files")
        self.assertNotRegex(self.screen(), r"\[[#-]{20}\]")

    def test_a_refresh_shows_nothing_to_a_pipe(self):
        self.make_pool("--run-directories", 40, "--tests", 60)
        self.run_line("k refresh --check bytes 2>&1 | cat")
        self.run_line("k refresh --check bytes -q")
        self.assertNotRegex(self.log.read_bytes().decode(errors="replace"), r"\d %")


if __name__ == "__main__":
    unittest.main()
