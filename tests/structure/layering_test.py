#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Includes go down the layers only, and public headers show nothing of the inside."""

import sources

# Lowest first. A layer may include the ones before it, itself, and the public headers.
LAYERS = ["base", "record", "privacy", "environment", "database", "store", "catalog", "capture",
          "archive", "query", "operations", "analysis", "report", "library"]
PUBLIC_LIBRARIES = {"tl/expected.hpp"}
# For a C interface.
PUBLIC_C_HEADERS = {"stdbool.h", "stddef.h", "stdint.h"}
# Not to be reached from src/report, directly or through headers of ours.
NOT_IN_REPORT = {"base/file_system.hpp", "sqlite3.h", "filesystem", "fstream", "dirent.h",
                 "fcntl.h", "sys/stat.h"}


def layer_of(name):
    """The layer that a file is in, None for one outside of src."""
    parts = name.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def resolve(root, include):
    """The file of ours that an include means, or None for one that isn't ours."""
    folder = include.file.rsplit("/", 1)[0]
    tool = "/".join(include.file.split("/")[:2])
    for base in ("include", "src", folder, tool):
        if (root / base / include.target).is_file():
            return f"{base}/{include.target}"
    return None


def is_standard(header):
    return "/" not in header and "." not in header


def public_complaint(include, target):
    if target and target.startswith("include/"):
        return None
    if not target and (is_standard(include.target)
                       or include.target in PUBLIC_LIBRARIES | PUBLIC_C_HEADERS):
        return None
    return "a public header includes only public headers, the standard library, tl/expected.hpp"


def upward_complaint(include, target):
    own, other = layer_of(include.file), layer_of(target)
    if other and LAYERS.index(other) > LAYERS.index(own):
        return f"{other} is above {own}"
    return None


def complaint(root, include):
    if ".." in include.target.split("/"):
        return "an include path goes up a directory"
    target = resolve(root, include)
    if include.file.startswith("include/"):
        return public_complaint(include, target)
    if target and include.file.startswith("src/"):
        return upward_complaint(include, target)
    return None


def report_complaints(root, graph):
    """Follows our own includes from src/report and names what must not be among them."""
    found, waiting = [], [name for name in graph if layer_of(name) == "report"]
    seen = set(waiting)
    while waiting:
        for include in graph.get(waiting.pop(), []):
            if include.target in NOT_IN_REPORT or include.target.startswith("SQLiteCpp/"):
                found.append(f"{include.where()}: {include.target}: reached from src/report, which "
                             "knows no SQL and no file system")
                continue
            target = resolve(root, include)
            if target and target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


def check(root):
    names = sources.cpp_files(root, "include", "src", "tools")
    lost = [name for name in names if name.startswith("src/") and layer_of(name) not in LAYERS]
    found = [f"{name}: is in no layer" for name in lost]
    graph = {name: sources.includes(root, name) for name in names if name not in lost}
    for include in (include for file in graph.values() for include in file):
        text = complaint(root, include)
        if text:
            found.append(f"{include.where()}: {include.target}: {text}")
    return found + report_complaints(root, graph)


GOOD = {
    "include/ktstr/result.hpp": "#include <string>\n#include <tl/expected.hpp>\n",
    "include/ktstr/walk.hpp": '#include "ktstr/result.hpp"\n',
    "src/base/file_system.hpp": '#include "ktstr/result.hpp"\n#include <fcntl.h>\n',
    "src/base/rows.hpp": "#include <variant>\n",
    "src/store/walk.cpp": '#include "ktstr/walk.hpp"\n#include "base/file_system.hpp"\n',
    "src/database/connection.hpp": "#include <SQLiteCpp/Database.h>\n",
    "src/report/text.cpp": '#include "report/text.hpp"\n',
    "src/report/text.hpp": '#include "base/rows.hpp"\n',
    "tools/ktstr-index/main.cpp": '#include "options.hpp"\n#include "database/connection.hpp"\n',
    "tools/ktstr-index/options.hpp": "",
}
VIOLATIONS = {
    "an upward include": {"src/base/bad.cpp": '#include "store/bad.hpp"\n', "src/store/bad.hpp": ""},
    "an upward include in angles": {"src/record/bad.cpp": "#include <database/connection.hpp>\n"},
    "a public header that shows a library": {"include/ktstr/bad.hpp": "#include <simdjson.h>\n"},
    "a public header that shows a layer": {"include/ktstr/bad.hpp": '#include "base/rows.hpp"\n'},
    "a path that goes up": {"src/store/bad.cpp": '#include "../base/rows.hpp"\n'},
    "a file in no layer": {"src/misc/bad.cpp": ""},
    "SQL in report": {"src/report/bad.cpp": "#include <sqlite3.h>\n"},
    "SQL in report, by way of a header": {"src/report/bad.cpp": '#include "database/connection.hpp"\n'},
    "files in report": {"src/report/bad.cpp": '  #  include "base/file_system.hpp"\n'},
}

if __name__ == "__main__":
    sources.run(check, GOOD, VIOLATIONS)
