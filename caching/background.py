"""Background work: periodic loops, submitted tasks, and the rest of answers whose client has disconnected."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from multiprocessing.util import Finalize
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections

from caching import tracing

logger = logging.getLogger(__name__)

TASK_SECONDS = 0.05
MAX_TASKS = 1_000
MAX_DRAINED_AT_ONCE = 16
LONGEST_DRAIN_SECONDS = 30.0


class PeriodicWorker:
    """Calls `run` every `seconds` in a daemon thread, until it is stopped.

    An exception is logged, once until `run` succeeds again, and the loop goes on. `start` is cheap enough for every
    request; after a fork the first call starts a thread of the child. `at_exit` is called when the process ends, also
    on SIGTERM in a worker that multiprocessing started, where `atexit` does not run.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], object],
        seconds: float | Callable[[], float],
        *,
        at_once: bool = False,
        at_exit: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self._run, self._seconds = run, seconds
        self._at_once, self._at_exit = at_once, at_exit
        self._failure: type[BaseException] | None = None
        self._thread: threading.Thread | None = None
        self._reset()
        _workers.add(self)

    def start(self) -> None:
        """Start the thread unless it runs. It first calls `run` after `seconds`, or at once if it was told so."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._stopping.clear()
                    self._woken.clear()
                    self._thread = self._start()

    def stop(self) -> None:
        """End the loop and wait for a `run` that is under way."""
        with self._lock:
            self._stopping.set()
            self._woken.set()
            thread, self._thread = self._thread, None
        if thread and thread is not threading.current_thread():
            thread.join()

    def wake(self) -> None:
        """Call `run` at once, in its thread; once more if it is running."""
        self.start()
        self._woken.set()

    @property
    def stopping(self) -> bool:
        """True once `stop` was called: a `run` that takes long should return."""
        return self._stopping.is_set()

    def _start(self) -> threading.Thread:
        if self._at_exit:
            Finalize(None, self._at_exit, exitpriority=0)
        thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
        thread.start()
        return thread

    def _loop(self) -> None:
        if self._at_once:
            self._run_once()
        while True:
            self._woken.wait(self._seconds() if callable(self._seconds) else self._seconds)
            if self._stopping.is_set():
                return
            self._woken.clear()
            self._run_once()

    def _run_once(self) -> None:
        try:
            try:
                self._run()
            finally:
                close_old_connections()
            self._failure = None
        except Exception as error:
            if type(error) is not self._failure:
                self._failure = type(error)
                # A disconnected database is no fault of the code: a traceback would tell nothing.
                trace = not isinstance(error, (OperationalError, InterfaceError))
                logger.error("Background work failed, and is tried again: %s: %s", self.name, error, exc_info=trace)

    def _reset(self) -> None:
        self._thread = None
        self._lock, self._stopping, self._woken = threading.Lock(), threading.Event(), threading.Event()


_workers: weakref.WeakSet[PeriodicWorker] = weakref.WeakSet()


def _forget_the_threads_of_the_parent() -> None:
    for worker in _workers:
        worker._reset()


os.register_at_fork(after_in_child=_forget_the_threads_of_the_parent)


def submit(task: Callable[..., object], *args: object) -> None:
    """Call `task(*args)` in the background a moment later, after those that were submitted before.

    They are lost if the process is killed, and beyond MAX_TASKS the oldest is dropped: submit only what comes again by
    itself.
    """
    _tasks.append(partial(task, *args))
    _task_worker.start()


def run_submitted() -> None:
    """Run the submitted tasks; one that raises does not stop the others."""
    while _tasks:
        task = _tasks.popleft()
        try:
            task()
        except Exception:
            logger.exception("A task in the background failed")


_tasks: deque[Callable[[], object]] = deque(maxlen=MAX_TASKS)
# Not woken by each task: it would compute while the answer is on its way.
_task_worker = PeriodicWorker("tasks", run_submitted, TASK_SECONDS, at_exit=run_submitted)

_drains = threading.BoundedSemaphore(MAX_DRAINED_AT_ONCE)


def drain(items: Iterator[Any]) -> None:
    """Read the rest of an answer whose client has disconnected, or close it if too many are being read already.

    The provider bills what it has generated either way, followers may wait for it, and the client often asks again.
    """
    if _drains.acquire(blocking=False):
        threading.Thread(target=tracing.bound(_drain), args=(items,), name="drain", daemon=True).start()
    else:
        _close(items)


def _drain(items: Iterator[Any]) -> None:
    deadline = time.monotonic() + LONGEST_DRAIN_SECONDS
    try:
        for _ in items:
            if time.monotonic() > deadline:
                break
    except Exception:
        # Nobody is left to be told; followers were told by their leader.
        logger.exception("An answer whose client had disconnected could not be finished")
    finally:
        _close(items)
        _drains.release()


def _close(items: Iterator[Any]) -> None:
    if isinstance(items, Generator):
        items.close()
