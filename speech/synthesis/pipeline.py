"""Sentences in, one continuous sound out: in order, with the missing ones synthesised ahead of where it plays."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings

from caching import metrics, tts
from caching.coordination.admission import turns
from caching.entry import CacheEntry
from caching.pricing.usage import Usage
from speech.audio import Encoder, join
from speech.synthesis.voice import Made, Speaker, pcm_of

AHEAD = 4
"""Sentences that are made while an earlier one plays. More would be wasted when the listener interrupts."""


@dataclass
class Sentence:
    """What became of one sentence; for the receipt."""

    text: str
    cached: bool = False
    made: Made = field(default_factory=Made)
    worth: Usage = field(default_factory=Usage)
    """What the provider had billed for it, if it comes from the cache."""
    age: int = 0
    """Whole seconds since it was made, if it comes from the cache."""
    seconds: float = 0.0
    """From when it was known until its first sound was there."""


class Playback:
    """Speaks `texts` as they come. Closing the iteration stops all work on what has not been played."""

    def __init__(
        self, speaker: Speaker, texts: Iterable[str], entries: Iterable[CacheEntry[bytes] | None] = ()
    ) -> None:
        """`entries` are those of the first texts, where they have been looked up already."""
        self.sentences: list[Sentence] = []
        self._speaker = speaker
        self._texts = iter(texts)
        self._known = iter(entries)
        self._stopped = threading.Event()
        self._ahead = threading.Semaphore(AHEAD)
        self._tracks: queue.SimpleQueue[_Track | BaseException | None] = queue.SimpleQueue()

    def billed(self) -> Usage | None:
        """What was billed so far. None: a provider did not say."""
        usages = [sentence.made.usage for sentence in self.sentences]
        return None if None in usages else sum((usage for usage in usages if usage), Usage())

    @property
    def all_cached(self) -> bool:
        return all(sentence.cached for sentence in self.sentences)

    @property
    def age(self) -> int:
        """Whole seconds since the oldest of its sentences was made."""
        return max((sentence.age for sentence in self.sentences), default=0)

    def served(self) -> Usage:
        """What the sentences from the cache would have cost; those whose entry does not say are left out."""
        return sum((sentence.worth for sentence in self.sentences), Usage())

    def encoded(self, codec: str, data_bytes: int | None = None) -> Iterator[bytes]:
        """The whole sound in `codec`, as it is made. `data_bytes`: the length of all PCM, where it is known."""
        rate = self._speaker.request.sample_rate
        encoder = Encoder(codec, rate, data_bytes=data_bytes)
        for chunk in join(self.pcm(), settings.SENTENCE_PAUSE_MS, rate):
            if sound := encoder.encode(chunk):
                yield sound
        if sound := encoder.finish():
            yield sound

    def pcm(self) -> Iterator[Iterator[bytes]]:
        """The samples of each sentence."""
        turns.give_back()
        threading.Thread(target=self._feed, name="playback", daemon=True).start()
        try:
            while (track := self._tracks.get()) is not None:
                if isinstance(track, BaseException):
                    raise track
                yield track.chunks()
                self._ahead.release()
        finally:
            self._stopped.set()
            self._ahead.release()

    def _feed(self) -> None:
        try:
            for text in self._texts:
                self._ahead.acquire()
                if self._stopped.is_set():
                    break
                self._tracks.put(self._track(text))
            self._tracks.put(None)
        except Exception as error:  # noqa: BLE001 (raised again in the thread that plays)
            self._tracks.put(error)
        finally:
            if close := getattr(self._texts, "close", None):
                close()

    def _track(self, text: str) -> _Track:
        piece = self._speaker.utterance(text)
        entry = next(self._known, None) or tts.lookup([piece], self._speaker.policy)[0]
        sentence = Sentence(text)
        if entry:
            sentence = Sentence(text, cached=True, worth=entry.usage or Usage(), age=entry.age)
        self.sentences.append(sentence)
        metrics.SENTENCES.labels("cached" if entry else "synthesized").inc()
        track = _Track(sentence, self._stopped)
        if entry:
            track.fill(iter([pcm_of(entry)]))
        else:
            _threads().submit(track.fill, self._speaker.pcm(piece, sentence.made, self._stopped))
        return track


class _Track:
    """The sound of one sentence, on its way from the thread that makes it to the one that plays it."""

    def __init__(self, sentence: Sentence, stopped: threading.Event) -> None:
        self._sentence = sentence
        self._stopped = stopped
        self._began = time.monotonic()
        self._chunks: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()

    def fill(self, pcm: Iterator[bytes]) -> None:
        try:
            for chunk in pcm:
                if self._stopped.is_set():
                    break
                self._sentence.seconds = self._sentence.seconds or time.monotonic() - self._began
                self._chunks.put(chunk)
            self._chunks.put(None)
        except Exception as error:  # noqa: BLE001 (raised again in the thread that plays)
            self._chunks.put(error)
        finally:
            if close := getattr(pcm, "close", None):
                close()

    def chunks(self) -> Iterator[bytes]:
        while (chunk := self._chunks.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


@cache
def _threads() -> ThreadPoolExecutor:
    # Most of them wait for others: how many synthesise at once is limited where they do it.
    return ThreadPoolExecutor(settings.THREADS * AHEAD, thread_name_prefix="speech")
