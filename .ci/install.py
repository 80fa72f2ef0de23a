"""Install lock files by their hashes and show each step: .ci/install.py LOCK [--optional LOCK]."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--optional", type=Path, help="packages that may be missing for this machine")
    options = parser.parse_args()
    started = time.monotonic()
    total = len(packages(options.lock))
    print(f"Installing up to {total} packages into .venv. The first time takes a minute or two.", flush=True)
    if not install(options.lock, total):
        return 1
    for name, text in optional(options.optional) if options.optional else ():
        with tempfile.NamedTemporaryFile("w", suffix=".lock") as one:
            one.write(text)
            one.flush()
            if not install(Path(one.name), 0, "--no-deps"):
                print(f"Continuing without {name}: there is no build for this machine.")
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def packages(lock: Path) -> dict[str, str]:
    """Return the lines of each package in a lock file, by its name."""
    found = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(), flags=re.MULTILINE)
    return {text.partition("==")[0]: text for text in found if "==" in text.partition("\n")[0]}


def optional(lock: Path) -> list[tuple[str, str]]:
    """Return the packages that the `.txt` beside a lock file names, without what they would depend on."""
    named = packages(lock.with_suffix(".txt"))
    return [(name, text) for name, text in packages(lock).items() if name in named]


def install(lock: Path, total: int, *options: str) -> bool:
    """Run pip and print one line per package; print all of its output only if it fails."""
    command = [*PIP, "--require-hashes", *options, "-r", str(lock)]
    output: list[str] = []
    number = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
        for line in process.stdout or ():
            output.append(line)
            if match := re.match(r"Collecting (\S+)", line):
                number += 1
                print(f"  {f'{number:3} of {total}' if total else '':>10}  {match[1]}", flush=True)
            elif line.startswith(("Building wheel", "Installing collected")):
                print(f"  {'':>10}  {line.partition(':')[0].strip()} …", flush=True)
    if process.returncode:
        print("".join(output[-30:]))
    return process.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
