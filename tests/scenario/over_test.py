# SPDX-License-Identifier: MIT
"""Questions about what was there: --over past and all, sessions by name, labels, show --raw."""

import copy
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from golden_pool import RECORD
from support import Scenario

RUN = "7.1.0-abc1234"
OTHER = "6.14.2-abc1234"
OLD, NEW = "1783201200000000000", "1783204800000000000"


class OverScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "kept" / "archive.sqlite3"

    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": str(self.archive), **changes})

    def put_record(self, directory=RUN, test="wake_storm", minute=0, **changes):
        record = {**copy.deepcopy(RECORD), "test_name": test, **changes}
        record["timestamp"] = f"2026-07-04T{21 + minute // 60}:{minute % 60:02}:00Z"
        number = sum(test.encode())
        return self.put(f"{directory}/{test}-{number:016x}.ktstr.json", json.dumps(record))

    def begin_session(self, token, *directories):
        for directory in directories:
            self.put(f"{directory}/.ktstr_run_epoch", token)

    def refresh(self, *arguments):
        return self.json("refresh", "--root", self.root, *arguments)

    def query(self, *arguments, **options):
        return self.rows("query", *arguments, **options)

    def count(self, *arguments, **options):
        return self.query("--count", *arguments, **options)[0]["count"]

    def verdicts(self, *arguments):
        return [(row["test_name"], row["verdict"]) for row in
                self.query("--select", "test_name,verdict", *arguments)]

    def said(self, *arguments, **options):
        done = self.run_command(*arguments, "--root", self.root, **options)
        return done.stderr.decode()

    def tree(self):
        """Names below the temporary directory, but for SQLite's own beside a database."""
        return {str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*")}


class Over(OverScenario):
    def rerun(self):
        """A failure, then a re-run that passes and a directory that is cleaned."""
        self.put_record(passed=False)
        self.put_record(OTHER, "steady")
        self.refresh()
        self.put_record(minute=50)
        shutil.rmtree(self.root / OTHER)
        self.refresh()

    def test_the_past_has_what_a_rerun_replaced_and_what_was_deleted(self):
        self.rerun()
        self.assertEqual(self.verdicts(), [("wake_storm", "pass")])
        self.assertEqual(self.verdicts("--over", "past"),
                         [("steady", "pass"), ("wake_storm", "fail"), ("wake_storm", "pass")])
        ended = self.query("--over", "past", "ended_ns is not null", "--select", "test_name,ending")
        self.assertEqual(ended, [{"test_name": "steady", "ending": "vanished"},
                                 {"test_name": "wake_storm", "ending": "superseded"}])

    def test_all_has_each_result_once(self):
        self.rerun()
        self.assertEqual(self.verdicts("--over", "all"),
                         [("steady", "pass"), ("wake_storm", "fail"), ("wake_storm", "pass")])
        rows = self.query("--over", "all", "--select", "sidecar_id,verdict,day,first_seen_ns")
        self.assertEqual([row["sidecar_id"] > 0 for row in rows], [False, False, True])
        self.assertEqual([row["first_seen_ns"] is None for row in rows], [False, False, True])
        self.assertEqual({row["day"] for row in rows}, {"2026-07-04"})

    def test_a_result_that_no_refresh_has_kept_yet_is_there_all_the_same(self):
        self.rerun()
        self.put_record(OTHER, "unkept")
        self.assertEqual(self.count("--over", "past"), 3)
        self.assertEqual(self.count("--over", "all"), 4)

    def test_metrics_and_what_else_hangs_on_a_result_come_from_where_it_is(self):
        self.rerun()
        for over, tests in (("now", 1), ("past", 3), ("all", 3)):
            rows = self.query("--over", over, "--metric", "worst_p99_wake_latency_us",
                              "--select", "worst_p99_wake_latency_us")
            self.assertEqual([row["worst_p99_wake_latency_us"] for row in rows], [41.877] * tests)
            for view, each in (("metrics", None), ("verifier_programs", 2), ("callbacks", 2)):
                sql = f"select sidecar_id, count(*) n from {view} group by 1"
                found = self.rows("sql", sql, "--over", over)
                self.assertEqual(len(found), tests, (over, view))
                if each:
                    self.assertEqual({row["n"] for row in found}, {each})
            joined = self.rows("sql", "select distinct r.id from results r join kvm_stats k "
                               "using(sidecar_id)", "--over", over)
            self.assertEqual(len(joined), tests)
            self.assertEqual(len(self.rows("sql", "select * from hosts", "--over", over)), 1)

    def test_views_over_all_have_the_columns_of_those_over_now(self):
        self.rerun()
        for view in ("pool", "run_dirs", "sessions", "metrics", "verifier_programs", "callbacks",
                     "kvm_stats", "payload_metrics", "hosts", "artifacts", "files"):
            header = {}
            for over in ("now", "past", "all"):
                text = self.run_command("sql", f"select * from {view}", "--over", over, "--root",
                                        self.root, "--format", "csv").stdout.decode()
                header[over] = text.splitlines()[0].split(",")
            extra = ["day", "first_seen_ns", "last_seen_ns", "ended_ns", "ending"]
            wanted = header["now"] + (extra if view == "pool" else [])
            self.assertEqual(header["past"], wanted, view)
            self.assertEqual(header["all"], wanted, view)

    def test_list_counts_of_each_name_what_stood_there_last(self):
        self.rerun()
        counts = {over: {row["run"]: (row["tests"], row["pass"], row["fail"])
                         for row in self.rows("list", "--over", over)}
                  for over in ("now", "past", "all")}
        self.assertEqual(counts["now"], {RUN: (1, 1, 0)})
        self.assertEqual(counts["past"], {RUN: (1, 1, 0), OTHER: (1, 1, 0)})
        self.assertEqual(counts["all"], counts["past"])

    def test_list_values_knows_the_values_of_the_past(self):
        self.put_record(OTHER, scheduler="scx_gone")
        self.refresh()
        shutil.rmtree(self.root / OTHER)
        self.put_record()
        now = self.json("list-values", "--root", self.root)
        self.assertEqual(now["scheduler"], ["scx_lavd"])
        self.assertEqual(self.json("list-values", "--root", self.root, "--over", "all")
                         ["scheduler"], ["scx_gone", "scx_lavd"])
        self.assertIn("--dir", self.said("list-values", "--dir", self.root, "--over", "past",
                                         status=2))

    def test_a_wiped_root_still_has_its_past(self):
        self.put_record(passed=False)
        self.refresh()
        shutil.rmtree(self.root)
        self.assertEqual(self.verdicts("--over", "past"), [("wake_storm", "fail")])
        self.assertEqual(self.verdicts("--over", "all"), [("wake_storm", "fail")])
        self.assertEqual([row["run"] for row in self.rows("list", "--over", "past")], [RUN])
        self.assertIn("no runs root", self.said("show", "wake_storm"))
        self.run_command("query", "--root", self.root, status=3)
        self.assertFalse(self.root.exists())

    def test_a_wiped_root_is_found_from_where_it_was(self):
        project = self.temporary / "project"
        self.root = project / "target" / "ktstr"
        self.root.mkdir(parents=True)
        self.put_record()
        self.refresh()
        shutil.rmtree(project / "target")
        (project / "src").mkdir()
        done = self.run_command("query", "--over", "past", "--count", "--format", "json",
                                cwd=project / "src")
        self.assertEqual(json.loads(done.stdout)["rows"], [{"count": 1}])

    def test_other_projects_are_asked_for(self):
        self.put_record()
        self.refresh()
        first, self.root = self.root, self.temporary / "second"
        self.root.mkdir()
        self.put_record(test="elsewhere")
        self.refresh()
        self.assertEqual(self.verdicts("--over", "past"), [("elsewhere", "pass")])
        self.assertEqual(self.count("--over", "past", "--all-projects"), 2)
        self.assertEqual(self.rows("sql", "select count(*) n from past.results"), [{"n": 2}])
        for view, wanted in (("metrics", 1), ("hosts", 1), ("files", 1), ("observations", 1)):
            sql = f"select count(distinct {'host_key' if view == 'hosts' else 'id'}) n from {view}"
            self.assertEqual(self.rows("sql", sql, "--over", "past"), [{"n": wanted}], view)
        self.root = first
        self.assertEqual(self.verdicts("--over", "all"), [("wake_storm", "pass")])

    def test_the_files_of_the_past_are_not_there_to_be_named(self):
        self.rerun()
        for flag in ("--paths", "--follow"):
            self.assertIn("now", self.said("query", "--over", "past", flag, status=2))

    @unittest.skipUnless(shutil.which("sqlite3") or os.environ.get("CI"), "no sqlite3 shell")
    def test_the_stock_shell_takes_the_statement(self):
        self.archive = self.temporary / "it's 100% ?#" / "archive.sqlite3"
        self.rerun()
        for over in ("past", "all"):
            arguments = ["verdict = 'fail'", "--over", over, "--metric", "iteration_rate"]
            text = self.run_command("query", "--root", self.root, *arguments, "--show-sql").stdout
            catalog = self.root / ".ktstr-index/catalog.sqlite3"
            done = subprocess.run(["sqlite3", "-readonly", "-json", str(catalog)], input=text,
                                  capture_output=True, check=True, timeout=60)
            self.assertEqual(done.stderr, b"")
            self.assertEqual(json.loads(done.stdout), self.query(*arguments))
            document = self.json("query", "--root", self.root, *arguments, "--show-sql")
            self.assertEqual(text.decode().split(";\nSELECT ")[0] + ";\n", document["preamble"])


class Statements(OverScenario):
    def setUp(self):
        super().setUp()
        self.put_record()
        self.refresh()

    def test_a_statement_that_names_the_past_needs_no_option(self):
        for sql in ("select count(*) n from past.results", "select count(*) n from observations",
                    "select count(*) n from results join past.results p using(id)",
                    'select count(*) n from "past".pool', "select count(*) n from past.documents"):
            self.assertEqual(self.rows("sql", sql), [{"n": 1}], sql)
        self.assertEqual(self.rows("sql", "select key from labels"), [])

    def test_the_tables_behind_the_views_stay_closed(self):
        for over in ("now", "past", "all"):
            for table in ("past.sidecar", "past.document_bytes", "past.runs_root", "result_files",
                          "temp.result_files", "past.label", "past.session", "main.sidecar"):
                for what in ("count(*)", "*", "1"):
                    said = self.said("sql", f"select {what} from {table}, past.about", "--over",
                                     over, status=2)
                    self.assertNotEqual(said, "", (table, what))
        for sql in ("attach 'x' as y", "detach past", "delete from past.results",
                    "drop view temp.results", "create temp view v as select 1"):
            self.run_command("sql", sql, "--over", "all", "--root", self.root, status=2)


class Archives(OverScenario):
    def setUp(self):
        super().setUp()
        self.put_record()

    def test_without_an_archive_the_past_is_empty_and_a_note_says_why(self):
        for over in ("past", "all"):
            done = self.run_command("query", "--over", over, "--root", self.root, "--count")
            self.assertIn("no archive yet", done.stderr.decode())
            self.assertIn("refresh", done.stderr.decode())
        off = {"KTSTR_INDEX_ARCHIVE": "off"}
        self.assertEqual(self.query("--over", "past", env=off), [])
        self.assertEqual(self.count("--over", "all", env=off), 1)
        self.assertIn("KTSTR_INDEX_ARCHIVE is off",
                      self.said("query", "--over", "past", env=off))
        self.assertIn("--archive is off",
                      self.said("list", "--over", "past", "--archive", "off"))
        self.assertEqual(self.rows("sql", "select * from past.results", env=off), [])

    def test_reading_makes_nothing(self):
        self.query()
        before = self.tree()
        for command in (["query", "--over", "past"], ["query", "--over", "all"],
                        ["list", "--over", "all"], ["list-values", "--over", "past"],
                        ["sql", "select * from past.results"], ["sql", "select * from labels"],
                        ["show", "wake_storm", "--raw"], ["query", "--session", "~1999"]):
            status = 2 if "--session" in command else 0
            self.run_command(*command, "--root", self.root, status=status)
        self.assertEqual(self.tree(), before)

    def test_reading_adds_nothing_to_an_archive(self):
        self.refresh()
        self.put_record(test="second")
        before = self.archive.read_bytes()
        names = self.tree()
        for command in (["query", "--over", "all"], ["list", "--over", "past"],
                        ["show", "wake_storm", "--raw"]):
            self.run_command(*command, "--root", self.root)
        self.assertEqual(self.archive.read_bytes(), before)
        self.assertEqual(self.tree() - names, set())

    def test_one_in_a_directory_that_lets_nobody_write_is_read(self):
        self.refresh()
        for suffix in ("-wal", "-shm", ".lock"):
            (self.archive.parent / (self.archive.name + suffix)).unlink(missing_ok=True)
        self.archive.chmod(0o444)
        self.archive.parent.chmod(0o555)
        self.addCleanup(self.archive.parent.chmod, 0o755)
        before = self.tree()
        for path in (self.root, self.root / ".ktstr-index"):
            path.chmod(0o777)
        for path in (self.root / ".ktstr-index").iterdir():
            path.chmod(0o666)
        self.assertEqual(self.count("--over", "past", as_nobody=True), 1)
        self.assertEqual({name for name in self.tree() - before if "kept" in name}, set())

    def test_a_newer_one_is_refused_with_both_numbers(self):
        self.refresh()
        with sqlite3.connect(self.archive) as archive:
            archive.execute("pragma user_version = 99")
        archive.close()
        for command in (["query", "--over", "past"], ["sql", "select 1 from past.about"]):
            said = self.said(*command, status=3)
            self.assertRegex(said, r"layout 99, this program knows \d+\b")
        # A question that could do without it does.
        self.assertIn("layout 99", self.said("query", "--session", "~2026-07-04T21:00:00Z"))

    def test_a_damaged_one_is_named_and_the_catalog_stays(self):
        self.refresh()
        self.archive.write_bytes(b"not a database" * 1000)
        said = self.said("query", "--over", "all", status=3)
        self.assertIn(str(self.archive), said)
        self.assertIn("ktstr-index refresh", said)
        self.assertEqual(self.count(), 1)

    def test_damage_in_the_middle_is_not_blamed_on_the_catalog(self):
        for number in range(200):
            self.put_record(test=f"test_{number}")
        self.refresh()
        with open(self.archive, "r+b") as archive:
            archive.seek(8192 * 5)
            archive.write(b"\xff" * (self.archive.stat().st_size - 8192 * 5))
        said = self.said("query", "--over", "past", status=3)
        self.assertIn(str(self.archive), said)
        self.assertNotIn("catalog is now", said)

    def test_what_somebody_else_put_there_is_refused(self):
        self.archive.parent.mkdir()
        with sqlite3.connect(self.archive) as other:
            other.execute("create table mine(x)")
        other.close()
        self.assertIn("not a ktstr-index archive", self.said("query", "--over", "past", status=3))


class Sessions(OverScenario):
    def setUp(self):
        super().setUp()
        self.begin_session(OLD, RUN)
        self.put_record(minute=0, passed=False)
        self.refresh()
        self.begin_session(NEW, RUN, OTHER)
        self.put_record(minute=60)
        self.put_record(OTHER, "steady", minute=62)
        self.refresh()

    def test_they_are_counted_from_the_newest_over_the_past_too(self):
        self.assertEqual(self.verdicts("--session", "@last"),
                         [("steady", "pass"), ("wake_storm", "pass")])
        for name in ("@prev", "@2", OLD, OLD[:8] + OLD[8:12]):
            self.assertEqual(self.verdicts("--session", name), [("wake_storm", "fail")], name)
        self.assertEqual(self.verdicts("--session", "@1"), self.verdicts("--session", NEW))
        self.assertEqual(self.verdicts("--session", "@last,@prev"),
                         self.verdicts("--over", "all"))

    def test_over_says_where_to_look(self):
        self.assertEqual(self.verdicts("--session", NEW, "--over", "now"),
                         [("steady", "pass"), ("wake_storm", "pass")])
        self.assertEqual(self.verdicts("--session", OLD, "--over", "past"),
                         [("wake_storm", "fail")])

    def test_an_unknown_one_is_refused_with_the_newest(self):
        for name in ("@9", "@0", "@", "@first", "nothing", "", OLD + "0"):
            said = self.said("query", "--session", name, status=2)
            self.assertIn(f"there is no session '{name}'", said)
            self.assertIn(f"@1  {NEW} (2026-07-04T22:00:00Z)", said)

    def test_a_beginning_that_several_have_is_refused(self):
        said = self.said("query", "--session", "17832012", status=0)
        self.begin_session(OLD[:-1] + "7", RUN)
        self.put_record(minute=70)
        said = self.said("query", "--session", OLD[:10], status=2)
        self.assertIn(OLD, said)
        self.assertIn(OLD[:-1] + "7", said)

    def test_results_without_a_token_have_inferred_ones(self):
        self.put_record("6.13.0-abc1234", "alone", minute=120)
        self.put_record("6.13.0-abc1234", "later", minute=140)
        self.assertEqual(self.verdicts("--session", "@last"),
                         [("alone", "pass"), ("later", "pass")])
        self.assertEqual(self.verdicts("--session", "~2026-07-04T23:00:00Z"),
                         [("alone", "pass"), ("later", "pass")])

    def test_the_time_of_a_session_is_a_time(self):
        self.assertEqual(self.count("--since", "@last"), 2)
        self.assertEqual(self.count("--over", "all", "--until", "@prev"), 1)
        self.assertEqual(self.count("--over", "all", "--since", "@prev"), 3)
        self.run_command("query", "--since", "@7", "--root", self.root, status=2)

    def test_the_view_has_those_of_the_past(self):
        rows = self.rows("sql", "select session, tests, pass, fail, inferred from sessions "
                         "order by last_ns", "--over", "all")
        self.assertEqual(rows, [
            {"session": OLD, "tests": 1, "pass": 0, "fail": 1, "inferred": 0},
            {"session": NEW, "tests": 2, "pass": 2, "fail": 0, "inferred": 0}])
        self.assertEqual(self.rows("sql", "select session from sessions"), [{"session": NEW}])

    def test_a_retry_in_a_session_counts_once(self):
        self.put_record(minute=61, passed=False)
        self.refresh()
        for over in ("past", "all"):
            rows = self.rows("sql", f"select tests, fail from sessions where session = '{NEW}'",
                             "--over", over)
            self.assertEqual(rows, [{"tests": 2, "fail": 1}], over)
        self.assertEqual(self.count("--over", "all", "--session", NEW), 3)


class Labels(OverScenario):
    def setUp(self):
        super().setUp()
        self.put_record(passed=False)
        self.refresh("--label", "pr=123", "--label", "host=a")
        self.put_record(OTHER, "steady")
        self.refresh("--label", "pr=7")

    def test_they_are_columns_of_expressions(self):
        self.assertEqual(self.verdicts("label.pr = '123'"), [("wake_storm", "fail")])
        self.assertEqual(self.verdicts("label.pr = '123' or label.pr = '7'", "--order-by",
                                       "-label.pr"), [("steady", "pass"), ("wake_storm", "fail")])
        self.assertEqual(self.query("--group-by", "label.host"),
                         [{"label.host": None, "count": 1}, {"label.host": "a", "count": 1}])
        self.assertEqual(self.query("--select", "label.pr", "--order-by", "label.pr desc"),
                         [{"label.pr": "7"}, {"label.pr": "123"}])
        self.assertEqual(self.verdicts("label.nothing is null", "--over", "past"),
                         [("steady", "pass"), ("wake_storm", "fail")])

    def test_they_stay_with_results_that_are_gone(self):
        shutil.rmtree(self.root / RUN)
        self.assertEqual(self.verdicts("label.pr = '123'"), [])
        for over in ("past", "all"):
            self.assertEqual(self.verdicts("label.pr = '123'", "--over", over),
                             [("wake_storm", "fail")])

    def test_the_option_wants_all_of_them(self):
        self.assertEqual(self.verdicts("--label", "pr=123", "--label", "host=a"),
                         [("wake_storm", "fail")])
        self.assertEqual(self.verdicts("--label", "pr=7", "--label", "host=a"), [])
        for wrong in ("pr", "=x", "1a=x", "a b=x"):
            self.run_command("query", "--label", wrong, "--root", self.root, status=2)

    def test_a_mistake_beside_one_is_shown_where_it_is(self):
        said = self.said("query", "label.pr = '1' and verdct = 'fail'", status=2)
        self.assertIn("label.pr = '1' and verdct = 'fail'\n                   ^", said)

    def test_without_an_archive_nobody_knows_labels(self):
        off = {"KTSTR_INDEX_ARCHIVE": "off"}
        for arguments in (["label.pr = '1'"], ["--label", "pr=1"], ["--select", "label.pr"],
                          ["label.pr = '1'", "--over", "past"]):
            self.assertIn("archive", self.said("query", *arguments, status=2, env=off))


class Show(OverScenario):
    def setUp(self):
        super().setUp()
        self.path = self.put_record(passed=False)
        self.bytes = self.path.read_bytes()
        self.refresh()
        self.id = self.query("--select", "id")[0]["id"]

    def raw(self, *arguments, **options):
        return self.run_command("show", *arguments, "--raw", "--root", self.root, **options)

    def test_raw_is_the_file(self):
        self.assertEqual(self.raw(self.id).stdout, self.bytes)
        self.assertEqual(self.raw("wake_storm", env={"KTSTR_INDEX_ARCHIVE": "off"}).stdout,
                         self.bytes)

    def test_raw_is_the_file_as_it_was(self):
        self.put_record()
        self.refresh()
        self.assertEqual(self.raw(self.id).stdout, self.bytes)
        self.assertNotEqual(self.raw("wake_storm").stdout, self.bytes)
        shutil.rmtree(self.root / RUN)
        self.assertEqual(self.raw(self.id[:8]).stdout, self.bytes)

    def test_what_is_gone_is_found_in_the_past(self):
        shutil.rmtree(self.root / RUN)
        done = self.run_command("show", self.id, "--root", self.root, "--format", "json")
        self.assertIn("not there any more", done.stderr.decode())
        self.assertEqual(json.loads(done.stdout)["record"], json.loads(self.bytes))
        self.run_command("show", self.id, "--root", self.root, "--over", "now", status=2)
        for over in ("past", "all"):
            text = self.run_command("show", self.id, "--root", self.root, "--over", over).stdout
            self.assertRegex(text, rb"worst_p99_wake_latency_us +41\.877\n")
            self.assertIn(b"verdict", text)

    def test_a_name_that_two_results_had_is_told_apart(self):
        self.put_record(minute=5)
        self.refresh()
        said = self.said("show", "wake_storm", "--over", "past", status=2)
        self.assertIn("names 2 results", said)
        self.assertIn(self.id[:8], said)

    def test_bytes_that_were_dropped_are_said_to_be(self):
        shutil.rmtree(self.root / RUN)
        with sqlite3.connect(self.archive) as archive:
            archive.execute("delete from document_bytes")
            archive.execute("update document set stored_bytes = 0")
        archive.close()
        self.assertIn("no longer kept", self.said("show", self.id, "--raw", status=3))
        self.run_command("show", self.id, "--root", self.root)

    def test_an_unknown_one_is_unknown_in_the_past_too(self):
        self.assertIn("no result is named", self.said("show", "nothing_like_it", status=2))


if __name__ == "__main__":
    unittest.main()
