"""Text in, speech out: the answer is cut into sentences as it comes, and each is spoken as soon as it is whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from caching.llm.stream import Chunk
from speech.exceptions import GatewayError, ProviderBadAnswer
from speech.iterators import resumed
from speech.synthesis.pipeline import Playback, Sentence
from speech.text.sentences import SentenceStream


@dataclass
class Receipt:
    """What one turn came to. It is filled while the turn is spoken."""

    keeps_texts: bool = True
    """Whether it may say what was said, and not only what it came to."""
    hides_hits: bool = False
    """Whether it keeps silent about what came from the cache."""
    heard: dict[str, Any] | None = None
    """What was said, where the question came as sound."""
    chat: dict[str, Any] = field(default_factory=dict)
    speech: dict[str, Any] = field(default_factory=dict)
    """Who spoke: `provider`, `model`, `voice`."""
    sentences: list[Sentence] = field(default_factory=list)
    first_audio_ms: float | None = None
    error: str | None = None
    began: float = field(default_factory=time.monotonic)

    def as_json(self) -> dict[str, Any]:
        return self._without_hits() if self.hides_hits else self._in_full()

    def _without_hits(self) -> dict[str, Any]:
        return {
            "text": " ".join(map(self._kept, self.sentences)),
            "chat": {name: self.chat[name] for name in ("id", "provider", "model") if name in self.chat},
            "speech": self.speech,
            "sentences": [{"text": self._kept(s), "characters": len(s.text)} for s in self.sentences],
            "error": self.error,
        }

    def _in_full(self) -> dict[str, Any]:
        made = [sentence for sentence in self.sentences if not sentence.cached]
        saved = [sentence for sentence in self.sentences if sentence.cached]
        return {
            "text": " ".join(map(self._kept, self.sentences)),
            "heard": self.heard if self.keeps_texts else None,
            "chat": self.chat,
            "speech": self.speech,
            "sentences": [
                {"text": self._kept(s), "cached": s.cached, "characters": len(s.text), "billed": s.made.billed}
                for s in self.sentences
            ],
            "characters_billed": sum(s.made.billed.get("characters", 0) for s in made),
            "characters_not_billed": sum(len(sentence.text) for sentence in saved),
            "time_to_first_audio_ms": self.first_audio_ms,
            "error": self.error,
        }

    def _kept(self, sentence: Sentence) -> str:
        return sentence.text if self.keeps_texts else ""


def sentences_of(chunks: Iterator[Chunk], language: str) -> Iterator[str]:
    """The sentences of a streamed answer, each as soon as it is certain."""
    cutter = SentenceStream(language)
    with closing(chunks):  # type: ignore[type-var]  # a generator, whatever its annotation
        for chunk in chunks:
            for choice in chunk.get("choices") or ():
                yield from map(str.strip, cutter.feed(choice.get("delta", {}).get("content") or ""))
        yield from map(str.strip, cutter.finish())


def first_of(sentences: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The first sentence, and all of them. Raises ProviderBadAnswer if there is none to speak."""
    first = next(sentences, "")
    if not first:
        raise ProviderBadAnswer("the model's answer contains no text to speak")
    return first, resumed(first, sentences)


class Rereadable:
    """Sentences that can be read again from the first one, for a second voice when the first one fails.

    What was raised while they came is raised for every reader. They are closed when the last reader has stopped; who
    is not yet sure whether there will be another one reads too, as a context manager.
    """

    def __init__(self, sentences: Iterator[str]) -> None:
        self._sentences = sentences
        self._read: list[str] = []
        self._failure: GatewayError | None = None
        self._lock = threading.Lock()
        self._readers = 0

    def again(self) -> Iterator[str]:
        with self:
            position = 0
            while (sentence := self._sentence(position)) is not None:
                yield sentence
                position += 1

    def __enter__(self) -> Rereadable:
        with self._lock:
            self._readers += 1
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers and (close := getattr(self._sentences, "close", None)):
                close()

    def _sentence(self, position: int) -> str | None:
        with self._lock:
            if position < len(self._read):
                return self._read[position]
            if self._failure:
                raise self._failure
            try:
                sentence = next(self._sentences, None)
            except GatewayError as error:
                self._failure = error
                raise
            self._read += [] if sentence is None else [sentence]
            return sentence


def spoken_turn(playback: Playback, codec: str, receipt: Receipt) -> Iterator[bytes]:
    """The sound of a turn; the receipt is complete when it ends, is closed, or fails."""
    receipt.sentences, receipt.error = playback.sentences, None
    try:
        for sound in playback.encoded(codec):
            if receipt.first_audio_ms is None:
                receipt.first_audio_ms = round((time.monotonic() - receipt.began) * 1000, 1)
            yield sound
    except GatewayError as error:
        receipt.error = error.message
        raise
