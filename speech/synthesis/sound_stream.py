"""The encoded audio of a playback, made as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caching import background
from speech.accounting import Account
from speech.audio import Encoder
from speech.synthesis.pipeline import Playback


class SoundStream:
    """The constructor waits for the first chunk and raises a failure before it, so a fallback can be tried.

    When it has ended, failed or been closed, `at_end` is called with the error, None for a complete end, and `account`
    is closed. Reading it may raise ProviderError.
    """

    def __init__(self, playback: Playback, codec: str, account: Account) -> None:
        self.at_end: list[Callable[[BaseException | None], None]] = []
        self._ended, self._finished = True, False
        self._kept: list[bytes] | None = None
        self._playback, self._account = playback, account
        self._pcm = playback.pcm()
        self._encoder = Encoder(codec, playback.sample_rate)
        account.watch(playback)
        self._first = self._next()
        self._ended = False

    def keep(self, at_end: Callable[[bytes], None]) -> None:
        """Call `at_end` with the whole audio, if it was read to its end."""
        self._kept = []
        self.at_end.append(lambda error: None if error or self._kept is None else at_end(b"".join(self._kept)))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk, self._first = self._first, b""
        try:
            chunk = chunk or self._next()
        except BaseException as error:
            self._end(error)
            raise
        if chunk:
            if self._kept is not None:
                self._kept.append(chunk)
            return chunk
        self._end(None)
        raise StopIteration

    def close(self) -> None:
        """Stop the synthesis of everything that has not been read."""
        self._pcm.close()
        self._end(GeneratorExit())

    def __del__(self) -> None:
        # The collector may come while this thread holds a lock that closing needs, such as a connection's.
        if not self._ended:
            background.submit(self.close)

    def _next(self) -> bytes:
        """Return the next encoded bytes, none at the end."""
        for samples in self._pcm:
            if sound := self._encoder.encode(samples):
                return sound
        if self._finished:
            return b""
        self._finished = True
        return self._encoder.finish()

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            for call in self.at_end:
                call(error)
        finally:
            if error:
                self._account.fail(error)
            else:
                self._account.settle(self._playback.result)
