# SPDX-License-Identifier: MIT
"""What the files of a runs root say, read with nothing of the project's own, and what its catalog
says, in the same words: the tests of crashes, damage and many processes compare the two.

Which keys a record must have is not repeated here: what lacks any key of the pool's own records
counts as drift. So tests make drift by taking a key away."""

import json
import os
import stat
from pathlib import Path

SENTINEL = ".ktstr_run_epoch"
LIMIT_BYTES = 256 << 20
# Of the sample pool's records; those that a record may lack are left out.
REQUIRED = ("test_name", "topology", "scheduler", "payload", "metrics", "passed", "skipped",
            "inconclusive", "stats", "stimulus_events", "work_type", "verifier_stats", "sysctls",
            "kargs", "perf_delta_assertions")
ARTIFACTS = ((".repro.failure-dump.json", "repro-failure-dump"),
             (".failure-dump.json", "failure-dump"), (".repro.wprof.pb", "repro-wprof"),
             (".wprof.pb", "wprof"))

# One statement, so that the answer is of one instant.
STATEMENT = """
select 'file' as fact, f.path, f.status, f.size_bytes, r.test_name, r.verdict, r.scheduler,
       r.total_iterations, r.session
  from files f left join results r on r.path = f.path
union all select 'run', run_dir, tests, pass, fail, skip, inconclusive,
       drift + corrupt + unreadable, session from run_dirs
union all select 'artifact', path, kind, size_bytes, null, null, null, null, null from artifacts
"""


def is_sidecar_name(name):
    return name.endswith(".json") and ".ktstr." in name and is_utf8(name)


def is_utf8(name):
    try:
        name.encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def artifact_kind(name):
    if not is_utf8(name) or name.endswith(".ktstr.json"):
        return None
    for suffix, kind in ARTIFACTS:
        if name.endswith(suffix):
            return kind
    return "staging" if ".ktstr.json.tmp." in name else None


def verdict_of(record):
    for bit, verdict in (("skipped", "skip"), ("inconclusive", "inconclusive"),
                         ("passed", "pass")):
        if record.get(bit):
            return verdict
    return "fail" if "passed" in record else None


def no_constant(text):
    raise ValueError(f"{text} is not JSON")


def open_without_waiting(path, flags):
    return os.open(path, flags | os.O_NONBLOCK)


def read(path):
    """(status, size, record): the record of an object, else None."""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return "unreadable", None, None
            if status.st_size > LIMIT_BYTES:
                return "unreadable", status.st_size, None
            content = file.read()
    except OSError:
        return "unreadable", None, None
    try:
        record = json.loads(content.decode("utf-8"), parse_constant=no_constant)
    except ValueError:
        return "corrupt", len(content), None
    if not isinstance(record, dict):
        return "corrupt", len(content), None
    is_ok = all(key in record for key in REQUIRED)
    return ("ok" if is_ok else "drift"), len(content), record


def names_in(directory):
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def token_of(directory):
    try:
        return (directory / SENTINEL).read_bytes().decode("utf-8", "replace") or None
    except OSError:
        return None


class Walk:
    """Collects the facts of one root."""

    def __init__(self, root):
        self.root = Path(root)
        self.facts = []

    def run(self):
        for name in names_in(self.root):
            if (self.root / name).is_dir():
                self.add_run(name)
        return sorted(self.facts, key=repr)

    def add_run(self, run):
        counts = dict.fromkeys(("tests", "pass", "fail", "skip", "inconclusive", "unusable"), 0)
        directories = [run] + [f"{run}/{name}" for name in names_in(self.root / run)
                               if (self.root / run / name).is_dir()]
        token = token_of(self.root / run)
        for directory in directories:
            for name in names_in(self.root / directory):
                if directory == run and (self.root / run / name).is_dir():
                    continue
                self.add_entry(directory, name, counts, token if directory == run else None)
        if not run.startswith("."):
            self.facts.append(("run", run, *counts.values(), token))

    def add_entry(self, directory, name, counts, token):
        path = self.root / directory / name
        if is_sidecar_name(name):
            self.add_file(directory, name, counts, token)
        elif artifact_kind(name) and path.exists() and not path.is_dir():
            self.facts.append(("artifact", f"{directory}/{name}", artifact_kind(name),
                               path.stat().st_size, *[None] * 5))

    def add_file(self, directory, name, counts, token):
        status, size, record = read(self.root / directory / name)
        fact = ["file", f"{directory}/{name}", status, size] + [None] * 5
        if record is not None:
            stats = record.get("stats", {})
            fact[4:] = [record.get("test_name"), verdict_of(record), record.get("scheduler"),
                        stats.get("total_iterations"), token]
        self.facts.append(tuple(fact))
        # As the harness counts: results of its own contract, by verdict; all else is apart.
        if status == "ok":
            counts["tests"] += 1
            counts[verdict_of(record)] += 1
        else:
            counts["unusable"] += 1


def walked_facts(root):
    """What the files say, as sorted tuples. The files must not change meanwhile."""
    return Walk(root).run()


def catalog_facts(rows):
    """The same of the rows that STATEMENT gives."""
    return sorted((tuple(row.values()) for row in rows), key=repr)
