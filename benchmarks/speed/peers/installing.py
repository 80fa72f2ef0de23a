"""Install a peer once, into a folder of its own, because each pins other versions than this project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "var" / "benchmarks"


def folder(name: str) -> Path:
    return ROOT / name


def once(name: str, wanted: object, install: Callable[[Path], None]) -> bool:
    """Call `install` on an empty folder unless exactly `wanted` is there. Return False, and say so, if it fails."""
    here = folder(name)
    ready = here / "ready"
    if ready.exists() and ready.read_text() == repr(wanted):
        return True
    print(f"Installing {name}, once …", file=sys.stderr, flush=True)
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    try:
        install(here)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"SKIPPED {name}, which cannot be installed here: {error}", file=sys.stderr, flush=True)
        return False
    ready.write_text(repr(wanted))
    return True


def virtual_environment(here: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", here], check=True)


def pip_install(here: Path, *packages: str) -> None:
    pip = [str(here / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True)
