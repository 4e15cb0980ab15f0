# SPDX-License-Identifier: MIT
"""Pools to measure over, and what has to happen to them between runs."""

import os
import re
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from processes import Failed

# A stamp is settled when its ctime is more than 3 s old; the fourth is for coarse clocks.
SETTLE_S = 4.0
TESTS_PER_DIRECTORY = 100
# Gives records of 1.7 MB on average; without it they have 20 KB.
HEAVY_SAMPLES = 38_000
FAILED = re.compile(rb'"passed": false,\s+"skipped": false,\s+"inconclusive": false,')
COMMIT = re.compile(rb'"project_commit": "([^"]+)"')


def settle():
    time.sleep(SETTLE_S)


@dataclass
class Shape:
    records: int
    heavy: bool = False

    @property
    def directories(self):
        return max(1, self.records // TESTS_PER_DIRECTORY)

    @property
    def tests(self):
        return self.records // self.directories

    def expected_bytes(self):
        return self.records * (1_750_000 if self.heavy else 22_000)


def find_sidecars(root):
    for directory, _, names in os.walk(root):
        yield from (f"{directory}/{name}" for name in names if name.endswith(".ktstr.json"))


def commit_of_first_failure(sidecars):
    """A commit that a question about failures has an answer for."""
    for path in sidecars:
        text = Path(path).read_bytes()
        commit = COMMIT.search(text)
        if FAILED.search(text) and commit:
            return commit[1].decode()
    raise Failed("the pool has no failed record")


class Pool:
    """A runs root with synthetic sidecars. Its catalog is where the command puts it."""

    def __init__(self, shape, root, sample_pool, runner):
        self.shape = shape
        self.root = Path(root)
        room = shutil.disk_usage(self.root.parent).free
        if room < 1.5 * shape.expected_bytes():
            raise Failed(f"{self.root.parent} has no room for {shape.expected_bytes() >> 20} MiB "
                         "of sidecars (TMPDIR names another place)")
        command = [sample_pool, "--clean", "--no-jobs", "--seed", "1", "--out", str(self.root),
                   "--run-directories", str(shape.directories), "--tests", str(shape.tests)]
        if shape.heavy:
            command += ["--samples", str(HEAVY_SAMPLES)]
        runner.answer(command)
        # Of the list only the size and one file are kept: this script's own memory is a floor
        # under what can be seen of the programs' (processes.floor_rss_kib).
        sidecars = sorted(find_sidecars(self.root))
        self.json_bytes = sum(os.stat(path).st_size for path in sidecars)
        self.one_sidecar = Path(sidecars[len(sidecars) // 2])
        self.failing_commit = commit_of_first_failure(sidecars)
        # Else the kernel writes the new files out while the first cases run.
        os.sync()
        settle()

    @property
    def catalog(self):
        return self.root / ".ktstr-index" / "catalog.sqlite3"

    def catalog_bytes(self):
        return sum(path.stat().st_size for path in self.catalog.parent.glob("catalog.sqlite3*"))

    def delete_catalog(self):
        """The directory stays: removing it would move the stamp of the root."""
        for path in self.catalog.parent.glob("catalog.sqlite3*"):
            path.unlink()

    @property
    def archive(self):
        return self.root.with_name(self.root.name + "-archive.sqlite3")

    def delete_stores(self):
        self.delete_catalog()
        for path in self.archive.parent.glob(self.archive.name + "*"):
            path.unlink()

    def archive_sizes(self):
        """Bytes of the whole file, and of the documents in it."""
        database = sqlite3.connect(self.archive)
        stored, = database.execute("SELECT sum(stored_bytes) FROM documents").fetchone()
        database.close()
        return sum(path.stat().st_size
                   for path in self.archive.parent.glob(self.archive.name + "*")), stored

    def rewrite_one(self):
        """Turns a verdict round, as a re-run would: a new file renamed over the old one."""
        path = self.one_sidecar
        text = path.read_bytes()
        old, new = b'"passed": true', b'"passed": false'
        text = text.replace(old, new, 1) if old in text else text.replace(new, old, 1)
        staging = path.with_name(path.name + ".tmp.1")
        staging.write_bytes(text)
        staging.rename(path)


def file_system_of(path):
    """The type of the file system that holds a path, as the kernel's mount table names it."""
    path, found, longest = str(Path(path).resolve()), "unknown", -1
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        for line in table:
            before, _, after = line.partition(" - ")
            point = before.split()[4]
            holds = path == point or path.startswith(point.rstrip("/") + "/")
            # A later mount over the same point hides the earlier one.
            if holds and len(point) >= longest:
                found, longest = after.split()[0], len(point)
    return found
