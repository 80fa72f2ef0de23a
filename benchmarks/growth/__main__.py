"""Measure cost against size: python -m benchmarks.growth [--quick] [--only CURVE …] [--json FILE].

Like `benchmarks.speed` it starts and stops everything itself.
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

from benchmarks.growth import curves  # noqa: E402
from benchmarks.growth.curve import Curve, table  # noqa: E402
from benchmarks.speed import machine  # noqa: E402
from benchmarks.speed.bench import Bench  # noqa: E402

# The folder is the registry: `run(bench)` of each module returns curves.
NAMES = sorted(module.name for module in iter_modules(curves.__path__))


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    before = machine.load()
    found: list[Curve] = []
    for name in options.only:
        print(f"{name} …", file=sys.stderr, flush=True)
        with ExitStack() as stack:
            found += (measured := import_module(f"{curves.__name__}.{name}").run(Bench(options.quick, stack)))
        print(table(measured), file=sys.stderr, flush=True)
    print(f"\n{table(found)}\n\nLoad average before {before:.1f}")
    if options.json:
        about = {"machine": machine.describe(), "load_average_before": before, "quick": options.quick}
        moment = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
        as_json = [curve.as_json() for curve in found]
        options.json.write_text(json.dumps({**about, **moment, "curves": as_json}, indent=1) + "\n")


if __name__ == "__main__":
    main()
