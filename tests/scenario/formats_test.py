# SPDX-License-Identifier: MIT
"""Every command in every format, as parsers that are not ours see it."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import jsonschema
except ImportError:
    jsonschema = None

from listings_test import RECORD, without
from support import COMMAND, SOURCE, Scenario, load_json

RUN = "a run, \"quoted\" | piped"
SCHEMAS = SOURCE / "schema" / "output"
FORMATS = ("table", "json", "jsonl", "csv", "markdown")
SANITIZERS = (b"__asan_init", b"__tsan_init", b"__ubsan_handle", b"__msan_init")
# Their jsonl has rows where their json has a document.
ROWS_IN_LINES = ("footer", "list-metrics", "list-values", "explain-sidecar", "replay",
                 "show-host")
MIB = 1 << 20
FAILED = "0000000000000001"
MANY_ROWS = ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) "
             "select i, 'text, \"' || hex(i * 7919) || '\" | ' || i as t, i / 7.0 as r, "
             "nullif(i % 3, 0) as z from n")

# What is asked, and the schema of its JSON. {run} and the like are filled in.
ASKED = [
    ("rows", ["query"]),
    ("rows", ["query", "--select", "id,path,test_name,scheduler,worst_spread,error,host_key"]),
    ("rows", ["query", "--count"]),
    ("rows", ["query", "--group-by", "scheduler,verdict"]),
    ("rows", ["query", "1=0"]),
    ("rows", ["query", "--columns"]),
    ("rows", ["query", "--named"]),
    ("query-sql", ["query", "--show-sql", "scheduler like '%\"|,%' or verdict='fail'"]),
    ("rows", ["sql", "select * from results"]),
    ("rows", ["sql", "select * from files"]),
    ("rows", ["sql", "select * from hosts"]),
    ("rows", ["sql", "select * from metrics limit 50"]),
    ("rows", ["sql", "select 9223372036854775807 as big, -0.0 as zero, 1e999 as inf, "
                     "x'00ff' as bytes, '' as empty, null as \"n|u,l\"\"l\""]),
    ("rows", ["list"]),
    ("rows", ["list", "--left-out"]),
    ("show", ["show", "{good}"]),
    ("show", ["show", "{drift}"]),
    ("show", ["show", "{corrupt}"]),
    ("info", ["info"]),
    ("paths", ["paths"]),
    ("kernel-commit-map", ["paths", "--kernel-commit-map"]),
    ("list-values", ["list-values"]),
    ("list-metrics", ["list-metrics"]),
    ("show-host", ["show-host"]),
    ("show-host", ["show-host", "--run", "{run}"]),
    ("show-host", ["show-host", "--diff", "{run}", "other"]),
    ("explain-sidecar", ["explain-sidecar", "--run", "{run}"]),
    ("last-run", ["last-run"]),
    ("replay", ["replay", "--all"]),
    ("refresh", ["refresh"]),
    ("verify", ["verify"]),
    ("footer", ["footer"]),
    ("footer", ["footer", "--since", "2099-01-01"]),
    ("harness-hash", ["harness", "hash", "{good_file}"]),
    ("harness-classify", ["harness", "classify", "t-0000000000000001.ktstr.json", "none|such",
                          "a,\"b\n\x1b-0000000000000002.wprof.pb", "☃😀"]),
]
# They write, so that each form of them needs its own file.
WRITING = [
    ("harness-session", ["harness", "write", "--session", "new"]),
    ("harness-write", ["harness", "write", "--clear", "{good_file}"]),
    ("harness-write", ["harness", "write-skip", "--clear", "{good_file}"]),
    ("harness-finalize", ["harness", "finalize", "--verdict", "pass", "{final_file}"]),
    ("restore", ["restore", "{run}", "--to", "{back}", "--force"]),
    ("snapshot", ["snapshot", "{snapshot}", "--over", "past", "--force"]),
    ("pack", ["pack", "verdict='fail'", "-o", "{pack}", "--force"]),
    ("import", ["import", "{root}"]),
    ("gc", ["gc", "--keep-last", "1"]),
    ("purge", ["purge", "--where", "verdict='fail'"]),
]


class FormatScenario(Scenario):
    """A pool with everything that is awkward to print."""

    NAMES = ["plain", "comma, semicolon;", 'quo"te\'s', "pi|pe \\| `code`", "new\nline\r\ttab",
             "esc\x1b[31mred\x7f\u0085", "emoji 😀 e\u0301 漢字", "<b>&amp;</b> [x](y) *z* ~"]

    def setUp(self):
        super().setUp()
        for index, name in enumerate(self.NAMES):
            self.put_record(f"{name}-{index:016x}.ktstr.json", test_name=name, scheduler=name,
                            passed=index % 2 == 0, host={**RECORD["host"], "cpu_model": name})
        self.put_record(f"failed-{FAILED}.ktstr.json", test_name="failed", passed=False)
        self.put(f"{RUN}/failed-{FAILED}.failure-dump.json", "{}")
        self.put_record("drift-00000000000000a1.ktstr.json", test_name="drift",
                        base=without(RECORD, "work_type"))
        self.put(f"{RUN}/corrupt\n|-00000000000000a2.ktstr.json", '{"a":tru}')
        self.put(f"{RUN}/binary-00000000000000a3.ktstr.json", b"\xff\x00")
        self.put_record("job-00000000000000a4.ktstr.json", directory=RUN + "/job 1")
        self.put_record("other-00000000000000a5.ktstr.json", directory="other",
                        host={**RECORD["host"], "arch": "a|b,\"c\""})
        (self.root / "empty, directory").mkdir()
        self.final = self.temporary / f"final-{FAILED}.ktstr.json"
        self.run_command("refresh", "--root", self.root)

    def environment(self, **changes):
        archive = str(self.temporary / "archive.sqlite3")
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": archive, **changes})

    def put_record(self, name, directory=RUN, base=None, **changes):
        self.put(f"{directory}/{name}", json.dumps({**(base or RECORD), **changes}))

    def arguments(self, asked):
        places = {"run": RUN, "good": f"{RUN}/failed", "drift": f"{RUN}/drift",
                  "corrupt": f"{RUN}/corrupt\n|-00000000000000a2.ktstr.json",
                  "good_file": f"{self.root}/{RUN}/failed-{FAILED}.ktstr.json",
                  "final_file": str(self.final), "back": tempfile.mkdtemp(dir=self.temporary),
                  "snapshot": str(self.temporary / "snapshot.sqlite3"),
                  "pack": str(self.temporary / "pack.sqlite3"), "root": str(self.root)}
        filled = [re.sub(r"^\{(\w+)\}$", lambda match: places[match[1]], text) for text in asked]
        return [*filled, "--root", str(self.root)]

    def output(self, asked, form):
        """Of the command, as text; its line ends as they are."""
        shutil.copy(self.root / RUN / f"failed-{FAILED}.ktstr.json", self.final)
        written = str(self.temporary / "written")
        done = self.run_command(*self.arguments(asked), "--format", form,
                                env={"KTSTR_SIDECAR_DIR": written} if is_write(asked) else {})
        text = done.stdout.decode("utf-8", errors="strict")
        self.assertNotRegex(text, "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f]")
        return text

    def for_each(self, check, *forms):
        """Runs the check with each thing to ask, in each of the forms."""
        for _, asked in ASKED + WRITING:
            for form in forms:
                with self.subTest(" ".join(asked) + " --format " + form):
                    check(asked, form)


def is_write(asked):
    return asked[0] == "harness" and asked[1].startswith("write")


def has_rows(document):
    """In gc's and purge's, `rows` is a number."""
    return isinstance(document, dict) and isinstance(document.get("rows"), list)


def unescaped_pipes(line):
    return len(re.sub(r"\\.", "", line).split("|")) - 1


FIELD = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
CSV = re.compile(rf"(?:{FIELD}(?:,{FIELD})*\n)+")


class EveryFormat(FormatScenario):
    def setUp(self):
        super().setUp()
        self.schemas = {path.name.removesuffix(".schema.json"): load_json(path)
                        for path in SCHEMAS.glob("*.schema.json")}

    def test_json_is_one_document_that_others_can_read(self):
        def check(asked, form):
            text = self.output(asked, form)
            self.assertTrue(text.endswith("\n"))
            document = json.loads(text, parse_constant=self.fail)
            if has_rows(document):
                self.assertEqual(document["count"], len(document["rows"]))
            if shutil.which("jq"):
                done = subprocess.run(["jq", "-e", "."], input=text.encode(), capture_output=True,
                                      check=False, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIsNotNone(json.loads(done.stdout))

        self.for_each(check, "json")

    def test_jsonl_is_one_document_a_line_and_the_rows_are_json_s(self):
        def check(asked, form):
            text = self.output(asked, form)
            lines = text.split("\n")
            self.assertEqual(lines.pop(), "")
            documents = [json.loads(line, parse_constant=self.fail) for line in lines]
            whole = json.loads(self.output(asked, "json"))
            if has_rows(whole):
                self.assertEqual(documents, whole["rows"])
            elif asked[0] not in ROWS_IN_LINES:
                self.assertEqual(len(documents), 1)

        self.for_each(check, "jsonl")

    def test_csv_keeps_the_standard(self):
        def check(asked, form):
            text = self.output(asked, form)
            self.assertTrue(CSV.fullmatch(text), text[:500])
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            self.assertEqual({len(row) for row in rows}, {len(rows[0])})
            self.assertEqual(len(set(rows[0])), len(rows[0]))
            if asked[0] in ("query", "sql", "list") and "--show-sql" not in asked:
                found = json.loads(self.output(asked, "json"))["rows"]
                self.assertEqual(len(rows) - 1, len(found))
                self.assertEqual([row[0] for row in rows[1:]],
                                 [csv_text(next(iter(row.values()))) for row in found])

        self.for_each(check, "csv")

    def test_markdown_has_as_many_cells_in_each_line(self):
        def check(asked, form):
            lines = self.output(asked, form).split("\n")
            self.assertEqual(lines.pop(), "")
            self.assertRegex(lines[1], r"^\|( ---:? \|)+$")
            self.assertEqual({unescaped_pipes(line) for line in lines},
                             {unescaped_pipes(lines[1])})
            self.assertFalse([line for line in lines if not line.startswith("| ")
                              or not line.endswith("|") or "\r" in line])

        self.for_each(check, "markdown")

    def test_a_table_has_a_line_for_each_row(self):
        def check(asked, form):
            text = self.output(asked, form)
            self.assertNotIn("\t", text)
            self.assertTrue(text.endswith("\n") or text == "")
            if asked[0] in ("query", "sql", "list") and "--show-sql" not in asked:
                found = json.loads(self.output(asked, "json"))["rows"]
                self.assertEqual(len(text.splitlines()), len(found) + 1)

        self.for_each(check, "table")

    def test_a_reader_that_wants_one_line_gets_no_error(self):
        script = 'set -o pipefail; "$@" | head -n 1 > /dev/null'
        def check(asked, form):
            if is_write(asked):
                return
            shutil.copy(self.root / RUN / f"failed-{FAILED}.ktstr.json", self.final)
            done = subprocess.run(
                ["bash", "-c", script, "-", COMMAND, *self.arguments(asked), "-q",
                 "--format", form],
                capture_output=True, env=self.environment(), cwd=self.temporary, check=False,
                timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

        self.for_each(check, *FORMATS)

    def test_each_document_obeys_its_schema_and_each_schema_is_used(self):
        if jsonschema is None:
            if os.environ.get("CI"):
                self.fail("CI is set and there is no python3-jsonschema")
            self.skipTest("no python3-jsonschema")
        used = set()
        for name, asked in ASKED + WRITING:
            with self.subTest(" ".join(asked)):
                used.add(name)
                self.assertIn(name, self.schemas)
                jsonschema.Draft202012Validator.check_schema(self.schemas[name])
                validator = jsonschema.Draft202012Validator(self.schemas[name])
                validator.validate(json.loads(self.output(asked, "json")))
                self.validate_lines(name, asked)
        self.assertEqual(sorted(set(self.schemas) - used), [])

    def validate_lines(self, name, asked):
        """Of jsonl: the rows have the schema of rows, what is no row is the document."""
        schema = self.schemas[name]
        if asked[0] in ROWS_IN_LINES:
            return
        if "row" in schema.get("$defs", {}):
            schema = {**schema["$defs"]["row"], "$defs": schema["$defs"]}
        for line in self.output(asked, "jsonl").splitlines():
            jsonschema.Draft202012Validator(schema).validate(json.loads(line))

    def test_differences_obey_the_schema_too(self):
        if jsonschema is None:
            self.skipTest("no python3-jsonschema")
        (self.root / RUN / f"failed-{FAILED}.ktstr.json").unlink()
        self.put_record("new-00000000000000b1.ktstr.json")
        done = self.run_command("verify", "--root", self.root, "--format", "json", status=1)
        document = json.loads(done.stdout)
        jsonschema.Draft202012Validator(self.schemas["verify"]).validate(document)
        self.assertLessEqual({"missing", "gone"}, {one["kind"] for one in document["differences"]})


def csv_text(value):
    """As a CSV cell holds it: what a terminal would obey is escaped."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value)
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f]",
                  lambda match: "".join(f"\\x{byte:02x}" for byte in match[0].encode()), value)


class Streaming(Scenario):
    # A process inherits the peak memory of the one that starts it, and this one has a large one.
    LAUNCHER = ("import os, sys\n"
                "child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=["
                "(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)])\n"
                "_, status, usage = os.wait4(child, 0)\n"
                "print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)\n")

    def peak_bytes(self, statement, form):
        done = subprocess.run(
            [sys.executable, "-S", "-c", self.LAUNCHER, COMMAND, "sql", statement, "--root",
             str(self.root), "--format", form],
            capture_output=True, env=self.environment(), check=True, timeout=120)
        status, peak_kib = done.stdout.split()
        self.assertEqual(int(status), 0, done.stderr.decode())
        return int(peak_kib) * 1024

    def test_a_hundred_thousand_rows_need_little_memory(self):
        binary = Path(COMMAND).read_bytes()
        instrumented = any(name in binary for name in SANITIZERS)
        for form in ("json", "csv", "jsonl", "table"):
            with self.subTest(form):
                nothing = self.peak_bytes("select 1 where 0", form)
                peak = self.peak_bytes(MANY_ROWS, form)
                if not instrumented:
                    self.assertLess(peak - nothing, 64 * MIB)

    def test_a_hundred_thousand_rows_are_all_there(self):
        def output(form):
            return self.run_command("sql", MANY_ROWS, "--root", self.root, "--format",
                                    form).stdout.decode()
        rows = json.loads(output("json"))["rows"]
        self.assertEqual([row["i"] for row in rows], list(range(1, 100001)))
        self.assertEqual([json.loads(line) for line in output("jsonl").splitlines()], rows)
        table = csv.DictReader(io.StringIO(output("csv"), newline=""), strict=True)
        self.assertEqual([row["t"] for row in table], [row["t"] for row in rows])
        self.assertEqual(len(output("table").splitlines()), 100001)

    def test_a_reader_that_goes_away_from_a_long_answer_gets_no_error(self):
        script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"'
        for form in FORMATS:
            with self.subTest(form):
                done = subprocess.run(
                    ["bash", "-c", script, "-", COMMAND, "sql", MANY_ROWS, "--root",
                     str(self.root), "--format", form],
                    capture_output=True, env=self.environment(), check=True, timeout=60)
                self.assertEqual(done.stderr, b"")
                self.assertEqual(done.stdout.splitlines()[-1], b"0")


if __name__ == "__main__":
    unittest.main()
