"""A voice turn: the answer is cut into sentences as it streams in, and each is spoken as soon as it is complete."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.conf import settings

from caching import tts
from caching.llm.merging import joined_text
from caching.llm.stream import Chunk
from caching.pricing.usage import Usage
from caching.tts import Clip
from speech.accounting import Account
from speech.exceptions import GatewayError, ProviderBadAnswer
from speech.iterators import closed_after
from speech.synthesis.pipeline import Playback
from speech.synthesis.sound_stream import SoundStream
from speech.synthesis.voice import Speaker
from speech.text.markdown import MarkdownStream
from speech.text.pronounceable import is_pronounceable
from speech.text.sentences import SentenceStream


@dataclass
class TurnReceipt:
    """Texts, cache status and billed units of one voice turn, filled in while it is spoken."""

    # False: without texts of question and answer.
    keeps_texts: bool = True
    # True: without cache status.
    hides_hits: bool = False
    # The transcript of a spoken question.
    heard: dict[str, Any] | None = None
    chat: dict[str, Any] = field(default_factory=dict)
    # `provider`, `model` and `voice`.
    speech: dict[str, Any] = field(default_factory=dict)
    # Those begun, and those of which something was heard.
    clips: list[Clip] = field(default_factory=list)
    spoken: list[Clip] = field(default_factory=list)
    # Of each clip: its words with their times in the whole turn.
    words: list[list[dict[str, Any]]] = field(default_factory=list)
    first_audio_ms: float | None = None
    error: str | None = None
    began: float = field(default_factory=time.monotonic)

    def as_json(self) -> dict[str, Any]:
        return self._without_hits() if self.hides_hits else self._in_full()

    def _without_hits(self) -> dict[str, Any]:
        return {
            "text": " ".join(map(self._kept, self.spoken)),
            "chat": {name: self.chat[name] for name in ("id", "provider", "model") if name in self.chat},
            "speech": self.speech,
            "sentences": [{"text": self._kept(clip), "characters": len(clip.utterance.text)} for clip in self.clips],
            "error": self.error,
        }

    def _in_full(self) -> dict[str, Any]:
        sentences = [
            {
                "text": self._kept(clip),
                "cached": clip.found is not None,
                "characters": len(clip.utterance.text),
                "billed": dict((clip.billed or Usage()).items()),
                **({"words": words} if words and self.keeps_texts else {}),
            }
            for clip, words in zip_longest(self.clips, self.words[: len(self.clips)], fillvalue=None)
            if clip
        ]
        return {
            "text": " ".join(map(self._kept, self.spoken)),
            "heard": self.heard if self.keeps_texts else None,
            "chat": self.chat,
            "speech": self.speech,
            "sentences": sentences,
            "characters_billed": sum(clip.billed.characters for clip in self.clips if clip.billed),
            "characters_not_billed": sum(len(clip.utterance.text) for clip in self.clips if clip.found),
            "time_to_first_audio_ms": self.first_audio_ms,
            "error": self.error,
        }

    def _kept(self, clip: Clip) -> str:
        return clip.utterance.text if self.keeps_texts else ""


def sentences_of(chunks: Iterator[Chunk], language: str) -> Generator[str]:
    """Yield the sentences of a streamed answer, without their Markdown, each as soon as its end is certain.

    Those of punctuation alone are left out. Raises ProviderBadAnswer behind MAX_TEXT_CHARACTERS.
    """
    left = settings.MAX_TEXT_CHARACTERS
    with closing(_sentences_of(chunks, language)) as sentences:
        for sentence in sentences:
            left -= len(sentence)
            if left < 0:
                message = f"the rest of the answer exceeds the limit of {settings.MAX_TEXT_CHARACTERS} characters"
                raise ProviderBadAnswer(message, code="text_too_long")
            yield sentence


def _sentences_of(chunks: Iterator[Chunk], language: str) -> Generator[str]:
    markdown, cutter = MarkdownStream(), SentenceStream(language)
    with closed_after(chunks):
        for chunk in chunks:
            for choice in chunk.get("choices") or ():
                text = markdown.feed(_text_of(choice.get("delta", {}).get("content")))
                yield from _pronounceable(cutter.feed(text))
        yield from _pronounceable([*cutter.feed(markdown.finish()), *cutter.finish()])


def _pronounceable(sentences: Iterable[str]) -> Iterator[str]:
    return filter(is_pronounceable, (joined_text([sentence]).strip() for sentence in sentences))


def _text_of(content: Any) -> str:
    """Return the text of a delta. Mistral sends lists of parts, some of which hold what the model thinks."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def first_of(sentences: Iterator[str]) -> str:
    """Wait for the first sentence. Raises ProviderBadAnswer if there is none to speak."""
    if first := next(sentences, ""):
        return first
    raise ProviderBadAnswer("the model's answer contains no text to speak", empty=True)


def clips_of(speaker: Speaker, sentences: Generator[str]) -> Iterator[Clip]:
    """Look up each sentence as it comes."""
    with closing(sentences):
        for sentence in sentences:
            yield speaker.clip(sentence)


def spoken_turn(
    speaker: Speaker, playback: Playback, codec: str, account: Account, receipt: TurnReceipt
) -> SoundStream:
    """Return the audio of a turn. The receipt is complete when it ends, fails or is closed, and the turn is counted."""
    receipt.clips = playback.clips
    sound = SoundStream(playback, codec, account)
    receipt.first_audio_ms = round((time.monotonic() - receipt.began) * 1000, 1)

    def ended(error: BaseException | None) -> None:
        receipt.words, receipt.spoken = playback.words, playback.spoken
        if isinstance(error, Exception):
            receipt.error = error.message if isinstance(error, GatewayError) else "Internal server error."
        tts.count(playback.result, speaker.policy, speaker.request.voice)

    sound.at_end.append(ended)
    return sound
