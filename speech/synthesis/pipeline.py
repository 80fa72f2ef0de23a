"""One continuous stream of audio from clips: in order, with missing ones synthesized ahead of where it plays."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from caching import tracing, tts
from caching.result import CacheResult, status_without_hit
from caching.tts import Clip
from speech.audio import join
from speech.audio.pcm import BYTES_PER_SAMPLE
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
        self._played_whole = 0
        self._speaker = speaker
        self._upcoming = iter(clips)
        self._found = found or CacheResult(None, status_without_hit(speaker.policy), "")
        self._begun: list[_Track] = []
        self._ahead = threading.Semaphore(AHEAD)
        self._tracks: queue.SimpleQueue[_Track | BaseException | None] = queue.SimpleQueue()

    @property
    def sample_rate(self) -> int:
        return self._speaker.request.sample_rate

    @property
    def spoken(self) -> list[Clip]:
        """The clips of which something has been played."""
        return [track.clip for track in self._begun if track.bytes]

    @property
    def words(self) -> list[list[dict[str, Any]]]:
        """The words of each clip played so far, with their times in the whole."""
        return self._timed(self._begun)

    @property
    def words_played(self) -> list[list[dict[str, Any]]]:
        """The same of the clips that have been played to their end."""
        return self._timed(self._begun[: self._played_whole])

    @property
    def result(self) -> CacheResult[Any]:
        """Sum up the clips so far: a hit if all of them were stored."""
        result = tts.total(self._found, self.clips, self._speaker.policy)
        if not all(clip.found for clip in self.clips):
            return result
        return replace(result, status="hit", match="exact", billed=result.served)

    def open(self, clip: Clip) -> None:
        """Play `clip` before the others. Returns with its first chunk, so a provider that fails at once fails here."""
        track = self._begin(clip)
        track.wait()
        self._tracks.put(track)

    def pcm(self) -> Generator[bytes]:
        """Yield the samples of all clips with pauses between them."""
        return join(self._played(), settings.SENTENCE_PAUSE_MS, self._speaker.request.sample_rate)

    def _played(self) -> Iterator[_Track]:
        threading.Thread(target=tracing.bound(self._feed), name="playback", daemon=True).start()
        try:
            while (track := self._tracks.get()) is not None:
                if isinstance(track, BaseException):
                    raise track
                yield track
                self._played_whole += 1
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

    def _timed(self, tracks: list[_Track]) -> list[list[dict[str, Any]]]:
        return timed([(track.bytes, track.clip.notes) for track in tracks], self.sample_rate)

    def _begin(self, clip: Clip) -> _Track:
        self.clips.append(clip)
        track = _Track(clip, self._speaker.stopped)
        self._begun.append(track)
        if clip.found:
            track.fill()
        else:
            _threads().submit(tracing.bound(track.fill))
        return track


class _Track:
    """The audio of one clip, on its way from the thread that makes it to the one that plays it."""

    def __init__(self, clip: Clip, stopped: threading.Event) -> None:
        self.clip, self.bytes = clip, 0
        self._stopped = stopped
        self._chunks: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        self._first: bytes | BaseException | None = b""

    def fill(self) -> None:
        try:
            for chunk in self.clip.pcm():
                if self._stopped.is_set():
                    break
                self._chunks.put(chunk)
            self._chunks.put(None)
        except CACHE_ERRORS as error:
            self._chunks.put(as_ours(error))
        except Exception as error:  # noqa: BLE001 (raised again in the thread that plays)
            self._chunks.put(error)

    def wait(self) -> None:
        """Wait for the first chunk. Raises the error that came in its place."""
        self._first = self._chunks.get()
        if isinstance(self._first, BaseException):
            raise self._first

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk, self._first = self._first or self._chunks.get(), b""
        if chunk is None:
            raise StopIteration
        if isinstance(chunk, BaseException):
            raise chunk
        self.bytes += len(chunk)
        return chunk


def timed(clips: Iterable[tuple[int, list[dict[str, Any]]]], sample_rate: int) -> list[list[dict[str, Any]]]:
    """Return the words of each clip, given with the bytes of its samples, with their times in the joined audio."""
    words, at = [], 0.0
    for size, notes in clips:
        spoken = [{**note, "start": round(note["start"] + at, 3), "end": round(note["end"] + at, 3)} for note in notes]
        words.append(spoken)
        if size:
            at += size / BYTES_PER_SAMPLE / sample_rate + settings.SENTENCE_PAUSE_MS / 1000
    return words


@cache
def _threads() -> ThreadPoolExecutor:
    # Most of them wait for others: how many synthesize at once is limited where they do it.
    return ThreadPoolExecutor(settings.THREADS * AHEAD, thread_name_prefix="speech")
