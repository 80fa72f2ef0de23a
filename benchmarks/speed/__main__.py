"""Run the rows of docs/performance.md: python -m benchmarks.speed [--quick] [--only ROW …] [--json FILE] [--plots DIR].

Starts and stops everything itself: Redis, servers, fake providers, LiteLLM.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from benchmarks.speed import environment

environment.prepare()

from benchmarks.speed import load, machine, plots, rows  # noqa: E402
from benchmarks.speed.bench import Bench  # noqa: E402
from benchmarks.speed.figures import Figure, table  # noqa: E402

# The folder is the registry: `run(bench)` of each module yields figures.
NAMES = sorted(module.name for module in iter_modules(rows.__path__))


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--quick", action="store_true", help="two minutes, without LiteLLM and the large indexes")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plots", type=Path, help="where the SVG files are written")
    options = parser.parse_args()
    before = machine.load()
    figures: list[Figure] = []
    for name in options.only:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures += (found := _figures(name, options.quick))
        print(table(found), file=sys.stderr, flush=True)
    print(f"\n{table(figures)}\n\nLoad generator: {load.GENERATOR}; load average before {before:.1f}")
    if options.json:
        about = {"machine": machine.describe(), "load_average_before": before, "load_generator": load.GENERATOR}
        moment = {"quick": options.quick, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        figures_as_json = [figure.as_json() for figure in figures]
        options.json.write_text(json.dumps({**about, **moment, "figures": figures_as_json}, indent=1) + "\n")
    if options.plots:
        plots.write(figures, options.plots)


def _figures(name: str, quick: bool) -> list[Figure]:
    with ExitStack() as stack:
        return list(import_module(f"{rows.__name__}.{name}").run(Bench(quick, stack)))


if __name__ == "__main__":
    main()
