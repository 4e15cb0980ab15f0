# SPDX-License-Identifier: MIT
"""What a stranger can put where the program expects a file or directory of its own, and a look at
the world outside that says whether any of it was touched."""

import hashlib
import os
import shutil
import socket
import stat
from pathlib import Path

PRECIOUS = "nobody's business but its owner's\n"


def make_world(world):
    """Somebody's data. Some of it looks as much like a spool as a directory can."""
    for name in ("docs/letters", "1700000000000000000-1", "spool/1700000000000000000-2",
                 "6.14-abc1234/job"):
        directory = world / name
        directory.mkdir(parents=True)
        for file in ("1", "2", "journal", "letter.txt", "catalog.sqlite3", ".ktstr_run_epoch",
                     "wakes_up-16b754f538ba41fd.ktstr.json",
                     "wakes_up-16b754f538ba41fd.failure-dump.json"):
            (directory / file).write_text(PRECIOUS)
    (world / "letter.txt").write_text(PRECIOUS)
    os.utime(world / "letter.txt", (1_000_000_000, 1_000_000_000))


def look_at(world):
    """Every name below: type, mode, size, mtime, and the bytes or where it points."""
    seen = {}
    for directory, names, files in os.walk(world):
        for name in ["."] + names + files:
            path = Path(directory, name)
            status = path.lstat()
            content = None
            if stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            seen[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return seen


def changed(before, after):
    """The names of which one look at a world says something else than another."""
    return sorted(name for name in before.keys() | after.keys()
                  if before.get(name) != after.get(name))


def clear(path):
    """Makes room for something planted."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)


def link_to_directory(path, world):
    path.symlink_to(world)


def link_to_look_alike(path, world):
    path.symlink_to(world / "1700000000000000000-1")


def link_to_file(path, world):
    path.symlink_to(world / "letter.txt")


def dangling_link(path, world):
    """Whoever opens it to write makes a file outside."""
    path.symlink_to(world / "new")


def fifo(path, _world):
    os.mkfifo(path)


def device(path, _world):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def terminal(path, _world):
    """Becomes the terminal of a process that opens it carelessly; without one, it doesn't open."""
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(5, 0))


def local_socket(path, _world):
    with socket.socket(socket.AF_UNIX) as listening:
        # The name of a socket has 107 bytes.
        here = os.open(path.parent, os.O_RDONLY)
        try:
            listening.bind(f"/proc/self/fd/{here}/{path.name}")
        finally:
            os.close(here)


def foreign_directory(path, world):
    shutil.copytree(world, path)


def foreign_file(path, _world):
    path.write_text(PRECIOUS)


LINKS = (link_to_directory, link_to_look_alike, link_to_file, dangling_link)
DEVICES = (device, terminal)
KINDS = (*LINKS, fifo, *DEVICES, local_socket, foreign_directory, foreign_file)
# What is told from another of them by few commands, if by any.
MUCH_LIKE_ANOTHER = (link_to_look_alike, *DEVICES, local_socket)
