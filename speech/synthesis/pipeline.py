"""One continuous stream of audio from clips: in order, with missing ones synthesized ahead of where it plays."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from caching import tts
from caching.result import CacheResult
from caching.tts import Clip
from speech.audio import Encoder, join
from speech.iterators import primed
from speech.routing.error_transfer import CACHE_ERRORS, as_ours
from speech.synthesis.voice import Speaker

# Sentences synthesized while an earlier one plays. More would be wasted when the listener interrupts.
AHEAD = 4


class Playback:
    """Plays clips as they come, once. Closing the iteration stops all work on what has not been played."""

    def __init__(self, speaker: Speaker, clips: Iterable[Clip], found: CacheResult[Any] | None = None) -> None:
        """`found`: result of the look-up, where the clips were looked up as one request."""
        self.clips: list[Clip] = []
        """Those begun so far."""
        self._speaker = speaker
        self._upcoming = iter(clips)
        self._found = found or CacheResult(None, "miss", "")
        self._ahead = threading.Semaphore(AHEAD)
        self._tracks: queue.SimpleQueue[Iterator[bytes] | BaseException | None] = queue.SimpleQueue()

    @property
    def result(self) -> CacheResult[Any]:
        """Sum up the clips so far: a hit if all of them were stored."""
        result = tts.total(self._found, self.clips, self._speaker.policy)
        if not all(clip.found for clip in self.clips):
            return result
        return replace(result, status="hit", match="exact", billed=result.served)

    def open(self, clip: Clip) -> None:
        """Play `clip` before the others. Returns with its first chunk, so a provider that fails at once fails here."""
        self._tracks.put(primed(self._begin(clip)))

    def encoded(self, codec: str) -> Iterator[bytes]:
        """Yield the whole audio in `codec`, as it is made."""
        encoder = Encoder(codec, self._speaker.request.sample_rate)
        for chunk in self.pcm():
            if sound := encoder.encode(chunk):
                yield sound
        if sound := encoder.finish():
            yield sound

    def pcm(self) -> Iterator[bytes]:
        """Yield the samples of all clips with pauses between them."""
        return join(self._played(), settings.SENTENCE_PAUSE_MS, self._speaker.request.sample_rate)

    def _played(self) -> Iterator[Iterator[bytes]]:
        threading.Thread(target=self._feed, name="playback", daemon=True).start()
        try:
            while (track := self._tracks.get()) is not None:
                if isinstance(track, BaseException):
                    raise track
                yield track
                self._ahead.release()
        finally:
            self._speaker.stopped.set()
            self._ahead.release()

    def _feed(self) -> None:
        try:
            for clip in self._upcoming:
                self._ahead.acquire()
                if self._speaker.stopped.is_set():
                    break
                self._tracks.put(self._begin(clip))
            self._tracks.put(None)
        except Exception as error:  # noqa: BLE001 (raised again in the thread that plays)
            self._tracks.put(error)
        finally:
            if close := getattr(self._upcoming, "close", None):
                close()

    def _begin(self, clip: Clip) -> Iterator[bytes]:
        self.clips.append(clip)
        track = _Track(clip, self._speaker.stopped)
        if clip.found:
            track.fill()
        else:
            _threads().submit(track.fill)
        return track.chunks()


class _Track:
    """The audio of one clip, on its way from the thread that makes it to the one that plays it."""

    def __init__(self, clip: Clip, stopped: threading.Event) -> None:
        self._clip, self._stopped = clip, stopped
        self._chunks: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()

    def fill(self) -> None:
        try:
            for chunk in self._clip.pcm():
                if self._stopped.is_set():
                    break
                self._chunks.put(chunk)
            self._chunks.put(None)
        except CACHE_ERRORS as error:
            self._chunks.put(as_ours(error))
        except Exception as error:  # noqa: BLE001 (raised again in the thread that plays)
            self._chunks.put(error)

    def chunks(self) -> Iterator[bytes]:
        while (chunk := self._chunks.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


@cache
def _threads() -> ThreadPoolExecutor:
    # Most of them wait for others: how many synthesize at once is limited where they do it.
    return ThreadPoolExecutor(settings.THREADS * AHEAD, thread_name_prefix="speech")
