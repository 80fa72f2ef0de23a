"""`python -m benchmarks.mutants MODULE …`: which small changes to a module do its tests notice?

A change of a function is tried where the tests have run before (in_process.py). What they do not notice there, and
changes outside of functions, run in a fork of this process, which has imported pytest and the libraries but nothing
of the project. A change is noticed if a test fails, if nothing can be imported, or if the tests take ten times as
long as without it. covered.toml names the tests of a module, and the changes that alter no behaviour. Ends with
status 1 where a module notices less than MIN_RATE of those that do.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from benchmarks.mutants import child, in_process
from benchmarks.mutants.changes import Mutant, mutants

MIN_RATE = 0.95
PATIENCE = 10
"""Times as long as the unchanged module's tests took, plus START_SECONDS."""
START_SECONDS = 20.0
COVERED = Path(__file__).with_name("covered.toml")
MISSED, NOTICED, TIMED_OUT = 0, 1, 2


@dataclass
class Score:
    module: str
    noticed: int = 0
    equivalent: int = 0
    missed: list[Mutant] = field(default_factory=list)
    timed_out: list[Mutant] = field(default_factory=list)
    """Counted as noticed: a test hung, or the machine was too slow."""

    @property
    def rate(self) -> float:
        return self.noticed / max(1, self.noticed + len(self.missed))

    def __str__(self) -> str:
        mutants = self.noticed + self.equivalent + len(self.missed)
        missed = "".join(f"\n    line {mutant.line}, {mutant.name}" for mutant in self.missed)
        missed += "".join(f"\n    by the time limit: line {mutant.line}, {mutant.name}" for mutant in self.timed_out)
        return (
            f"{self.module}: {mutants} changes, {self.equivalent} equivalent, {self.noticed} noticed, "
            f"{len(self.missed)} missed ({self.rate:.1%}){missed}"
        )


def main() -> int:
    known = tomllib.loads(COVERED.read_text())
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(known), help="such as caching.keys; default: all known")
    parser.add_argument("--sample", type=int, metavar="N", help="N changes of each module, the same ones every time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", metavar="TEXT", help="changes with this in their description")
    parser.add_argument("--quick", action="store_true", help="only in forks: what is left may be noticed after a start")
    parser.add_argument("--verbose", action="store_true", help="what the tests print")
    options = parser.parse_args()
    child.preload()
    scores = []
    for module in options.modules or known:
        scores.append(measure(module, known.get(module, {}), options))
        print(scores[-1], flush=True)
    return int(any(score.rate < MIN_RATE for score in scores))


def measure(module: str, known: dict[str, object], options: argparse.Namespace) -> Score:
    path = Path(*module.split(".")).with_suffix(".py")
    tests = list(known.get("tests", [])) or [str(mirror(path))]  # type: ignore[call-overload]
    equivalent = dict(known.get("equivalent", {}))  # type: ignore[call-overload]
    began = time.monotonic()
    unchanged = compile(path.read_text(), str(path), "exec")
    if not options.quick and run(module, path, unchanged, tests, 600, options.verbose) != MISSED:
        raise SystemExit(f"{module}: the tests fail without any change: {' '.join(tests)}")
    patience = START_SECONDS + PATIENCE * (time.monotonic() - began)
    score = Score(module)
    changes = []
    for mutant in mutants(path):
        if mutant.name in equivalent:
            score.equivalent += 1
        elif options.only in mutant.name:
            changes.append(mutant)
    stale = equivalent.keys() - {mutant.name for mutant in mutants(path)}
    if stale:
        print(f"{module}: covered.toml names changes that are none any more: {sorted(stale)}", file=sys.stderr)
    if options.sample and len(changes) > options.sample:
        changes = random.Random(module).sample(changes, options.sample)
    with tempfile.TemporaryDirectory() as directory:
        found = in_process.noticed(module, unchanged, [change.code for change in changes], tests, Path(directory))
    if found is None:
        if options.quick:
            raise SystemExit(f"{module}: its tests do not pass in a fork: {' '.join(tests)}")
        found = set()
    score.noticed = len(found)
    rest = [change for index, change in enumerate(changes) if index not in found]
    if options.quick:
        score.missed = rest
        return score
    with ThreadPoolExecutor(options.jobs) as threads:
        results = threads.map(lambda one: run(module, path, one.code, tests, patience, options.verbose), rest)
        for mutant, result in zip(rest, results, strict=True):
            if result == MISSED:
                score.missed.append(mutant)
                continue
            score.noticed += 1
            if result == TIMED_OUT:
                score.timed_out.append(mutant)
    return score


def mirror(path: Path) -> Path:
    """The test file of a module: tests mirror the tree of their app."""
    app, *folders, name = path.parts
    return Path(app, "tests", *folders, f"test_{name}")


def run(module: str, path: Path, code: CodeType, tests: list[str], patience: float, verbose: bool) -> int:
    """Run the tests with `code` in place of the module's own. Return MISSED, NOTICED or TIMED_OUT."""
    with tempfile.TemporaryDirectory() as directory:
        pid = os.fork()
        if pid == 0:
            os._exit(child.run_tests(module, path, code, tests, Path(directory), verbose))
        deadline = time.monotonic() + patience
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return MISSED if os.waitstatus_to_exitcode(status) == 0 else NOTICED
            if time.monotonic() > deadline:
                child.stop(pid)
                os.waitpid(pid, 0)
                return TIMED_OUT
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
