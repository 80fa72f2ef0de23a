"""One voice for one client: the cache entries of its sentences, and the provider calls for missing ones.

Sentences are stored as WAV unless TTS_CACHE_ENCODING says otherwise: lossless, and joined to the sample. For a lossy
codec the encoded whole is stored as well, because encoding it again costs more than its memory.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache, cached_property
from typing import Any

from django.conf import settings

from caching import keys, tts
from caching.coordination.single_flight import Failures
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.tts import Clip, Notes
from caching.tts.entries import Utterance
from speech.audio import signatures, stored
from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.audio.resampling import at_rate
from speech.audio.wav import wav_chunks, with_chunk
from speech.exceptions import ProviderBadAnswer
from speech.models import Client
from speech.privacy.shared_scope import all_shared_if_admitted
from speech.providers.base import NOT_KEYED, BaseProvider, SpeechRequest, Word
from speech.routing.breaker import calling
from speech.routing.error_transfer import FAILURES
from speech.text import sentences, ssml

# The chunk of a stored WAV file that holds the times of its words, as JSON.
WORDS_CHUNK = b"wtim"
_OPTIONS = [field.name for field in fields(SpeechRequest) if field.name not in ("text", "voice")]


class Abandoned(Exception):
    """Nobody listens any more, so no call was made. A follower makes it instead."""


@dataclass(frozen=True)
class Speaker:
    """The source of the clips of one request (see caching.tts.Source)."""

    client: Client
    provider: BaseProvider
    request: SpeechRequest
    """Prepared by the provider. `text` is the whole text, of which sentences are spoken one by one."""
    policy: Policy
    stopped: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set when nobody listens any more: no call is made from then on."""
    words: list[dict[str, Any]] = field(default_factory=list, compare=False)
    """The words of the whole text with their times, as far as the provider tells them, once it was spoken."""
    _chosen: dict[str, Utterance] = field(default_factory=dict, compare=False)
    """Utterances in the scope chosen for them, by their key in the client's own scope."""
    _wholes: dict[str, Utterance] = field(default_factory=dict, compare=False)
    """Utterance of the whole text, by codec."""
    _owned: dict[tuple[str, str, bool], Utterance] = field(default_factory=dict, compare=False)
    """Utterances in the client's own scope, by text, codec and whether it is joined; shared with later requests."""

    def for_request(self) -> Speaker:
        """Return the same speaker for another request, whose keys are known."""
        return Speaker(self.client, self.provider, self.request, self.policy, _owned=self._owned)

    @property
    def stored_as(self) -> str:
        """The format of the entries of sentences. Times of words are a chunk of a WAV file."""
        return "wav" if self.request.timestamps else stored.FORMATS[settings.TTS_CACHE_ENCODING]

    @cached_property
    def texts(self) -> list[str]:
        """The sentences, or the whole text at level `quality`, because prosody runs across sentences.

        SSML is never cut: an element may hold several of them.
        """
        if self.policy.level == "quality" or ssml.has_markup(self.request.text):
            return [self.request.text]
        return [sentence.strip() for sentence in sentences.split(self.request.text, self.request.language)]

    def whole(self, codec: str) -> Utterance:
        """Return the entry of the whole text, encoded."""
        if codec not in self._wholes:
            alone = len(self.texts) == 1
            text = self.texts[0] if alone else self.request.text
            joined = {} if alone else {"pause_ms": settings.SENTENCE_PAUSE_MS}
            [self._wholes[codec]] = self.utterances([text], codec, joined)
        return self._wholes[codec]

    def utterances(
        self, texts: Sequence[str], codec: str = "", joined: Mapping[str, int] | None = None
    ) -> list[Utterance]:
        """Return the entries of some texts, in the shared scope where that is admitted and nothing is personal.

        The scope of a text is chosen once, in one round trip for all of them, and does not change later.
        """
        own = [self._own(text, codec or self.stored_as, joined) for text in texts]
        if not self.client.shared_scope:
            return own
        new = [utterance for utterance in own if utterance.key not in self._chosen]
        chosen = all_shared_if_admitted(self.client, new, self.policy)
        self._chosen.update(zip((utterance.key for utterance in new), chosen, strict=True))
        return [self._chosen[utterance.key] for utterance in own]

    def clip(self, text: str) -> Clip:
        """Look up one sentence."""
        return tts.clips_of(self.utterances([text]), self.policy, self)[0]

    @property
    def failures(self) -> Failures:
        return FAILURES

    @property
    def patience(self) -> float:
        return float(settings.PROVIDER_READ_TIMEOUT)

    @contextmanager
    def slot(self) -> Iterator[None]:
        with _slots(self.provider.name):
            if self.stopped.is_set():
                raise Abandoned
            yield

    def synthesize(self, utterance: Utterance) -> Iterator[bytes | Notes | Usage]:
        usage, size = None, 0
        words: list[Word] = []
        with calling(self.provider, "speech", self.request.model):
            speech = self.provider.speak(replace(self.request, text=utterance.text))
            samples = at_rate(speech.sample_rate, self.request.sample_rate)
            for item in speech.pcm:
                if isinstance(item, Usage):
                    usage = item
                    continue
                if isinstance(item, Word):
                    words.append(item)
                    continue
                if not size and (name := signatures.format_of(item)):
                    raise ProviderBadAnswer(f"{self.provider.name} returned {name} instead of raw audio")
                size += len(item)
                if chunk := samples.feed(item):
                    yield chunk
            if not size or size % BYTES_PER_SAMPLE:
                message = f"{self.provider.name} returned {'incomplete' if size else 'no'} audio"
                raise ProviderBadAnswer(message, empty=not size)
            if rest := samples.finish():
                yield rest
        if words:
            yield Notes([asdict(word) for word in words])
        if usage:
            yield usage

    def encode(self, pcm: bytes, notes: list[Any]) -> bytes:
        audio = stored.encode(pcm, self.request.sample_rate, self.stored_as)
        return with_chunk(audio, WORDS_CHUNK, json.dumps(notes).encode()) if notes else audio

    def notes(self, audio: bytes) -> list[Any]:
        if not self.request.timestamps:
            return []
        return next((json.loads(body) for name, body in wav_chunks(audio) if name == WORDS_CHUNK), [])

    def decode(self, audio: bytes) -> bytes:
        return stored.decode(audio, self.request.sample_rate, self.stored_as)

    @cached_property
    def _options(self) -> dict[str, Any]:
        options = {name: getattr(self.request, name) for name in _OPTIONS}
        if not self.request.timestamps:
            del options["timestamps"]
        options["unknown"] = {name: value for name, value in self.request.unknown.items() if name not in NOT_KEYED}
        if not options["unknown"]:
            del options["unknown"]
        # Plain from the beginning: `speed=1.0` would have each key's JSON written twice.
        return {**keys.plain(options), **self.provider.service_option}

    def _own(self, text: str, codec: str, joined: Mapping[str, int] | None) -> Utterance:
        known = self._owned.get((text, codec, bool(joined)))
        if known is None:
            known = self._owned[text, codec, bool(joined)] = Utterance(
                scope=self.client.private_scope,
                provider=self.provider.name,
                voice=self.request.voice,
                text=text,
                options={**self._options, **(joined or {})},
                codec=codec,
                asked_by=self.client.name,
            )
        return known


@cache
def _slots(provider: str) -> threading.BoundedSemaphore:
    """Sentences that this process has synthesized by one provider at once: those of one that hangs hold up no other."""
    return threading.BoundedSemaphore(settings.SYNTHESIS_THREADS)
