# SPDX-License-Identifier: MIT
"""What is measured over one pool, against what, and the bars that the project has set itself.

Cold, warm and changed are three groups, each interleaved by itself with the peers that its ratios
are against: a question can't be asked while the catalog is deleted for the next cold refresh.
"""

import json
import shutil
from dataclasses import dataclass

from pools import settle
from processes import Case, Failed


@dataclass
class Programs:
    index: str
    walk: str
    with_jq: bool = False
    duckdb: str = ""  # its script, if it is to take part


@dataclass
class Bar:
    """A promise: `value` is to be at most `limit`."""

    label: str
    value: float
    limit: float
    percent: bool = False


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def one_liner(root):
    """The stock answer: no catalog, one field of each file."""
    return ["sqlite3", ":memory:",
            f"select count(*) from fsdir({quoted(root)}) where name like '%.ktstr.json'"
            " and json_extract(readfile(name), '$.passed') = 0"]


def jq(root):
    script = ("find \"$1\" -name '*.ktstr.json' -print0 | xargs -0 cat |"
              " jq -n 'reduce (inputs | select(.passed == false)) as $one (0; . + 1)'")
    return ["sh", "-c", script, "sh", str(root)]


class Suite:
    """The measurements over one pool."""

    def __init__(self, pool, programs, runner):
        self.pool, self.programs, self.runner = pool, programs, runner
        self.groups = {}
        self.catalog_bytes = self.archive_bytes = self.document_bytes = 0

    # Commands.

    def index(self, *words):
        return [self.programs.index, *words, "--root", str(self.pool.root)]

    def walk(self, mode):
        return [self.programs.walk, mode, str(self.pool.root), self.pool.failing_commit]

    def commit_query(self):
        commit = quoted(self.pool.failing_commit)
        return self.index("query", f"project_commit={commit} and verdict='fail'")

    def scheduler_query(self):
        return self.index("query", "verdict='fail' and scheduler='scx_lavd'")

    # Cases.

    def peers(self):
        return [Case("one_liner", "sqlite3 fsdir, readfile, json_extract",
                     one_liner(self.pool.root)),
                Case("own_walk", "own full walk", self.walk("library"))]

    def cold_cases(self):
        cases = [Case("cold_refresh", "refresh without a catalog", self.index("refresh"),
                      prepare=self.pool.delete_catalog),
                 Case("cold_archive", "the same, into a new archive",
                      self.index("refresh", "--archive", str(self.pool.archive)),
                      prepare=self.pool.delete_stores), *self.peers(),
                 Case("nlohmann_walk", "nlohmann_json walk", self.walk("nlohmann"))]
        if self.programs.with_jq:
            cases.append(Case("jq", "find, xargs cat, jq", jq(self.pool.root)))
        if self.programs.duckdb:
            cases.append(Case("duckdb", "DuckDB's read_json, under Node.js",
                              ["node", self.programs.duckdb, str(self.pool.root)]))
        return cases

    def warm_cases(self):
        open_catalog = [self.programs.walk, "open", str(self.pool.root), str(self.pool.catalog)]
        return [Case("refresh_dirs", "refresh --check dirs",
                     self.index("refresh", "--check", "dirs")),
                Case("refresh_files", "refresh", self.index("refresh")),
                Case("query_commit", "query: a commit's failures", self.commit_query()),
                Case("query_scheduler", "query: lavd's failures", self.scheduler_query()),
                Case("info", "info --check none", self.index("info", "--check", "none")),
                Case("open", "open and close the catalog", open_catalog), *self.peers()]

    def changed_cases(self):
        return [Case("query_same", "the same query, nothing changed", self.commit_query()),
                Case("query_changed", "one file changed, then the query", self.commit_query(),
                     prepare=self.pool.rewrite_one, after=self.let_settle)]

    def let_settle(self):
        settle()
        self.runner.answer(self.commit_query())

    # Measuring.

    def run(self, runs):
        self.measure("cold", self.cold_cases(), runs)
        self.runner.answer(self.index("refresh"))
        self.catalog_bytes = self.pool.catalog_bytes()
        self.archive_bytes, self.document_bytes = self.pool.archive_sizes()
        settle()
        self.check_answers()
        self.measure("warm", self.warm_cases(), runs)
        self.measure("changed", self.changed_cases(), runs)

    def measure(self, group, cases, runs):
        self.runner.interleave(cases, runs)
        self.groups[group] = {case.key: case for case in cases}

    def check_answers(self):
        """A ratio between programs that answer different questions would say nothing."""
        rows = json.loads(self.runner.answer(self.commit_query() + ["--format", "json"]))["rows"]
        counts = {"query": len(rows)}
        for mode in ("library", "nlohmann"):
            counts[mode] = int(self.runner.answer(self.walk(mode)))
        if len(set(counts.values())) != 1 or not rows:
            raise Failed(f"{self.pool.root}: the peers disagree: {counts}")

    # Results.

    def ratio(self, group, key, to):
        return self.groups[group][key].median() / self.groups[group][to].median()

    def catalog_pct(self):
        return 100.0 * self.catalog_bytes / self.pool.json_bytes

    def archive_bars(self, most_time, most_bytes):
        size = self.pool.json_bytes / 100.0
        return [Bar("cold refresh with / without archive",
                    self.ratio("cold", "cold_archive", "cold_refresh"), most_time),
                Bar("archived documents / JSON", self.document_bytes / size, most_bytes,
                    percent=True),
                Bar("archive's whole file / JSON", self.archive_bytes / size, most_bytes,
                    percent=True)]

    def bars(self):
        if self.pool.shape.heavy:
            return [*self.archive_bars(4.0, 17.0),
                    Bar("cold refresh / one-liner", self.ratio("cold", "cold_refresh", "one_liner"),
                        0.6),
                    Bar("catalog / JSON", self.catalog_pct(), 1.0, percent=True)]
        return [*self.archive_bars(2.0, 15.0),
                Bar("cold refresh / one-liner", self.ratio("cold", "cold_refresh", "one_liner"),
                    2.2),
                Bar("commit query / one-liner", self.ratio("warm", "query_commit", "one_liner"),
                    1 / 40),
                Bar("commit query / opening the catalog",
                    self.ratio("warm", "query_commit", "open"), 3.0),
                Bar("one changed file / nothing changed",
                    self.ratio("changed", "query_changed", "query_same"), 1.5),
                Bar("catalog / JSON", self.catalog_pct(), 16.0, percent=True)]


def growth_bars(small, large):
    """Ten times the records must not make a selective question ten times as slow."""
    return [Bar(f"{large.groups['warm'][key].label}: 100,000 / 10,000 records",
                large.groups["warm"][key].median() / small.groups["warm"][key].median(), 2.5)
            for key in ("query_commit", "query_scheduler")]


def stated_bars(suites):
    """The bars, of those pools for which they are stated: 10,000 light records, 1,000 heavy."""
    by_shape = {(suite.pool.shape.records, suite.pool.shape.heavy): suite for suite in suites}
    light, large = by_shape.get((10_000, False)), by_shape.get((100_000, False))
    bars = light.bars() if light else []
    if light and large:
        bars += growth_bars(light, large)
    if (1_000, True) in by_shape:
        heavy = by_shape[1_000, True].bars()
        for bar in heavy:
            bar.label += " (records of 1.7 MB)"
        bars += heavy
    return bars


def check_stock_shell(directory, runner):
    """Not every sqlite3 shell is built with the functions of the one-liner."""
    if not shutil.which("sqlite3"):
        raise Failed("there is no sqlite3 (tools/setup installs it)")
    runner.answer(one_liner(directory))
