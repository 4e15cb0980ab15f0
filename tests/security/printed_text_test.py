# SPDX-License-Identifier: MIT
"""Foreign names in what is printed: pasted into a shell, read, opened by a spreadsheet."""

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "corruption"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from hostile_scenario import HostileScenario  # noqa: E402
from support import COMMAND  # noqa: E402

HASH = "0123456789abcdef"
FOR_SHELLS = ["$(touch marker)", "`touch marker`", "a;touch marker", "a\ntouch marker\n", "it's",
              '"$(touch marker)"', "'$(touch marker)'\n", "-x", "--exec", "-", "~", "*", "a b",
              "!!", "a\\b", "%s%n", "$HOME", "a\u202eb\n$(touch marker)", "\x1b[2J'`touch marker`",
              "=ls", "\u2028!\"$(touch marker)\"", "é測", "a&touch marker&", "{a,b}", "-n\n"]
# Marks of direction, joiners, separators, selectors, tags, old controls: nobody sees them.
INVISIBLE = [*range(0x80, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x180E, *range(0x200B, 0x2010),
             *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x3164, 0xFE0F, 0xFEFF, 0xFFF9,
             0x1D173, 0xE0001, 0xE0041, 0xE01EF]


def seen(text):
    """What of it can't be seen, line ends aside."""
    return sorted({hex(ord(c)) for c in text
                   if c != "\n" and (ord(c) < 32 or ord(c) == 127 or ord(c) in INVISIBLE)})


class Printed(HostileScenario):
    def put_failed(self, test_name, run=None, **changes):
        failed = {"passed": False, "skipped": False, "inconclusive": False}
        directory = self.root / (run or self.run.name)
        directory.mkdir(exist_ok=True)
        name = test_name if len(test_name) < 200 else "long"
        (directory / f"{name}-{HASH}.ktstr.json").write_text(
            json.dumps({**self.record, **failed, "test_name": test_name, **changes}))


class Messages(Printed):
    def test_a_name_as_long_as_an_argument_can_be_is_abridged(self):
        name = "a\u00e9" * 20_000
        for arguments in (["query", name], ["show", name], ["query", "--session", name],
                          ["last-run", "--dir", name]):
            with self.subTest(arguments=[text[:20] for text in arguments]):
                done = subprocess.run([COMMAND, *arguments, "--root", self.root],
                                      capture_output=True, check=False, timeout=60,
                                      env=self.environment())
                self.assertNotIn(done.returncode, (0, 1))
                said = done.stderr.decode("utf-8")
                self.assertIn(" bytes] ", said)
                self.assertLess(len(done.stderr), 20_000)


class PastedCommands(Printed):
    def setUp(self):
        super().setUp()
        self.place = self.temporary / "shell"
        self.place.mkdir()
        self.said = self.place / "said"
        for name in ("cargo", "ktstr-index"):
            program = self.place / name
            program.write_text(f'#!/bin/sh\nprintf "%s\\0" {name} "$@" >> "$SAID"\n')
            program.chmod(0o755)

    def words_of(self, line, shell):
        """What the command gets when that line is pasted."""
        self.said.unlink(missing_ok=True)
        env = self.environment(PATH=f"{self.place}:{os.defpath}", SAID=str(self.said))
        subprocess.run([shell, "-c", line], cwd=self.place, env=env, timeout=30, check=True,
                       capture_output=True)
        self.assertEqual(list(self.temporary.rglob("marker")), [], line)
        return self.said.read_bytes().decode("utf-8").split("\0")[:-1]

    def shells(self):
        return [shell for shell in ("sh", "bash", "dash", "zsh", "ksh") if shutil.which(shell)]

    def test_the_footers_replay_line_means_the_test_and_runs_nothing_else(self):
        for name in FOR_SHELLS:
            self.put_failed(name)
        text = self.run_command("footer", "--root", self.root).stdout.decode("utf-8")
        # A line's end at the end of a name stands in quotes, as a substitution would drop it.
        blocks = text.split("      replay        ")[1:]
        lines = [block.split(" --exec\n")[0] + " --exec" for block in blocks]
        for shell in self.shells():
            names = []
            for line in lines:
                words = self.words_of(line, shell)
                self.assertEqual((words[:3], words[-1]), (["cargo", "ktstr", "replay"], "--exec"))
                option = words[3:-1]
                if len(option) == 1:
                    self.assertTrue(option[0].startswith("--filter=-"), option)
                    names.append(option[0].removeprefix("--filter="))
                else:
                    self.assertEqual(option[0], "--filter")
                    self.assertFalse(option[1].startswith("-"), option)
                    names.append(option[1])
            self.assertEqual(sorted(names), sorted(FOR_SHELLS), shell)
        self.assertEqual(seen(text), [])

    def test_a_plain_replay_line_is_as_the_harness_prints_it(self):
        self.put_failed("wakes_up")
        text = self.run_command("footer", "--root", self.root).stdout.decode()
        self.assertIn("cargo ktstr replay --filter wakes_up --exec\n", text)

    def test_the_hint_at_what_was_left_out_names_the_root(self):
        for name in ("$(touch marker)", "it's", "a b\nc", "-x", "\u202eb"):
            with self.subTest(name=name):
                root = self.temporary / name
                shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(".ktstr-index"))
                (root / self.run.name / "cut.ktstr.json").write_text("{")
                said = self.run_command("query", "--count", "--root", root).stderr.decode()
                command = said[said.index("(list --left-out") + 1:said.rindex(")")]
                words = self.words_of(f"ktstr-index {command}", "sh")
                self.assertEqual(words[1:3], ["list", "--left-out"])
                self.assertEqual(words[3:], ["--root", str(root)])

    def test_the_hint_at_a_runs_files_names_the_run(self):
        for name in ("$(touch marker)", "-x", "it's\nb"):
            with self.subTest(name=name):
                self.put_failed("a", run=name)
                (self.root / name / "cut.ktstr.json").write_text("{")
                said = self.run_command("last-run", "--run-dir", name, "--root",
                                        self.root).stderr.decode()
                command = said[said.index("(ktstr-index explain") + 1:said.rindex(")")]
                words = self.words_of(command, "sh")
                self.assertEqual(words[1], "explain-sidecar")
                self.assertIn(words[2:], (["--run", name], [f"--run={name}"]))
                done = subprocess.run([COMMAND, *words[1:], f"--root={self.root}"], timeout=60,
                                      env=self.environment(), capture_output=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_filter_of_a_replay_can_be_handed_on_in_quotes(self):
        for name in FOR_SHELLS:
            self.put_failed(name)
        text = self.run_command("replay", "--all", "--root", self.root).stdout.decode("utf-8")
        self.assertEqual(seen(text), [])
        self.assertEqual(text.count("\n"), 1)


class ShownSql(Printed):
    VALUES = ["a\nb", "\u202eevil", "tab\there", "it's \x1b[31m", "x\u2028y\ufeff", "plain", "\x7f",
              "'; drop table sidecar; --\n", "".join(f"a{chr(0x200B)}" for _ in range(2000))]

    def shown(self, *arguments):
        return self.run_command("query", *arguments, "--show-sql", "--root",
                                self.root).stdout.decode("utf-8")

    def asked(self, *arguments):
        return [tuple(row.values()) for row in self.rows("query", *arguments)]

    def test_it_shows_all_of_a_statement_and_stays_one(self):
        for value in self.VALUES:
            self.put_failed(value, scheduler=value)
        catalog = self.root / ".ktstr-index/catalog.sqlite3"
        for value in self.VALUES:
            quoted = value.replace("'", "''")
            for arguments in (["--scheduler", value, "--select", "id,scheduler"],
                              [f"scheduler = '{quoted}'", "--select", "id"],
                              [f"scheduler in ('x', '{quoted}') -- {value.splitlines()[0]}",
                               "--select", "id"],
                              [f"scheduler || '{quoted}' like '%{value[:1].replace(chr(39), '')}%'",
                               "--select", "id"]):
                with self.subTest(value=value[:20], arguments=arguments[0][:40]):
                    text = self.shown(*arguments)
                    self.assertEqual(seen(text), [])
                    statement = text.split("\n-- ")[0]
                    rows = self.asked(*arguments)
                    with closing(sqlite3.connect(catalog)) as database:
                        self.assertEqual(database.execute(statement).fetchall(), rows)

    def test_it_is_the_same_statement_in_a_document(self):
        self.put_failed("a", scheduler="\u202e")
        document = self.json("query", "--scheduler", "\u202e", "--show-sql", "--root", self.root)
        self.assertIn("char(8238)", document["sql"])


class ShownToPeople(Printed):
    ALL = "".join(f"<{chr(code)}>" for code in INVISIBLE)

    def setUp(self):
        super().setUp()
        # Names of files hold fewer of them.
        self.short = "a\u202eb\u200dc\U000e0041d\x9be"
        self.put_failed(self.short, run=f"run{self.short}", scheduler=self.ALL, payload=self.ALL)
        (self.root / f"run{self.short}" / f"{self.short}cut.ktstr.json").write_text("{")
        (self.root / f"run{self.short}" / ".ktstr_run_epoch").write_text(self.short)

    COMMANDS = (["query", "--select", "path,test_name,scheduler,payload,session"], ["list"],
                ["list", "--left-out"], ["list-values"], ["last-run"], ["footer"], ["show-host"],
                ["query", "--group-by", "scheduler"], ["sql", "select path, error from files"],
                ["refresh", "--why", "--check", "bytes"], ["explain-sidecar"], ["replay", "--all"],
                ["info"], ["verify"])

    def test_no_output_for_people_hides_anything(self):
        for command in self.COMMANDS:
            for form in ("table", "markdown"):
                with self.subTest(command=command, format=form):
                    done = subprocess.run(
                        [COMMAND, *command, "--root", self.root, "--format", form],
                        capture_output=True, timeout=60, check=False, env=self.environment())
                    self.assertIn(done.returncode, (0, 2), done.stderr)
                    self.assertEqual(seen(done.stdout.decode("utf-8")), [])
                    self.assertEqual(seen(done.stderr.decode("utf-8")), [])

    def test_json_escapes_them_and_means_the_same(self):
        for form in ("json", "jsonl"):
            done = self.run_command("query", "scheduler like '<%'", "--select", "scheduler",
                                    "--root", self.root, "--format", form)
            text = done.stdout.decode("utf-8")
            self.assertEqual(seen(text), [])
            document = json.loads(text)
            row = document["rows"][0] if form == "json" else document
            self.assertEqual(row["scheduler"], self.ALL)
        shown = self.run_command("show", f"run{self.short}/{self.short}", "--root", self.root,
                                 "--format", "json").stdout.decode("utf-8")
        self.assertEqual(seen(shown), [])
        self.assertEqual(json.loads(shown)["record"]["scheduler"], self.ALL)

    def test_csv_is_data_and_keeps_what_no_terminal_obeys(self):
        text = self.run_command("query", "scheduler like '<%'", "--select", "test_name", "--root",
                                self.root, "--format", "csv").stdout.decode("utf-8")
        self.assertEqual(text.split("\n")[1], "a\u202eb\u200dc\U000e0041d\\xc2\\x9be")

    def test_markdown_cells_hold_no_markup(self):
        for text, wanted in (("a|b", "a\\|b"), ("`x`", "\\`x\\`"), ("<b>", "\\<b>"),
                             ("[x](http://y)", "\\[x](http\\://y)"), ("&lt;", "\\&lt;"),
                             ("https://x.y", "https\\://x.y"), ("www.x.y", "www\\.x.y"),
                             ("a@b.c", "a\\@b.c"), ("__init__", "\\_\\_init\\_\\_"),
                             ("a_b", "a_b"), ("$x$", "\\$x\\$"), ("~~x~~", "\\~\\~x\\~\\~")):
            with self.subTest(text=text):
                done = self.run_command("sql", f"select '{text}' as x", "--root", self.root,
                                        "--format", "markdown")
                self.assertEqual(done.stdout.decode().splitlines()[2], f"| {wanted} |")

    def test_no_name_looks_like_a_line_of_ours_on_stderr(self):
        forged = "ktstr-index: all is well"
        missing = self.temporary / f"x\n{forged}\u202e"
        for command in (["refresh"], ["list"], ["footer"], ["last-run"], ["query"]):
            done = subprocess.run([COMMAND, *command, "--root", missing], capture_output=True,
                                  timeout=60, check=False, env=self.environment())
            said = done.stderr.decode("utf-8")
            self.assertTrue(said)
            self.assertNotIn(forged, said.splitlines())
            self.assertEqual(seen(said), [])
        run = self.root / f"y\n{forged}"
        run.mkdir()
        (run / "cut.ktstr.json").write_text("{")
        (run / f"z\n{forged}.ktstr.json").write_text("{")
        for command in (["refresh"], ["footer"], ["last-run", "--run-dir", run.name],
                        ["import", run], ["query", "--in", run]):
            done = subprocess.run([COMMAND, *command, "--root", self.root], capture_output=True,
                                  timeout=60, check=False,
                                  env=self.environment(KTSTR_INDEX_ARCHIVE=str(
                                      self.temporary / "archive.sqlite3")))
            self.assertNotIn(forged, done.stderr.decode("utf-8").splitlines(), command)


class Spreadsheets(Printed):
    FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C calc'!A0"]
    PLAIN = ["a=1", "1+1", " =1", "'=1", "x", "", "6.14-rc1"]

    def printed(self, *options, status=0):
        for number, text in enumerate([*self.FORMULAS, *self.PLAIN]):
            self.put_failed(f"t{number:02}", scheduler=text, vcpus=7)
        return self.run_command("query", "test_name glob 't[0-9]*'", "--select",
                                "test_name,scheduler,vcpus", "--root", self.root, *options,
                                status=status)

    def cells(self, *options):
        text = self.printed("--format", "csv", *options).stdout.decode("utf-8")
        rows = sorted(list(csv.reader(io.StringIO(text, newline="")))[1:])
        self.assertEqual({row[2] for row in rows}, {"7"})
        return [row[1] for row in rows]

    def test_formulas_are_quoted_for_spreadsheets_only(self):
        self.assertEqual(self.cells(), [*self.FORMULAS, *self.PLAIN])
        self.assertEqual(self.cells("--excel"),
                         [*("'" + text for text in self.FORMULAS), *self.PLAIN])

    def test_numbers_and_other_cells_stay(self):
        done = self.run_command("sql", "select -1 as a, -1.5 as b, '-1' as \"=c\"", "--root",
                                self.root, "--format", "csv", "--excel")
        self.assertEqual(done.stdout, b"a,b,'=c\n-1,-1.5,'-1\n")

    def test_it_is_about_csv(self):
        for form in ("table", "json", "jsonl", "markdown"):
            done = self.printed("--excel", "--format", form, status=2)
            self.assertEqual(done.stdout, b"")
        self.run_command("list", "--excel", "--root", self.root, status=2)


if __name__ == "__main__":
    unittest.main()
