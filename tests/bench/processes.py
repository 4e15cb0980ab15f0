# SPDX-License-Identifier: MIT
"""Runs whole processes and measures them: wall time, processor time, peak resident memory."""

import os
import resource
import signal
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable, Optional


class Failed(Exception):
    """A program that should have worked did not."""


@dataclass(frozen=True)
class Sample:
    wall_ms: float
    cpu_ms: float  # user and system, of the process and the children that it waited for
    rss_kib: int


def nothing():
    pass


@dataclass
class Case:
    """One thing to measure. prepare and after run before and after each run, unmeasured."""

    key: str
    label: str
    command: list
    prepare: Callable[[], None] = nothing
    after: Callable[[], None] = nothing
    samples: list = field(default_factory=list)

    def values(self, name):
        return [getattr(sample, name) for sample in self.samples]

    def median(self, name="wall_ms"):
        return statistics.median(self.values(name))

    def rss_kib(self, floor_kib) -> Optional[int]:
        """The largest peak, or None if it drowned in the floor (see floor_rss_kib)."""
        peak = max(self.values("rss_kib"))
        return peak if peak > floor_kib * 1.02 else None


def floor_rss_kib():
    """The kernel counts what the spawning process had resident before the exec as a peak of the
    new process, so nothing below this script's own size can be seen."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Runner:
    """Starts programs with a fixed environment; their output is thrown away, their errors kept in
    a file until the next start."""

    def __init__(self, error_file):
        self.error_file = str(error_file)
        # The user's settings would move the catalog or the root elsewhere, and a benchmark leaves
        # nothing in the user's archive.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("KTSTR_") and name != "CARGO_TARGET_DIR"}
        self.environment["KTSTR_INDEX_ARCHIVE"] = "off"

    def measure(self, command):
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 2, self.error_file,
                    os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
        start = time.perf_counter()
        child = os.posix_spawnp(command[0], command, self.environment, file_actions=actions)
        try:
            _, status, usage = os.wait4(child, 0)
        except BaseException:  # a signal: nobody may write into the pool while it is removed
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        wall_ms = (time.perf_counter() - start) * 1e3
        if status != 0:
            with open(self.error_file, encoding="utf-8", errors="replace") as errors:
                raise Failed(f"{command} ended with {os.waitstatus_to_exitcode(status)}:\n"
                             + errors.read()[-2000:])
        return Sample(wall_ms, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss)

    def answer(self, command):
        """What a program prints, unmeasured."""
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{command} ended with {done.returncode}:\n"
                         + done.stderr.decode(errors="replace")[-2000:])
        return done.stdout.decode(errors="replace")

    def interleave(self, cases, runs):
        """A B C A B C…, so that a slow moment of the machine meets all of them; the first round
        warms up and isn't kept."""
        for number in range(runs + 1):
            for case in cases:
                case.prepare()
                sample = self.measure(case.command)
                case.after()
                if number:
                    case.samples.append(sample)
