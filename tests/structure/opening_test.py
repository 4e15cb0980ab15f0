#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Files are opened by base/safe_open alone, which never waits and says what isn't a regular file;
and nothing is removed with all that is below it."""

import re

import sources

FOLDERS = ("src", "tools", "include")
# Of the global namespace or the C library; a member or a class's own function may be called so.
CALLS = re.compile(rb"(?<![\w:>.])(?:::(?:open|open64|openat|openat2|creat)|(?:std::|::)?"
                   rb"(?:fopen|freopen|fopen64))\s*\(")
STREAMS = re.compile(rb"\bstd::(?:basic_)?[io]?f(?:stream|ilebuf)\b|#\s*include\s*<fstream>")
REMOVALS = re.compile(rb"\b(?:remove_all|nftw)\s*\(")
# Name to the reason.
MAY_OPEN = {
    "src/base/safe_open.cpp": "the one place",
}
MAY_REMOVE = {
    "src/environment/places.cpp": "a directory that it has made, by mkdtemp",
}


def check(root):
    found = []
    for name in sources.cpp_files(root, *FOLDERS):
        content = (root / name).read_bytes()
        rules = [(CALLS, MAY_OPEN, "opens without base/safe_open"),
                 (STREAMS, MAY_OPEN, "opens without base/safe_open"),
                 (REMOVALS, MAY_REMOVE, "removes what it has not recognized")]
        for pattern, allowed, why in rules:
            match = None if name in allowed else pattern.search(content)
            if match:
                line = content.count(b"\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {why}")
                break
    return found


GOOD = {
    "src/base/safe_open.cpp": "int f() { return ::openat(1, \"a\", 0); }\n",
    "src/store/walk.cpp": "auto a = Archive::open(b);\nauto c = files.open(d);\nopen(e);\n",
    "tests/unit/a.cpp": "#include <fstream>\n",
}
VIOLATIONS = {
    "an open": {"src/store/bad.cpp": "int f() { return ::open(\"a\", 0); }\n"},
    "an openat": {"tools/x/bad.cpp": "int f() { return (::openat(1, \"a\", 0)); }\n"},
    "a stream": {"src/store/bad.cpp": "std::ifstream file(path);\n"},
    "a header of streams": {"src/store/bad.hpp": "#include <fstream>\n"},
    "a C file": {"src/store/bad.cpp": "auto* f = std::fopen(\"a\", \"r\");\n"},
    "a removal of everything": {"src/store/bad.cpp": "std::filesystem::remove_all(path);\n"},
}

if __name__ == "__main__":
    sources.run(check, GOOD, VIOLATIONS)
