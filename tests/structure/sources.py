# SPDX-License-Identifier: MIT
"""What the structure tests share: the project's files, their includes, and the self test."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CPP_SUFFIXES = {".cpp", ".hpp", ".h"}
NOT_OURS = {".git", "build", "__pycache__"}
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.MULTILINE)


class Include(NamedTuple):
    file: str  # relative to the root
    line: int
    target: str

    def where(self):
        return f"{self.file}:{self.line}"


def project_files(root):
    """Every file of the project, relative: what git knows or would add, else what is there."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached",
               "--others", "--exclude-standard"]
    if (root / ".git").exists():
        listing = subprocess.run(command, capture_output=True, check=False)
        if listing.returncode == 0:
            names = {name.decode(errors="surrogateescape") for name in listing.stdout.split(b"\0")}
            return sorted(name for name in names - {""} if (root / name).is_file())
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not NOT_OURS & set(path.parts))


def cpp_files(root, *folders):
    return [name for name in project_files(root)
            if name.split("/")[0] in folders and Path(name).suffix in CPP_SUFFIXES]


def includes(root, name):
    content = (root / name).read_bytes()
    return [Include(name, content.count(b"\n", 0, match.start(1)) + 1, match[1].decode())
            for match in INCLUDE.finditer(content)]


def complaints_about(check, files):
    """What `check` says about a project that consists of `files` (path to text)."""
    with tempfile.TemporaryDirectory(prefix="ktstr-structure.") as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return check(root)


def run(check, good, violations):
    """main() of a structure test.

    Without arguments `check` looks at the project. With --self-test it has to accept the files
    `good`, and to complain when the files of any one of `violations` (title to files) are added.
    """
    if sys.argv[1:] == ["--self-test"]:
        problems = [f"complained about good files: {text}" for text in complaints_about(check, good)]
        problems += [f"did not notice: {title}" for title, files in violations.items()
                     if len(complaints_about(check, good | files)) != 1]
    else:
        problems = check(ROOT)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
