# SPDX-License-Identifier: MIT
"""The commit of a large tree, against git's own answer to the same question."""

import subprocess

from pools import settle
from processes import Case, Failed
from suite import Bar

FILES = 80_000
FILES_A_DIRECTORY = 100
IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]


def make_tree(tree):
    """A clean repository of as many files as a kernel's has."""
    for number in range(FILES):
        directory = tree / f"d{number // FILES_A_DIRECTORY}"
        if number % FILES_A_DIRECTORY == 0:
            directory.mkdir(parents=True)
        (directory / f"f{number}.c").write_text(f"int f{number};\n")
    for words in (["init", "-q"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "all"]):
        done = subprocess.run(["git", "-C", str(tree), *words], capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"git {words} failed: {done.stderr.decode(errors='replace')}")
    settle()  # else git would have to look into files as fresh as the index, in every run


def git_probe_bars(tree, index, runner, runs):
    make_tree(tree)
    probe = Case("git_probe", "paths --kernel-commit-map",
                 [index, "paths", "--kernel-commit-map", str(tree)])
    git = Case("git_status", "git status --untracked-files=no",
               ["git", "-C", str(tree), "status", "--porcelain", "--untracked-files=no"])
    answer = runner.answer(probe.command).strip()
    head = runner.answer(["git", "-C", str(tree), "rev-parse", "--short=7", "HEAD"]).strip()
    if answer != f"{tree}={head}":
        raise Failed(f"the probe says {answer}, git {head}")
    runner.interleave([probe, git], runs)
    return [Bar(f"commit of a clean tree of {FILES:,} files / git status",
                probe.median() / git.median(), 2.5)]
