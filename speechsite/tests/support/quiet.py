"""Nothing of this process outlives a test: what was learned, remembered or left to background workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet_ledger() -> Iterator[None]:
    """The ledger of this process writes in the test's own thread and transaction, and forgets what a test left."""
    from caching import database
    from caching.dashboard import banners
    from caching.ledger import recent, writer
    from caching.llm import curated
    from caching.pricing import prices
    from caching.rules import engine

    prices.forget()
    engine.forget()
    curated.forget()
    yield
    writer.writer.__init__()  # type: ignore[misc]
    recent.recorder.__init__()  # type: ignore[misc]
    database.trouble.end()
    banners.forget()
    prices.forget()
    engine.forget()
    curated.forget()


@pytest.fixture(autouse=True)
def unlearned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was learned from other tests, and what waits for a judge waits until the test lets it be judged."""
    import queue

    from caching.feedback import judge_worker
    from caching.semantic.scoring.pair_verdicts import learned

    monkeypatch.setattr(judge_worker.worker, "_waiting", queue.Queue(judge_worker.MAX_WAITING))
    monkeypatch.setattr(learned, "_pairs", {})
    monkeypatch.setattr(learned, "steps", {})
    monkeypatch.setattr(learned, "standings", {})


@pytest.fixture(autouse=True)
def quiet_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work of these workers waits until a test does it itself: a thread would not see the test's transaction."""
    from caching import background

    start, wake = background.PeriodicWorker.start, background.PeriodicWorker.wake
    quiet = (
        "ledger",
        "recent requests",
        "judging",
        "tasks",
        "request-bodies",
        "stored-responses",
        "key usage",
        "usage sums",
    )

    def start_unless_quiet(worker: background.PeriodicWorker) -> None:
        if worker.name not in quiet:
            start(worker)

    def wake_here(worker: background.PeriodicWorker) -> None:
        if worker.name in quiet:
            worker._run()
        else:
            wake(worker)

    monkeypatch.setattr(background.PeriodicWorker, "start", start_unless_quiet)
    monkeypatch.setattr(background.PeriodicWorker, "wake", wake_here)
    background._tasks.clear()


@pytest.fixture(autouse=True)
def well_providers() -> Iterator[None]:
    """No provider is left alone because of what an earlier test did to it."""
    yield
    from speech.routing.breaker import breaker_of

    breaker_of.cache_clear()
