"""The live page under load: does it grow, and does it slow the gateway down?

    python -m benchmarks.screens.live [--seconds 60] [--rate 60] [--rounds 3]

A real server with two workers answers `--rate` requests a second, hits for the most part. In turns, without the page,
with it open in Chromium, and with its feed read as often by a program: the time of a request and the CPU of the server.
The gateway and its Redis have a core of their own, as if the browser ran on another machine: what Chromium draws is no
cost of theirs. Of the page: its DOM nodes and JS heap after garbage was collected.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from argparse import ArgumentParser
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
os.environ["ENV_FILE"] = os.devnull

import django

django.setup()

from benchmarks.speed.processes import cpu_seconds  # noqa: E402
from speechsite.tests.screens.chromium import chromium, log_in, new_page  # noqa: E402
from speechsite.tests.support.redis_server import RedisServer  # noqa: E402
from speechsite.tests.support.server import Server  # noqa: E402

QUESTIONS = 200
SAMPLE_SECONDS = 10
# Of ten requests: the one that was never asked before.
NEW_EVERY = 10
# Seconds between two reads of a busy page: LONG_PAUSE of requests.js.
PAUSE = 3


class Load(NamedTuple):
    milliseconds: list[float]
    failed: int
    cpu_ms: float

    @property
    def row(self) -> str:
        ordered = sorted(self.milliseconds)
        high = ordered[int(len(ordered) * 0.95)]
        return (
            f"{len(ordered):6,} requests, {self.failed} failed, median {statistics.median(ordered):6.2f} ms, "
            f"95 % {high:7.2f} ms, CPU of the server {self.cpu_ms:5.2f} ms a request"
        )


def ask(server: Server, number: int) -> tuple[float, bool]:
    query = (
        f"What is new, number {time.monotonic_ns()}?" if number % NEW_EVERY == 0 else f"Question {number % QUESTIONS}?"
    )
    began = time.perf_counter()
    reply = server.chat(query, optimization_level="quality")
    return (time.perf_counter() - began) * 1000, reply.status == 200


def put(server: Server, rate: float, seconds: float) -> Load:
    """Send `rate` requests a second, each at its time, however long the others take."""
    before, began = cpu_seconds(server.process.pid), time.perf_counter()
    with ThreadPoolExecutor(32) as pool:
        futures = []
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            futures.append(pool.submit(ask, server, number))
        found = [future.result() for future in futures]
    spent = cpu_seconds(server.process.pid) - before
    return Load([took for took, _ in found], sum(not ok for _, ok in found), 1000 * spent / len(found))


class Watched:
    """The page in a browser; `sample` says how large it is."""

    def __init__(self, page: Any) -> None:
        self._page, self._session = page, page.context.new_cdp_session(page)
        self._session.send("HeapProfiler.enable")

    def sample(self) -> tuple[int, float, int]:
        """Return DOM nodes, megabytes of JS heap, and rows of the list."""
        self._session.send("HeapProfiler.collectGarbage")
        nodes = self._session.send("Memory.getDOMCounters")["nodes"]
        heap = self._session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        return nodes, heap, self._page.locator("[data-rows] tr").count()


def watch(server: Server, browser: Any, state: Any, rate: float, seconds: float) -> Load:
    page = new_page(browser, server, state)
    page.goto("/admin/requests/")
    watched, began = Watched(page), time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(put, server, rate, seconds)
        while not load.done():
            page.wait_for_timeout(SAMPLE_SECONDS * 1000)
            nodes, heap, rows = watched.sample()
            print(
                f"    after {time.monotonic() - began:3.0f} s: {nodes:6,} DOM nodes, {heap:5.2f} MB heap, {rows} rows"
            )
    page.context.close()
    return load.result()


def read_feed(server: Server, state: Any, rate: float, seconds: float) -> Load:
    """Read the feed as the page does, and draw nothing."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in state["cookies"])
    last = ""
    with ThreadPoolExecutor(1) as pool:
        load: Future[Load] = pool.submit(put, server, rate, seconds)
        while not load.done():
            reply = server.request("GET", f"/admin/requests/feed/?after={last}", headers={"Cookie": cookies})
            last = reply.json()["last"]
            time.sleep(PAUSE)
    return load.result()


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.screens.live")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    with tempfile.TemporaryDirectory() as directory, RedisServer() as redis, ExitStack() as stack:
        environment = {"REDIS_URL": redis.url, "LLM_PROVIDER": "demo", "TTS_PROVIDER": "espeak", "LOG_LEVEL": "ERROR"}
        server = Server(Path(directory), environment, first_user=True)
        stack.callback(server.stop)
        os.sched_setaffinity(0, cores[1:] or cores)
        browser = stack.enter_context(chromium())
        state = log_in(new_page(browser, server), server)
        for number in range(QUESTIONS):
            ask(server, number)
        for _ in range(options.rounds):
            print(f"without page: {put(server, options.rate, options.seconds).row}", flush=True)
            print(f"with page:    {watch(server, browser, state, options.rate, options.seconds).row}", flush=True)
            print(f"its feed:     {read_feed(server, state, options.rate, options.seconds).row}", flush=True)


if __name__ == "__main__":
    main()
