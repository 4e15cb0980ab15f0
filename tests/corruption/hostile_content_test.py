# SPDX-License-Identifier: MIT
"""Files that nobody should make: each is a row with its error or an ordinary one, and no command
crashes, hangs or takes the machine's memory."""

import json
import os
import socket
import stat
import threading
import time
import unittest
from pathlib import Path

from hostile_scenario import MIB, HostileScenario


class HugeFiles(HostileScenario):
    def sparse(self, name, size):
        path = self.run / name
        path.touch()
        os.truncate(path, size)

    def test_a_file_of_a_gibibyte_is_unreadable_and_costs_neither_time_nor_memory(self):
        self.sparse("huge.ktstr.json", 1 << 30)
        self.assert_quick_and_small(20, 100, "refresh", "--root", self.root)
        self.assert_quick_and_small(20, 100, "query", "--root", self.root, "--check", "bytes")
        row = self.status_of("huge.ktstr.json")
        self.assertEqual((row["status"], row["error_class"]), ("unreadable", "io"))
        self.assertRegex(row["error"], "bytes|too large|limit")
        self.assert_right()

    def test_a_file_just_below_the_limit_is_read_within_three_times_its_size(self):
        size = 150 * MIB
        self.sparse("large.ktstr.json", size)
        self.assert_quick_and_small(60, 256 + 3 * 150, "refresh", "--root", self.root)
        self.assertEqual(self.status_of("large.ktstr.json")["status"], "corrupt")

    def test_several_large_files_are_read_one_at_a_time(self):
        for number in range(6):
            self.sparse(f"large{number}.ktstr.json", 60 * MIB)
        self.assert_quick_and_small(60, 256 + 3 * 60, "refresh", "--root", self.root)
        self.assert_right()

    def test_a_session_sentinel_of_a_gibibyte_is_no_token(self):
        self.sparse(".ktstr_run_epoch", 1 << 30)
        self.assert_quick_and_small(20, 100, "refresh", "--root", self.root)
        rows = self.rows("query", "--select", "test_name,session")
        self.assertEqual([row["session"] for row in rows], [None])


class DeepAndWide(HostileScenario):
    def test_nesting_of_ten_thousand_below_an_unknown_key_is_ok(self):
        for name, opening, closing in (("a", "[", "]"), ("o", '{"x":', "}")):
            inner = "1" if opening != "[" else ""
            self.put_here(f"{name}.ktstr.json",
                          self.with_raw("newer", opening * 10_000 + inner + closing * 10_000))
            self.assertEqual(self.status_of(f"{name}.ktstr.json")["status"], "ok")

    def test_nesting_of_a_million_below_an_unknown_key_is_no_crash(self):
        self.put_here("deep.ktstr.json", self.with_raw("newer", "[" * 10**6 + "]" * 10**6))
        self.assert_quick_and_small(20, 256, "refresh", "--root", self.root)
        self.assertEqual(self.status_of("deep.ktstr.json")["status"], "ok")

    def test_nesting_of_ten_thousand_elsewhere_is_drift(self):
        for key in ("metrics", "stats", "payload", "sysctls", "host"):
            with self.subTest(key=key):
                self.put_here("deep.ktstr.json",
                              self.with_value(key, "[" * 10_000 + "]" * 10_000))
                self.assertEqual(self.status_of("deep.ktstr.json")["status"], "drift")

    def test_nesting_that_is_not_an_object_or_not_closed_is_corrupt(self):
        for text in ("[" * 10_000 + "]" * 10_000, "[" * 10**6, '{"a":' * 10_000,
                     self.with_raw("newer", "[" * 10_000), '{"a":[' * 500_000):
            with self.subTest(text=text[:10]):
                self.put_here("deep.ktstr.json", text)
                self.assertEqual(self.status_of("deep.ktstr.json")["status"], "corrupt")

    def test_a_million_unknown_keys_are_ok(self):
        for name, key in (("different", '"k{}":0'), ("same", '"k":{}')):
            pairs = ",".join(key.format(number) for number in range(10**6))
            self.put_here(f"{name}.ktstr.json", json.dumps(self.record)[:-1] + f",{pairs}}}")
        self.assert_quick_and_small(30, 400, "refresh", "--root", self.root)
        self.assert_right("--check", "none")

    def test_ten_thousand_metrics_of_one_record_are_stored(self):
        stats = {**self.record["stats"], "ext_metrics": {f"m{i}": i + 0.5 for i in range(10_000)}}
        self.put_here("wide.ktstr.json", json.dumps({**self.record, "stats": stats}))
        self.assert_quick_and_small(30, 400, "refresh", "--root", self.root)
        rows = self.rows("sql", "select count(*) as n, sum(value) as sum from metrics "
                                "where metric like 'm%' and metric glob 'm[0-9]*'")
        self.assertEqual(rows, [{"n": 10_000, "sum": 10_000 * 9_999 / 2 + 5_000}])

    def test_a_string_of_fifty_mebibytes_is_a_value(self):
        self.put_here("long.ktstr.json",
                      json.dumps({**self.record, "test_name": "x" * (50 * MIB)}))
        self.assert_quick_and_small(60, 256 + 150, "refresh", "--root", self.root)
        rows = self.rows("sql", "select length(test_name) as n from results "
                                "where file_name = 'long.ktstr.json'")
        self.assertEqual(rows, [{"n": 50 * MIB}])

    def test_numbers_beyond_every_type_are_a_status_and_no_crash(self):
        for key in ("vcpus", "periodic_fired", "worst_spread", "newer"):
            for number in ("9" * 400, "-1", "1e400", "-0", "1e-400", "0.1e", "+1", "0x10", "NaN",
                           "18446744073709551616", "9223372036854775808"):
                with self.subTest(key=key, number=number):
                    self.put_here("number.ktstr.json", self.with_raw(key, number))
                    self.assertIn(self.status_of("number.ktstr.json")["status"],
                                  ("ok", "drift", "corrupt"))


class OtherThanFiles(HostileScenario):
    def test_loops_of_links_end(self):
        (self.run / "self.ktstr.json").symlink_to("self.ktstr.json")
        (self.run / "a.ktstr.json").symlink_to("b.ktstr.json")
        (self.run / "b.ktstr.json").symlink_to("a.ktstr.json")
        (self.run / "up").symlink_to("..")
        (self.run / "here").symlink_to(".")
        (self.root / "root").symlink_to(".")
        (self.root / "loop").symlink_to("loop")
        (self.root / "again").symlink_to(self.run.name)
        self.assert_right()
        self.assertEqual(self.status_of("self.ktstr.json")["status"], "unreadable")
        again = self.refresh("--check", "dirs")
        self.assertEqual(sum(again["files"][key] for key in ("added", "changed", "removed")), 0)

    def test_pipes_sockets_and_devices_are_unreadable_and_nobody_waits(self):
        os.mkfifo(self.run / "pipe.ktstr.json")
        (self.run / ".ktstr_run_epoch").unlink()
        os.mkfifo(self.run / ".ktstr_run_epoch")
        os.mkfifo(self.run / "a-0123456789abcdef.failure-dump.json")
        with socket.socket(socket.AF_UNIX) as server:
            before = os.getcwd()
            os.chdir(self.run)  # the path of a socket must be short
            server.bind("socket.ktstr.json")
            os.chdir(before)
            names = ["pipe.ktstr.json", "socket.ktstr.json"]
            for name, numbers in (("zero", (1, 5)), ("tty", (5, 0)), ("block", (7, 250))):
                kind = stat.S_IFBLK if name == "block" else stat.S_IFCHR
                try:
                    os.mknod(self.run / f"{name}.ktstr.json", kind | 0o666, os.makedev(*numbers))
                    names.append(f"{name}.ktstr.json")
                except PermissionError:
                    pass  # only root may, and not everywhere
            for target in ("/dev/zero", "/dev/stdin", "/proc/self/mem"):
                name = f"{Path(target).name}_link.ktstr.json"
                (self.run / name).symlink_to(target)
            self.assert_quick_and_small(20, 100, "refresh", "--root", self.root)
            for name in names:
                self.assertEqual(self.status_of(name)["status"], "unreadable", name)
            self.assertEqual(self.status_of("zero_link.ktstr.json")["status"], "unreadable")

    def test_a_link_to_a_file_outside_is_read_and_followed(self):
        outside = self.temporary / "outside.json"
        outside.write_text(json.dumps({**self.record, "test_name": "one"}))
        (self.run / "link.ktstr.json").symlink_to(outside)
        self.assert_right()
        outside.write_text(json.dumps({**self.record, "test_name": "three"}))
        self.assert_right("--check", "files")
        outside.unlink()
        self.assert_right("--check", "files")

    def test_directories_without_permission_are_reported_and_hide_nothing_else(self):
        (self.root / "shut").mkdir()
        (self.root / "shut/a.ktstr.json").write_text(json.dumps(self.record))
        (self.run / "shut_job").mkdir()
        self.put_here("shut_file.ktstr.json", json.dumps(self.record))
        for path in [self.root, *self.root.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o644)
        for path in (self.root / "shut", self.run / "shut_job", self.run / "shut_file.ktstr.json"):
            path.chmod(0)
            self.addCleanup(path.chmod, 0o700)
        done = self.run_command("refresh", "--root", self.root, status=3, as_nobody=True)
        said = done.stderr.decode()
        self.assertIn("shut: Permission denied", said)
        self.assertIn("shut_job: Permission denied", said)
        rows = self.rows("sql", "select file_name, status from files where status <> 'ok'",
                         as_nobody=True)
        self.assertEqual(rows, [{"file_name": "shut_file.ktstr.json", "status": "unreadable"}])
        self.assertEqual(len(self.rows("query", as_nobody=True)), 1)

    def test_five_thousand_empty_directories_come_and_go(self):
        for number in range(5000):
            (self.root / f"empty{number}").mkdir()
        self.assert_quick_and_small(60, 256, "refresh", "--root", self.root)
        self.assert_right("--check", "dirs")
        for number in range(5000):
            (self.root / f"empty{number}").rmdir()
        self.assert_right("--check", "dirs")

    def test_five_thousand_files_without_content_come_and_go(self):
        for number in range(5000):
            (self.run / f"{number}.ktstr.json").touch()
        self.assert_right()
        for number in range(5000):
            (self.run / f"{number}.ktstr.json").unlink()
        self.assert_right("--check", "dirs")


class FilesThatChangeWhileTheyAreRead(HostileScenario):
    SECONDS = 2.5

    def setUp(self):
        super().setUp()
        self.ended = threading.Event()
        self.addCleanup(self.ended.set)

    def while_changing(self, change):
        """Runs `change(number)` over and over beside refreshes; checks each, then the end."""
        def work():
            number = 0
            while not self.ended.is_set():
                change(number)
                number += 1
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        until = time.monotonic() + self.SECONDS
        rounds = 0
        try:
            while time.monotonic() < until or rounds <= 3:
                self.refresh("--check", ("dirs", "files", "bytes")[rounds % 3])
                rounds += 1
        finally:
            self.ended.set()
            thread.join()
        self.assert_right("--check", "files")
        self.assert_sound()

    def test_one_that_grows_and_shrinks_in_place(self):
        text = json.dumps(self.record).encode()
        path = self.run / "growing.ktstr.json"
        path.write_bytes(text)

        def change(number):
            with open(path, "r+b") as file:
                file.truncate(number * 7919 % len(text))
                file.seek(0)
                file.write(text * (1 + number % 3))
                file.truncate()
        self.while_changing(change)

    def test_a_large_one_that_is_cut_while_it_is_read(self):
        path = self.run / "large.ktstr.json"

        def change(number):
            with open(path, "wb") as file:
                for _ in range(20):
                    file.write(b" " * MIB)
            os.truncate(path, number % 5 * MIB)
        change(0)
        self.while_changing(change)

    def test_ones_that_vanish_and_come_back_as_something_else(self):
        text = json.dumps(self.record)
        path = self.run / "flickering.ktstr.json"

        def change(number):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
            kind = number % 5
            if kind == 0:
                path.write_text(text)
            elif kind == 1:
                path.mkdir()
            elif kind == 2:
                os.mkfifo(path)
            elif kind == 3:
                path.symlink_to("nowhere")
        self.while_changing(change)

    def test_directories_that_are_renamed_over_each_other(self):
        names = [self.root / name for name in ("one", "two", "three")]
        for number, path in enumerate(names[:2]):
            (path / "job").mkdir(parents=True)
            for name in ("a", "job/b"):
                (path / f"{name}.ktstr.json").write_text(
                    json.dumps({**self.record, "test_name": f"{name}{number}"}))

        def change(number):
            names[number % 2].rename(names[2])
            names[1 - number % 2].rename(names[number % 2])
            names[2].rename(names[1 - number % 2])
        self.while_changing(change)


if __name__ == "__main__":
    unittest.main()
