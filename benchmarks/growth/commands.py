"""Programs of this package that need Django with a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(name: str, directory: Path, *arguments: object) -> str:
    """Run `benchmarks.growth.<name>` on the SQLite database in `directory`. Return what it prints."""
    environment = {**os.environ, "VAR_DIR": str(directory), "DATABASE_URL": "", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", f"benchmarks.growth.{name}", *map(str, arguments)]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
