"""Imported by Python at startup: sets the clock of each process an hour apart."""

from __future__ import annotations

import os
import time

_real = time.time


def _skewed() -> float:
    # Asked each time, because a worker is a fork of a process that has imported this already.
    return _real() + (os.getpid() % 3 - 1) * 3600


time.time = _skewed
