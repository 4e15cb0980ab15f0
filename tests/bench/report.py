# SPDX-License-Identifier: MIT
"""The results as tables for people and as one JSON document."""

import os
import platform
import subprocess

from pools import SETTLE_S, file_system_of

HEADERS = ["", "wall ms", "min-max", "cpu ms", "peak MiB", "/ one-liner", "/ own walk"]


def first_answer(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return "unknown"
    return done.stdout.decode(errors="replace").strip() or "unknown"


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine_facts(source, directory):
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(),
        "kernel": platform.release(),
        "file_system": file_system_of(directory),
        "sqlite3": first_answer(["sqlite3", "--version"]).split()[0],
        "commit": first_answer(["git", "-C", str(source), "describe", "--always", "--dirty"]),
        "load_average": round(os.getloadavg()[0], 2),
    }


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio_text(value):
    return f"{value:.2f}" if value >= 0.1 else f"1/{1 / value:.0f}"


def layout(rows):
    """The first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows if len(row) > column)
              for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(widths[0]) if column == 0 else cell.rjust(widths[column])
                 for column, cell in enumerate(row)]
        yield "  ".join(cells).rstrip()


def case_row(case, group, floor_kib):
    walls = case.values("wall_ms")
    rss = case.rss_kib(floor_kib)
    row = ["  " + case.label, number(case.median()), f"{number(min(walls))}-{number(max(walls))}",
           number(case.median("cpu_ms")),
           number(rss / 1024) if rss else f"<{floor_kib / 1024:.0f}"]
    for key in ("one_liner", "own_walk"):
        row.append(ratio_text(case.median() / group[key].median()) if key in group else "")
    return row


def pool_title(suite):
    shape = suite.pool.shape
    return (f"{shape.records:,} records in {shape.directories:,} run directories, "
            f"{suite.pool.json_bytes / 1e6:,.0f} MB of JSON "
            f"({suite.pool.json_bytes / shape.records / 1e3:,.0f} KB each); catalog "
            f"{suite.catalog_bytes / 1e6:,.1f} MB, {suite.catalog_pct():.1f} % of it")


def pool_table(suite, floor_kib):
    rows = [HEADERS]
    for name, group in suite.groups.items():
        rows.append([name])
        rows += [case_row(case, group, floor_kib) for case in group.values()]
    return [pool_title(suite), *layout(rows)]


def bar_table(bars):
    rows = [["bars", "measured", "at most", ""]]
    for bar in bars:
        values = [f"{value:.1f} %" if bar.percent else ratio_text(value)
                  for value in (bar.value, bar.limit)]
        rows.append(["  " + bar.label, *values, "met" if bar.value <= bar.limit else "MISSED"])
    return list(layout(rows))


def text_report(facts, suites, bars, runs, floor_kib):
    lines = [f"{facts['cores']} cores, {facts['cpu']}; Linux {facts['kernel']}; "
             f"{facts['file_system']}; sqlite3 {facts['sqlite3']}; commit {facts['commit']}; "
             f"load average at the start {facts['load_average']}",
             f"whole processes, interleaved; median of {runs} after one to warm up; archive off; "
             f"stamps settled ({SETTLE_S:.0f} s)"]
    for suite in suites:
        lines += ["", *pool_table(suite, floor_kib)]
    if bars:
        lines += ["", *bar_table(bars)]
    return "\n".join(lines)


def case_document(case):
    return {
        "case": case.key,
        "command": case.command,
        "wall_ms": {"median": case.median(), "runs": case.values("wall_ms")},
        "cpu_ms": {"median": case.median("cpu_ms"), "runs": case.values("cpu_ms")},
        "rss_kib": max(case.values("rss_kib")),
    }


def suite_document(suite):
    shape = suite.pool.shape
    return {
        "records": shape.records,
        "directories": shape.directories,
        "json_bytes": suite.pool.json_bytes,
        "catalog_bytes": suite.catalog_bytes,
        "groups": {name: [case_document(case) for case in group.values()]
                   for name, group in suite.groups.items()},
    }


def json_report(facts, suites, bars, runs, floor_kib):
    return {
        "schema_version": 1,
        "machine": facts,
        "runs": runs,
        "rss_floor_kib": floor_kib,
        "pools": [suite_document(suite) for suite in suites],
        "bars": [{"label": bar.label, "value": bar.value, "limit": bar.limit,
                  "unit": "percent" if bar.percent else "ratio", "met": bar.value <= bar.limit}
                 for bar in bars],
    }
