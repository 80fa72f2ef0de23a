"""An embedder that may take long, waited for only so long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from threading import Lock

from caching.coordination import admission
from caching.redaction import on_forget
from caching.semantic.embedders.base import BaseEmbedder, EmbeddingError, Vectors

THREADS = 8
# Vectors of the latest texts: what is looked up in vain is stored a moment later.
REMEMBERED = 1_000


class Bounded(BaseEmbedder):
    """The same embedder, but who waits longer than `seconds` for a text gets an EmbeddingError.

    What comes too late is not lost: it is there when the same text is asked for again.
    """

    slow = True

    def __init__(self, embedder: BaseEmbedder, seconds: float) -> None:
        self.name, self.version, self.dimensions = embedder.name, embedder.version, embedder.dimensions
        self._embedder = embedder
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="embedder")
        self._latest: OrderedDict[str, Future[Vectors]] = OrderedDict()
        self._lock = Lock()
        on_forget(self._latest.clear)

    def embed(self, texts: Sequence[str]) -> Vectors:
        # Not at the top: see base.py.
        import numpy as np

        return np.concatenate([self._wait(self._asked(text)) for text in texts])

    def take_billed(self) -> int:
        return self._embedder.take_billed()

    def _asked(self, text: str) -> Future[Vectors]:
        with self._lock:
            future = self._latest.get(text)
            if future is None or future.cancelled() or (future.done() and future.exception()):
                future = self._latest[text] = self._pool.submit(self._embedder.embed, [text])
                while len(self._latest) > REMEMBERED:
                    self._latest.popitem(last=False)
            return future

    def _wait(self, future: Future[Vectors]) -> Vectors:
        admission.release()
        try:
            return future.result(self._seconds)
        except (TookTooLong, CancelledError):
            # Only if it has not begun; else it is remembered when it comes. Another thread may have waited for it too.
            future.cancel()
            raise EmbeddingError(f"{self.name} takes longer than {self._seconds * 1000:.0f} ms") from None
