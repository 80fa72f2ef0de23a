"""Start, wait for and stop processes."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request

import psutil

START_SECONDS = 240.0


def wait_until_it_answers(
    process: subprocess.Popen[str] | subprocess.Popen[bytes], request: urllib.request.Request
) -> None:
    """Return once `request` gets a 200. Raises RuntimeError if `process` ends first or time runs out."""
    deadline = time.monotonic() + START_SECONDS
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


def only_worker(server: int) -> psutil.Process:
    """The single worker of `manage.py serve`: it has no children and is no Redis."""
    processes = psutil.Process(server).children(recursive=True)
    [worker] = [one for one in processes if not one.children() and "redis" not in one.name()]
    return worker


def pss_mb(*processes: psutil.Process) -> float:
    """Return the memory of processes as proportional set size."""
    return sum(float(one.memory_full_info().pss) for one in processes) / 1_000_000


def cpu_seconds(process: int) -> float:
    """CPU time of a process and its children, except Redis."""
    if not process:
        return 0.0
    root = psutil.Process(process)
    times = [one.cpu_times() for one in (root, *root.children(recursive=True)) if "redis" not in one.name()]
    return sum(one.user + one.system for one in times)
