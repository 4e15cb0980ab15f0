# SPDX-License-Identifier: MIT
"""verify: does the catalog say what the files say?"""

import contextlib
import sqlite3
import threading
import unittest

from support import Scenario


class Verify(Scenario):
    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", "3", "--tests", "8", "--reruns", "1")
        self.put("broken/broken-0000000000000001.ktstr.json", "{")
        self.run_command("refresh", "--root", self.root)

    def verify(self, *options, status=0, **more):
        return self.json("verify", "--root", self.root, *options, status=status, **more)

    def edit_catalog(self, sql):
        with contextlib.closing(
                sqlite3.connect(self.root / ".ktstr-index/catalog.sqlite3")) as catalog:
            changed = catalog.execute(sql).rowcount
            catalog.commit()
        self.assertGreater(changed, 0, sql)

    def kinds(self, **options):
        document = self.verify(status=1, **options)
        return {difference["kind"] for difference in document["differences"]}

    def sidecar(self):
        rows = self.rows("query", "--select", "path", "--limit", "1", "verdict = 'pass'")
        return self.root / rows[0]["path"]

    def test_a_fresh_catalog_has_no_differences(self):
        files = self.rows("sql", "select count(*) as n from files")[0]["n"]
        document = self.verify()
        self.assertEqual(document, {"checked": files, "differences": []})
        self.assertGreater(files, 20)

    def test_a_file_that_came_went_or_changed_since_is_named(self):
        path = self.sidecar()
        other = path.with_name("new-" + path.name)
        other.write_bytes(path.read_bytes())
        text = path.read_text()
        with path.open("r+", encoding="utf-8") as file:  # in place
            file.write(text.replace('"passed": true', '"passed": null'))
        gone = next(p for p in sorted(self.root.rglob("*.ktstr.json")) if p not in (path, other))
        gone.unlink()
        named = {(difference["path"], difference["kind"])
                 for difference in self.verify(status=1)["differences"]}
        self.assertEqual(named, {
            (str(other.relative_to(self.root)), "missing"),
            (str(gone.relative_to(self.root)), "gone"),
            (str(path.relative_to(self.root)), "status")})

    def test_a_changed_byte_that_keeps_the_status_is_content(self):
        path = self.sidecar()
        with path.open("r+b") as file:
            file.write(b"{ ")
        self.assertEqual(self.kinds(), {"content"})

    def test_every_kind_of_row_is_compared(self):
        for sql in ["update sidecar set verdict = 'fail' where verdict = 'pass'",
                    "update sidecar set error = 'x' where error is not null",
                    "update series set v0 = v0 + 1 where v0 is not null",
                    "update shape_metric set metric = metric || 'x' where position = 0",
                    "update verifier_program set verified_insns = verified_insns + 1",
                    "update host set cpu_model = 'x'"]:
            with self.subTest(sql=sql):
                self.edit_catalog(sql)
                self.assertEqual(self.kinds(), {"values"})
                self.verify("--repair")

    def test_artifacts_and_sessions_are_compared(self):
        self.edit_catalog("update artifact set size_bytes = size_bytes + 1")
        self.assertEqual(self.kinds(), {"artifact"})
        self.edit_catalog("update directory set session = 'x' where session is not null")
        self.assertEqual(self.kinds(), {"artifact", "directory", "values"})

    def test_repair_puts_everything_right(self):
        self.edit_catalog("update sidecar set verdict = 'skip', error = null")
        self.edit_catalog("delete from series")
        self.edit_catalog("update directory set session = 'x'")
        document = self.verify("--repair")
        self.assertEqual(document["differences"], [])
        self.assertEqual(self.verify()["differences"], [])

    def test_a_reader_never_sees_a_catalog_that_is_half_repaired(self):
        files = self.rows("sql", "select count(*) as n from files")[0]["n"]
        self.edit_catalog("update sidecar set verdict = 'skip'")
        counts, over = set(), threading.Event()

        def read():
            catalog = sqlite3.connect(self.root / ".ktstr-index/catalog.sqlite3", timeout=30)
            with contextlib.closing(catalog):
                while not over.is_set():
                    counts.add(catalog.execute("select count(*) from files").fetchone()[0])

        reader = threading.Thread(target=read)
        reader.start()
        try:
            self.verify("--repair")
        finally:
            over.set()
            reader.join()
        self.assertEqual(counts, {files})

    def test_what_is_written_meanwhile_is_no_difference(self):
        path, over = self.sidecar(), threading.Event()
        text = path.read_bytes()

        def write():
            while not over.is_set():
                self.put(path.relative_to(self.root), text + b"\n" * (len(text) % 7))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                self.assertEqual(self.verify()["differences"], [])
        finally:
            over.set()
            writer.join()

    def test_it_says_nothing_of_a_directory_that_it_cannot_list(self):
        closed = self.sidecar().parent
        self.root.chmod(0o777)
        self.run_command("refresh", "--root", self.root)
        for path in (self.root / ".ktstr-index").iterdir():
            path.chmod(0o666)
        (self.root / ".ktstr-index").chmod(0o777)
        closed.chmod(0)
        self.addCleanup(closed.chmod, 0o755)
        document = self.verify(status=3, as_nobody=True)
        self.assertEqual(document["differences"], [])

    def test_the_table_groups_paths_by_what_is_wrong(self):
        self.edit_catalog("update sidecar set verdict = 'fail' where verdict = 'pass'")
        shown = self.run_command("verify", "--root", self.root, status=1).stdout.decode()
        self.assertIn("values", shown)
        self.assertIn(".ktstr.json", shown)

    def test_a_missing_root_is_an_error(self):
        self.run_command("verify", "--root", self.root / "none", status=3)


if __name__ == "__main__":
    unittest.main()
