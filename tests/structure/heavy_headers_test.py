#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Headers that take long to compile are included in few files, and only where they belong."""

import re
from typing import NamedTuple

import sources


class Rule(NamedTuple):
    library: str
    header: str  # a regular expression
    most_files: int
    folders: tuple  # where the files may be


RULES = [
    # 35 s a file under AddressSanitizer.
    Rule("CLI11", r"CLI/", 1, ("tools/ktstr-index/",)),
    Rule("simdjson", r"simdjson", 2, ("src/record/",)),
    Rule("nlohmann_json", r"nlohmann/", 1, ("src/", "tools/")),
    Rule("Boost.Math", r"boost/math", 1, ("src/analysis/",)),
    Rule("libgit2", r"git2(\.h|/)", 1, ("src/",)),
    Rule("libarchive", r"archive(_entry)?\.h", 1, ("src/store/",)),
    Rule("zstd", r"zstd\.h", 1, ("src/base/",)),
    Rule("SQLite", r"SQLiteCpp/|sqlite3", 7, ("src/database/", "src/catalog/", "src/query/")),
]


def check(root):
    found = []
    includes = {name: sources.includes(root, name)
                for name in sources.cpp_files(root, "include", "src", "tools")}
    for rule in RULES:
        users = [name for name, targets in includes.items()
                 if any(re.match(rule.header, include.target) for include in targets)]
        here = [name for name in users if name.startswith(rule.folders)]
        if len(here) > rule.most_files:
            found.append(f"{rule.library}: {len(here)} files include it, {rule.most_files} may: "
                         + ", ".join(here))
        found += [f"{name}: includes {rule.library} outside of {', '.join(rule.folders)}"
                  for name in users if name not in here]
    return found


def files_with(include, pattern, count):
    return {pattern % number: f"#include <{include}>\n" for number in range(count)}


GOOD = {
    "tools/ktstr-index/options.cpp": "#include <CLI/CLI.hpp>\n",
    "src/record/decoder.cpp": "#include <simdjson.h>\n",
    "src/database/connection.cpp": "#include <SQLiteCpp/Database.h>\n#include <sqlite3.h>\n",
    "tests/unit/other_test.cpp": "#include <nlohmann/json.hpp>\n",
}
VIOLATIONS = {
    "CLI11 twice": {"tools/ktstr-index/more.cpp": '#include "CLI/App.hpp"\n'},
    "CLI11 in a library": {"src/library/bad.cpp": "#include <CLI/CLI.hpp>\n"},
    "simdjson three times": files_with("simdjson.h", "src/record/more_%d.cpp", 2),
    "nlohmann_json twice": files_with("nlohmann/json.hpp", "src/report/more_%d.cpp", 2),
    "Boost.Math twice": files_with("boost/math/distributions.hpp", "src/analysis/more_%d.cpp", 2),
    "SQLite in too many files": files_with("sqlite3.h", "src/query/more_%d.cpp", 7),
    "SQLite outside of its layers": {"src/store/bad.cpp": "#include <SQLiteCpp/Database.h>\n"},
}

if __name__ == "__main__":
    sources.run(check, GOOD, VIOLATIONS)
