"""Waiting for what was started, and ending it."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request

from benchmarks.speed.load import Ask

START_SECONDS = 120.0


def wait_until_it_answers(process: subprocess.Popen[str] | subprocess.Popen[bytes], ask: Ask) -> None:
    """Return once `ask` is answered with 200. Raises RuntimeError if `process` ends first, or nothing comes."""
    deadline = time.monotonic() + START_SECONDS
    request = urllib.request.Request(ask.url, ask.body.encode(), ask.all_headers)  # noqa: S310 (our own URL)
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not answer within {START_SECONDS:.0f} s")


def stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
