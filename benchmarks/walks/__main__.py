"""Print how nine requests walk through this project's own code: calls, functions, files, hops and returns.

A call enters a function or resumes a generator. A hop is a call into another file than the one before; a return is a
hop to a file that was left before. Each scenario runs once with other words first, so that imports and first uses do
not count. Provider `demo` answers, and espeak-ng, in a process of its own, speaks.

Run: python -m benchmarks.walks [--json] [--repo CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.walks.scenarios import SCENARIOS
from speechsite.tests.support.redis_server import RedisServer

COLUMNS = ("calls", "functions", "files", "hops", "returns")
HERE = Path(__file__).resolve().parent


def measured(repo: Path) -> list[dict[str, Any]]:
    with RedisServer() as redis, tempfile.TemporaryDirectory() as directory:
        environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "VAR_DIR": directory,
            "REDIS_URL": redis.url,
            "LLM_PROVIDER": "demo",
            "DEMO_DELAY_MS": "0",
            "TTS_PROVIDER": "espeak",
            "LOG_LEVEL": "WARNING",
        }
        done = subprocess.run(
            [sys.executable, HERE / "traced.py"],
            cwd=repo,
            env=environment,
            input=json.dumps([asdict(scenario) for scenario in SCENARIOS]),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def table(found: list[dict[str, Any]]) -> str:
    lines = [f"{'':28}" + "".join(f"{name:>11}" for name in COLUMNS)]
    for walk in found:
        lines.append(_line(walk["name"], walk))
        if len(walk["threads"]) > 1:
            lines.append(_line("  in the request's thread", walk["threads"][0]))
    return "\n".join(lines)


def _line(name: str, figures: dict[str, Any]) -> str:
    return f"{name:28}" + "".join(f"{figures[column]:>11,}" for column in COLUMNS)


def main() -> None:
    parser = argparse.ArgumentParser(description="The way of nine requests through this project's own code.")
    parser.add_argument("--json", action="store_true", help="machine-readable, with the figures of each thread")
    parser.add_argument("--repo", type=Path, default=HERE.parent.parent, help="another checkout of this project")
    options = parser.parse_args()
    found = measured(options.repo.resolve())
    print(json.dumps(found, indent=2) if options.json else table(found))


if __name__ == "__main__":
    main()
