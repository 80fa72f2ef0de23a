"""Run the fault drills under load and print the effect on clients: `python -m benchmarks.faults`.

Uses loopback only and touches no foreign process. Exits with status 1 if a requirement is not met.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import tempfile
import time

import django


def main() -> int:
    # Some drills run commands and read the database of the site.
    django.setup()
    from benchmarks.faults import drills
    from benchmarks.faults.result import header, line
    from benchmarks.faults.site import shared

    names = sorted(module.name for module in pkgutil.iter_modules(drills.__path__))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form for CI: fewer drills, shorter ones")
    parser.add_argument("--only", action="append", choices=names, help="run this drill alone; may be repeated")
    parser.add_argument("--soak", type=float, default=0.5, metavar="MINUTES", help="how long mixed load is kept up")
    parser.add_argument("--before", default="", metavar="REVISION", help="the version that is upgraded (upgrade only)")
    options = parser.parse_args()
    of_its_own = {"soak": {"soak": options.soak * 60}, "upgrade": {"before": options.before}}
    begun, broken = time.monotonic(), False
    try:
        print(header(), flush=True)
        for name in options.only or names:
            drill = importlib.import_module(f"{drills.__name__}.{name}")
            if options.quick and not options.only and not drill.QUICK:
                continue
            result = drill.run(**of_its_own.get(name, {"quick": options.quick}))
            broken |= bool(result.broken)
            print(line(result.row(drill.TITLE)), flush=True)
    finally:
        shared.close()
    print(f"\n{time.monotonic() - begun:.0f} s in all")
    return int(broken)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        # Before Django's settings are read: nobody's keys, and nothing left behind in the checkout.
        os.environ |= {"DJANGO_SETTINGS_MODULE": "speechsite.settings", "ENV_FILE": os.devnull, "VAR_DIR": directory}
        sys.exit(main())
