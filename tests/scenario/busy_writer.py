#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes, replaces and clears results below KTSTR_RUNS_ROOT, and prints how long each version was
there: not a test, but what `run` runs in capture_test.py.

busy_writer.py SECONDS SEED RECORD"""

import json
import os
import random
import shutil
import sys
import time
from pathlib import Path

SUFFIXES = (".ktstr.json", ".failure-dump.json")


class Writer:
    def __init__(self, seed, record):
        self.random = random.Random(seed)
        self.root = Path(os.environ["KTSTR_RUNS_ROOT"])
        self.record = json.loads(Path(record).read_bytes())
        self.standing = {}  # serial and time of its rename, by path
        self.lived = []     # serial, kind, seconds
        self.seen = set()   # names below .ktstr-index
        self.serial = 0

    def content(self, kind):
        if kind == ".ktstr.json":
            return json.dumps({**self.record, "test_name": f"serial_{self.serial}"})
        return "d" * (100 + self.serial)

    def write(self, path):
        self.serial += 1
        kind = next(suffix for suffix in SUFFIXES if path.name.endswith(suffix))
        directory = path.parent
        directory.mkdir(parents=True, exist_ok=True)
        token = directory / ".ktstr_run_epoch"
        if directory.parent == self.root and not token.exists():
            token.write_text(os.environ["KTSTR_RUN_EPOCH"])
        staging = path.with_name(path.name + ".part")
        staging.write_text(self.content(kind))
        self.end(path)
        staging.rename(path)
        self.standing[path] = (self.serial, kind, time.monotonic())

    def end(self, path):
        if path in self.standing:
            serial, kind, since = self.standing.pop(path)
            self.lived.append([serial, kind, time.monotonic() - since])

    def clear(self, directory):
        for path in [path for path in self.standing if directory in path.parents]:
            self.end(path)
        shutil.rmtree(directory, ignore_errors=True)

    def step(self):
        run_dir = self.root / self.random.choice(["6.14-abc1234", "6.15-abc1234-dirty"])
        directory = self.random.choice([run_dir, run_dir, run_dir / "job"])
        for _ in range(self.random.randint(1, 3)):
            name = self.random.choice("abc") + "-0123456789abcdef"
            self.write(directory / (name + self.random.choice(SUFFIXES)))
        time.sleep(self.random.choice([0, 0.005, 0.02, 0.06, 0.06]))
        if self.random.random() < 0.1:
            self.clear(run_dir)
        for _, _, names in os.walk(self.root / ".ktstr-index"):
            self.seen.update(names)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
        for path in list(self.standing):
            serial, kind, _ = self.standing[path]
            self.lived.append([serial, kind, 1.0])
        print(json.dumps({"versions": self.lived, "seen": sorted(self.seen)}))


if __name__ == "__main__":
    Writer(int(sys.argv[2]), sys.argv[3]).run(float(sys.argv[1]))
