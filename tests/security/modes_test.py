# SPDX-License-Identifier: MIT
"""Who may read what we make: nobody but those who may read what it was made from."""

import contextlib
import os
import shlex
import sqlite3
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402
from support import NOBODY  # noqa: E402

SIDECAR = "run/a-0123456789abcdef.ktstr.json"


def open_to_others(top):
    """The mode of everything at or below that others may do something with."""
    found = {}
    for path in (top, *top.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            found[str(path)] = oct(mode)
    return found


class Modes(ArchiveScenario):
    def setUp(self):
        super().setUp()
        mask = os.umask(0)  # the most careless user
        self.addCleanup(os.umask, mask)
        self.put(SIDECAR, example("a"))

    @contextlib.contextmanager
    def open_database(self, path):
        """Somebody reads it, so that its log and index are there."""
        with contextlib.closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            yield

    def run_as(self, *arguments):
        return self.run_command(*arguments, as_nobody=True,
                                env={"XDG_CACHE_HOME": str(self.temporary / "cache"),
                                     "KTSTR_INDEX_ARCHIVE": "off"})


class Catalogs(Modes):
    def served_from_the_cache(self):
        for path in (self.root / "run", self.root):
            path.chmod(0o500)
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        (self.temporary / "cache").mkdir(exist_ok=True)
        (self.temporary / "cache").chmod(0o777)
        self.assertEqual(self.run_as("query", "--count", "--root", self.root,
                                     "--format", "csv").stdout.split(), [b"count", b"1"])
        return self.temporary / "cache/ktstr-index"

    def test_a_private_roots_copy_in_the_cache_is_private(self):
        cache = self.served_from_the_cache()
        catalog = next(cache.rglob("catalog.sqlite3"))
        self.assertEqual(open_to_others(cache), {})
        with self.open_database(catalog):
            self.run_as("refresh", "--root", self.root)
            self.assertTrue(catalog.with_name("catalog.sqlite3-wal").exists())
            self.assertEqual(open_to_others(catalog.parent), {})

    def test_a_copy_that_an_earlier_version_left_open_is_closed(self):
        cache = self.served_from_the_cache()
        for path in (next(cache.rglob("catalog.sqlite3")).parent,
                     *cache.rglob("catalog.sqlite3*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.run_as("query", "--count", "--root", self.root)
        self.assertEqual(open_to_others(cache), {})

    def test_a_looked_at_pools_copy_is_private(self):
        self.run_command("list-values", "--dir", self.root, "--format", "json",
                         env={"XDG_CACHE_HOME": str(self.temporary / "cache")})
        self.assertEqual(open_to_others(self.temporary / "cache"), {})

    def test_a_named_catalog_is_private(self):
        place = self.temporary / "place"
        self.command("refresh", "--catalog", place / "c.sqlite3")
        self.assertEqual(open_to_others(place), {})

    def test_below_a_root_everything_is_as_private_as_the_root(self):
        self.root.chmod(0o700)
        self.refresh()
        self.assertEqual(open_to_others(self.root / ".ktstr-index"), {})

    def test_below_a_root_that_all_may_read_they_may_read_the_catalog(self):
        self.temporary.chmod(0o755)
        self.root.chmod(0o755)
        self.refresh()
        mode = (self.root / ".ktstr-index/catalog.sqlite3").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o644)

    def test_what_capture_keeps_meanwhile_is_as_private_as_the_root(self):
        self.root.chmod(0o700)
        done = self.run_command(
            "run", "--root", self.root, "--", sys.executable, "-c",
            "import os, sys, pathlib, time; root = pathlib.Path(sys.argv[1])\n"
            "(root / 'run/b.ktstr.json').write_text('{}'); time.sleep(0.5)\n"
            "print(*[oct(p.lstat().st_mode & 0o777) + str(p)\n"
            "        for p in (root / '.ktstr-index').rglob('*') if p.is_dir()])", self.root)
        made = done.stdout.decode().split()
        made = [line for line in made if line.startswith("0o")]
        self.assertTrue(any("/spool/" in line for line in made), made)
        for line in made:
            self.assertTrue(line.startswith("0o700/"), line)


class Archives(Modes):
    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "data" / "archive.sqlite3"

    def test_everything_that_is_made_is_private(self):
        self.refresh()
        with self.open_database(self.archive):
            self.put(SIDECAR, example("a", project_commit="1"))
            self.refresh()
            self.assertTrue(self.archive.with_name("archive.sqlite3-wal").exists())
            self.assertEqual(open_to_others(self.archive.parent), {})
        for name, arguments in (("snap", ["snapshot", "--over", "past"]), ("now", ["snapshot"]),
                                ("pack", ["pack", "run", "-o"])):
            path = self.temporary / name
            self.command(*arguments, path)
            self.assertEqual(open_to_others(path), {})

    def test_what_is_put_aside_is_private(self):
        self.refresh()
        self.archive.chmod(0o600)
        with self.archive.open("r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 8000)
        self.refresh()
        self.assertTrue(list(self.archive.parent.glob("*.aside-*")))
        self.assertEqual(open_to_others(self.archive.parent), {})

    def warned(self, name, *arguments, **options):
        said = self.run_command(name, "--root", self.root, *arguments, **options).stderr.decode()
        return [line for line in said.splitlines() if "chmod" in line]

    def test_an_open_file_is_said_once_with_the_command_that_closes_it(self):
        for place in ("plain", "it's $(touch marker)", "`touch marker`; -x", "new\nline",
                      "\u202eb"):
            with self.subTest(place=place):
                self.archive = self.temporary / place / "archive.sqlite3"
                self.refresh()
                self.assertEqual(self.warned("refresh"), [])
                self.archive.chmod(0o644)
                for command in (["refresh"], ["info"], ["run", "--", "true"]):
                    self.assertEqual(len(self.warned(*command)), 1, command)
                for command in (["query", "--over", "past"], ["list"]):
                    self.assertEqual(self.warned(*command), [], command)
                line = self.warned("info")[0]
                subprocess.run(["sh", "-c", line[line.index("chmod"):]], check=True, timeout=30,
                               cwd=self.temporary)
                self.assertEqual(list(self.temporary.rglob("marker")), [])
                self.assertEqual(stat.S_IMODE(self.archive.stat().st_mode), 0o600)
                self.assertEqual(self.warned("refresh"), [])

    def test_an_open_directory_of_the_usual_place_is_said(self):
        env = {"XDG_DATA_HOME": str(self.temporary / "d a"), "KTSTR_INDEX_ARCHIVE": ""}
        place = self.temporary / "d a" / "ktstr-index"
        self.command("refresh", env=env)
        place.chmod(0o755)
        (place / "archive.sqlite3").chmod(0o640)
        line = self.warned("info", env=env)[0]
        self.assertEqual(shlex.split(line[line.index("chmod"):])[:4],
                         ["chmod", "go-rwx", str(place), str(place / "archive.sqlite3")])

    def test_a_named_archives_directory_is_the_users_own(self):
        self.refresh()
        self.archive.parent.chmod(0o755)
        self.assertEqual(self.warned("refresh"), [])


if __name__ == "__main__":
    unittest.main()
