#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The top level is as designed, sources carry their licence, no file names one machine's paths,
files and folders keep a size to live in, and a unit test stands where what it tests does."""

import re
from collections import Counter
from pathlib import Path, PurePosixPath

import sources

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "src", "include",
             "schema", "migrations", "tools", "tests"}
SOURCE_SUFFIXES = sources.CPP_SUFFIXES | {".c", ".cmake", ".py", ".sh"}
LICENCE_LINE = re.compile(rb"\A(#!.*\n)?(//|#|/\*) SPDX-License-Identifier: MIT\b")
# Put together here, so that this file doesn't name them itself. Unit tests may call the runs root
# of a fake file system "root".
MACHINE_PATH = rb"(?<![\w.})\]*])/(%s)/"
ANYWHERE = re.compile(MACHINE_PATH % b"work")
OUTSIDE_UNIT_TESTS = re.compile(MACHINE_PATH % b"work|root")


def is_source(root, name):
    path = Path(name)
    if path.suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt":
        return True
    return not path.suffix and (root / name).read_bytes()[:2] == b"#!"


MOST_LINES = 500
MOST_FILES = 30
PRODUCT = ("src/", "include/", "tools/")
# Where what tests/unit/FOLDER tests may stand besides src/FOLDER.
TESTED_ELSEWHERE = {"tools": ["tools/ktstr-index", "tools/ktstr-index/commands"],
                    "support": ["tests/support"]}


def size_complaints(root, names):
    product = [name for name in names
               if name.startswith(PRODUCT) and Path(name).suffix in sources.CPP_SUFFIXES]
    found = []
    for name in product:
        lines = (root / name).read_bytes().count(b"\n")
        if lines > MOST_LINES:
            found.append(f"{name}: {lines} lines; {MOST_LINES} are enough for one concept")
    folders = Counter(str(PurePosixPath(name).parent) for name in product)
    return found + [f"{folder}: {count} sources; {MOST_FILES} are enough for one folder"
                    for folder, count in folders.items() if count > MOST_FILES]


def mirror_complaints(names):
    """tests/unit/FOLDER/NAME_test.cpp, or NAME_WHAT_test.cpp, is about NAME of that folder."""
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names}
    found = []
    for name in names:
        match = re.fullmatch(r"tests/unit/([^/]+)/(.+)_test\.cpp", name)
        if not match:
            continue
        folder, words = match[1], match[2].split("_")
        tested = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
        places = [f"src/{folder}", "include/ktstr", *TESTED_ELSEWHERE.get(folder, [])]
        if not any(f"{place}/{stem}" in stems for place in places for stem in tested):
            found.append(f"{name}: mirrors no source of {' or '.join(places)}")
    return found


def check(root):
    names = sources.project_files(root)
    top = {name.split("/")[0] for name in names if not name.startswith(".")}
    found = [f"{name}: doesn't belong on the top level" for name in sorted(top - TOP_LEVEL)]
    found += [f"{name}: is missing on the top level" for name in sorted(TOP_LEVEL - top)]
    for name in names:
        content = (root / name).read_bytes()
        if is_source(root, name) and not LICENCE_LINE.match(content):
            found.append(f"{name}:1: no SPDX line at the top")
        pattern = ANYWHERE if name.startswith("tests/unit/") else OUTSIDE_UNIT_TESTS
        match = pattern.search(content)
        if match:
            line = content.count(b"\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: names a path of one machine")
    return found + size_complaints(root, names) + mirror_complaints(names)


GOOD = {
    "CMakeLists.txt": "# SPDX-License-Identifier: MIT\n",
    "CMakePresets.json": "{}\n",
    "LICENSE": "MIT License\n",
    "README.md": "Run `./work/x` or $HOME/root/y.\n",
    "src/base/text.cpp": "// SPDX-License-Identifier: MIT\n#include <string>\n",
    "include/ktstr/text.hpp": "// SPDX-License-Identifier: MIT\n",
    "schema/metrics.csv": "name\n",
    "migrations/catalog/0001_start.sql": "CREATE TABLE t(a);\n",
    "tools/test": "#!/usr/bin/env bash\n# SPDX-License-Identifier: MIT\n",
    "tests/data/plain": "no source\n",
    "src/store/walk.hpp": "// SPDX-License-Identifier: MIT\n" + 499 * "\n",
    "tests/unit/store/walk_race_test.cpp": "// SPDX-License-Identifier: MIT\n",
    "tests/unit/store/walk_test.cpp": "// SPDX-License-Identifier: MIT\n\"/" + "root/run\"\n",
    ".gitignore": "/build/\n",
}
VIOLATIONS = {
    "a new top-level file": {"NOTES.txt": "\n"},
    "a new top-level directory": {"docs/a.md": "\n"},
    "a source without licence line": {"src/base/bad.cpp": "#include <string>\n"},
    "a script without licence line": {"tools/bad": "#!/bin/sh\n"},
    "a licence line that isn't on top": {"src/base/bad.hpp":
                                         "\n// SPDX-License-Identifier: MIT\n"},
    "a path of one machine": {"README.md": "See /" + "work/x.\n"},
    "a file that holds too much": {"src/base/bad.cpp": "// SPDX-License-Identifier: MIT\n" +
                                   500 * "\n"},
    "a folder that holds too much": {f"src/base/bad_{number}.hpp": "// SPDX-License-Identifier: MIT\n"
                                     for number in range(31)},
    "a test of nothing": {"tests/unit/store/wal_test.cpp": "// SPDX-License-Identifier: MIT\n"},
    "a home directory": {"tests/data/plain": "x\n'/" + "root/.cache'\n"},
}

if __name__ == "__main__":
    sources.run(check, GOOD, VIOLATIONS)
