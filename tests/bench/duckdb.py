# SPDX-License-Identifier: MIT
"""DuckDB as a peer. It has no Debian package; npm's is put into the build directory."""

import shutil
import subprocess
from pathlib import Path

from processes import Failed

PACKAGE = "@duckdb/node-api@1.5.6-r.1"


def install_duckdb(directory):
    """The path of the script that answers with it."""
    place = Path(directory) / "bench-duckdb"
    place.mkdir(parents=True, exist_ok=True)
    script = place / "duckdb_count.mjs"
    shutil.copy(Path(__file__).with_name("duckdb_count.mjs"), script)
    if not (place / "node_modules").is_dir():
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund",
                               "--prefix", str(place), PACKAGE],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed("npm could not install DuckDB:\n"
                         + (done.stdout + done.stderr).decode(errors="replace")[-2000:])
    return str(script)
