"""Run the rows of docs/performance.md: python -m benchmarks.speed [--quick] [--only ROW …] [--json FILE] [--plots DIR].

Starts and stops everything itself: Redis, servers, fake providers, LiteLLM.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from benchmarks.speed import environment

environment.prepare()

from benchmarks.speed import load, machine, plots, rows  # noqa: E402
from benchmarks.speed.bench import Bench  # noqa: E402
from benchmarks.speed.figures import Figure, best, table  # noqa: E402

# A figure is that of the best pass: what else the machine does adds to times, for minutes at a time.
PASSES = 4
# The folder is the registry: `run(bench)` of each module yields figures. A module's own PASSES are for figures that
# depend less on what else the machine does.
NAMES = sorted(module.name for module in iter_modules(rows.__path__))


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--quick", action="store_true", help="two minutes, without LiteLLM and the large indexes")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plots", type=Path, help="where the SVG files are written")
    options = parser.parse_args()
    before = machine.load()
    figures = best(_passes(options.only, options.quick))
    print(f"\n{table(figures)}\n\nLoad generator: {load.GENERATOR}; load average before {before:.1f}")
    if options.json:
        about = {"machine": machine.describe(), "load_average_before": before, "load_generator": load.GENERATOR}
        moment = {"quick": options.quick, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        figures_as_json = [figure.as_json() for figure in figures]
        options.json.write_text(json.dumps({**about, **moment, "figures": figures_as_json}, indent=1) + "\n")
    if options.plots:
        plots.write(figures, options.plots)


def _passes(names: list[str], quick: bool) -> Iterator[Figure]:
    for number in range(1 if quick else PASSES):
        for name in names:
            row = import_module(f"{rows.__name__}.{name}")
            if number >= getattr(row, "PASSES", PASSES):
                continue
            print(f"{name}, pass {number + 1} …", file=sys.stderr, flush=True)
            with ExitStack() as stack:
                found = list(row.run(Bench(quick, stack)))
            print(table(found), file=sys.stderr, flush=True)
            yield from found


if __name__ == "__main__":
    main()
