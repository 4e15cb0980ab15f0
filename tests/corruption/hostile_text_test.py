# SPDX-License-Identifier: MIT
"""Names and values that nobody should make: they are kept as they are, and every output stays
readable by people and programs."""

import csv
import io
import json
import os
import subprocess
import unittest

from hostile_scenario import HostileScenario
from support import COMMAND

EVIL = 'a\nb"|,\t\'\\\x1b[31m\x07\x7f;--'


class BytesThatAreNoText(HostileScenario):
    def test_a_raw_nul_or_control_byte_in_a_value_is_corrupt(self):
        for byte in (b"\0", b"\n", b"\x1f"):
            text = json.dumps({**self.record, "test_name": "a@b"}).encode().replace(b"@", byte)
            self.put_here("raw.ktstr.json", text)
            self.assertEqual(self.status_of("raw.ktstr.json")["status"], "corrupt")

    def test_an_escaped_nul_is_part_of_the_value(self):
        self.put_here("nul.ktstr.json", json.dumps({**self.record, "test_name": "a\0b"}))
        rows = self.rows("query", "file_name = 'nul.ktstr.json'", "--select", "test_name")
        self.assertEqual(rows, [{"test_name": "a\0b"}])

    def test_invalid_utf8_anywhere_is_corrupt(self):
        good = json.dumps({**self.record, "newer": "@", "test_name": "x"}).encode()
        for text in (good.replace(b"@", b"\xff"), good.replace(b"@", b"\xed\xa0\x80"),
                     good.replace(b"@", b"\xc0\x80"), b"\xff" + good, good + b"\xf8",
                     good.replace(b'"x"', b'"\xe2\x28\xa1"'), b"\xff\xfe" + b"{\0}\0"):
            with self.subTest(text=text[:20]):
                self.put_here("bytes.ktstr.json", text)
                row = self.status_of("bytes.ktstr.json")
                self.assertEqual((row["status"], row["error_class"]), ("corrupt", "io"))

    def test_what_is_around_the_object_decides(self):
        good = json.dumps(self.record)
        for text, status in ((" \n" + good + "\n\t ", "ok"), ("\ufeff" + good, "corrupt"),
                             (good + "x", "corrupt"), (good + good, "corrupt"),
                             (good + "\0", "corrupt"), ("", "corrupt"), (" ", "corrupt"),
                             ("null", "corrupt"), ("{}", "drift"), ("[]", "corrupt")):
            with self.subTest(text=text[:3] + text[-3:]):
                self.put_here("around.ktstr.json", text)
                self.assertEqual(self.status_of("around.ktstr.json")["status"], status)

    def test_a_file_whose_name_is_not_utf8_is_no_sidecar(self):
        path = os.fsencode(self.run) + b"/bad\xff.ktstr.json"
        with open(path, "wb") as file:
            file.write(json.dumps(self.record).encode())
        self.assert_right()
        self.assertEqual(len(self.rows("query")), 1)

    def test_a_directory_whose_name_is_not_utf8_is_read_and_named_in_every_format(self):
        directory = os.fsencode(self.root) + b"/bad\xff"
        os.mkdir(directory)
        with open(directory + b"/a.ktstr.json", "wb") as file:
            file.write(json.dumps({**self.record, "test_name": "inside"}).encode())
        self.refresh()
        for form in ("json", "jsonl", "csv", "markdown", "table"):
            with self.subTest(format=form):
                text = self.run_command("query", "--select", "path,test_name", "--root", self.root,
                                        "--format", form).stdout.decode("utf-8")
                self.assertIn("inside", text)
                self.assertIn("bad", text)
        self.assertEqual(self.refresh()["files"]["unchanged"], 2)


class HostileNames(HostileScenario):
    """Names and values with line breaks, quotes, separators and control bytes."""

    def setUp(self):
        super().setUp()
        self.evil_run = EVIL.replace("\\", "")
        for name in (f"{self.evil_run}/{EVIL}.ktstr.json", f"{self.evil_run}/{EVIL}/x.ktstr.json",
                     f"{self.run.name}/'; drop table sidecar; --.ktstr.json",
                     f"{self.run.name}/ .ktstr.json", f"{self.run.name}/-rf.ktstr.json",
                     f"{self.run.name}/\u202e\u2028\ufeff.ktstr.json",
                     f"{self.run.name}/{'n' * 244}.ktstr.json"):
            failed = {"passed": False, "skipped": False, "inconclusive": False}
            self.put_plainly(name, json.dumps(
                {**self.record, **failed, "test_name": EVIL, "scheduler": EVIL}))
        self.put_plainly(f"{self.evil_run}/{EVIL}cut.ktstr.json", "{")
        self.put_plainly(f"{self.evil_run}/.ktstr_run_epoch", EVIL)
        self.put_plainly(f"{self.evil_run}/{EVIL}.failure-dump.json", "{}")

    def put_plainly(self, name, content):
        """Without a staging name, which would be too long for the longest ones."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)

    def asked(self, form, *command):
        done = self.run_command(*command, "--root", self.root, "--format", form)
        return done.stdout.decode("utf-8")

    def assert_no_control_bytes(self, text, allowed):
        found = sorted({character for character in text
                        if (ord(character) < 32 or 127 <= ord(character) < 160)
                        and character not in allowed})
        self.assertEqual(found, [])

    COMMANDS = (["query", "--select", "path,run_dir,test_name,scheduler,session"], ["list"],
                ["query", "--group-by", "test_name,scheduler"],
                ["sql", "select path, status, error from files"],
                ["sql", "select path, kind, test_name from artifacts"],
                ["sql", "select session, tests from sessions"])

    def test_the_catalog_says_what_the_files_say(self):
        self.assert_right()
        self.assert_sound()

    def test_json_and_its_lines_parse_and_keep_each_byte(self):
        for command in self.COMMANDS:
            with self.subTest(command=command):
                document = json.loads(self.asked("json", *command))
                self.assertEqual(document["count"], len(document["rows"]))
                lines = self.asked("jsonl", *command)
                self.assertEqual([json.loads(line) for line in lines.split("\n")[:-1]],
                                 document["rows"])
                self.assertIn(json.dumps(EVIL)[1:8], json.dumps(document))
                self.assert_no_control_bytes(lines, "\n")
        rows = self.rows("query", "--select", "path,test_name", "--run-dir", self.evil_run)
        self.assertEqual(sorted(row["path"] for row in rows),
                         sorted(f"{self.evil_run}/{name}"
                                for name in (f"{EVIL}.ktstr.json", f"{EVIL}/x.ktstr.json")))
        self.assertEqual({row["test_name"] for row in rows}, {EVIL})

    def test_csv_parses_into_the_same_table_without_control_bytes(self):
        for command in self.COMMANDS:
            with self.subTest(command=command):
                wanted = json.loads(self.asked("json", *command))["rows"]
                text = self.asked("csv", *command)
                table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
                self.assertEqual(table[0], list(wanted[0]))
                self.assertEqual(len(table), len(wanted) + 1)
                self.assertEqual({len(row) for row in table}, {len(wanted[0])})
                self.assert_no_control_bytes(text, "\r\n\t")

    def test_a_table_and_markdown_have_one_line_a_row(self):
        for command in self.COMMANDS:
            with self.subTest(command=command):
                count = len(json.loads(self.asked("json", *command))["rows"])
                table = self.asked("table", "--wide", *command)
                self.assertEqual(table.count("\n"), count + 1)
                markdown = self.asked("markdown", *command)
                lines = markdown.split("\n")[:-1]
                self.assertEqual(len(lines), count + 2)
                columns = {line.replace("\\\\", "").replace("\\|", "").count("|")
                           for line in lines}
                self.assertEqual(len(columns), 1, markdown)
                self.assert_no_control_bytes(table + markdown, "\n")

    def test_the_other_listings_and_stderr_are_free_of_control_bytes(self):
        commands = [["footer", self.root / self.evil_run], ["refresh", "--why", "--check", "bytes"],
                    ["query", "-v"], ["show", f"{self.evil_run}/{EVIL}"],
                    ["info"], ["paths"]]
        for command in commands:
            with self.subTest(command=command):
                done = subprocess.run(
                    [COMMAND, *map(str, command), "--root", str(self.root)], capture_output=True,
                    env=self.environment(), check=False, timeout=60)
                self.assertGreaterEqual(done.returncode, 0)
                self.assert_no_control_bytes((done.stdout + done.stderr).decode("utf-8"), "\n")

    def test_such_names_can_be_asked_for(self):
        for options in (["--test", EVIL.replace("*", "?")], ["--run-dir", self.evil_run],
                        ["--scheduler", EVIL], ["--session", EVIL]):
            with self.subTest(options=options):
                self.assertGreaterEqual(len(self.rows("query", *options)), 1)


if __name__ == "__main__":
    unittest.main()
