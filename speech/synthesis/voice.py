"""One voice speaking for one client: which entries its sentences have, and how the missing ones are made.

Sentences are stored as WAV, which loses nothing and can be joined to the sample; `pcm` is served from them too. For a
codec that loses something the encoded whole is stored as well, because joining it anew costs more than its memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from typing import Any

from django.conf import settings

from caching import keys, tts
from caching.coordination import single_flight
from caching.entry import CacheEntry
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.tts import Utterance
from speech.audio import read_wav, resample, to_wav
from speech.exceptions import GatewayError, NotCached, ProviderBadAnswer, ProviderTimeout, ProviderUnavailable
from speech.models import Client
from speech.privacy.shared_scope import all_shared_if_admitted
from speech.providers.base import BaseProvider, SpeechRequest
from speech.routing.breaker import asked
from speech.routing.error_transfer import FAILURES
from speech.text import sentences

STORED_AS = "wav"


class Abandoned(Exception):
    """Nobody listens any more, so nothing was begun. Whoever waits for the same sentence makes it instead."""


@dataclass
class Made:
    """What making one sentence came to. It stays as it is if somebody else's work was shared."""

    asked: bool = False
    """Whether a provider was asked, and so may have billed something."""
    billed: Mapping[str, int] = field(default_factory=dict)
    stored: bool = False

    @property
    def usage(self) -> Usage | None:
        """None: the provider did not say, or did not come to it."""
        return Usage.from_billed(self.billed) if self.asked else Usage()


@dataclass(frozen=True)
class Speaker:
    client: Client
    provider: BaseProvider
    request: SpeechRequest
    """Prepared by the provider; its text is the whole text, of which sentences are spoken one by one."""
    policy: Policy
    _chosen: dict[str, Utterance] = field(default_factory=dict, compare=False)
    """By the key in the client's own scope."""

    @cached_property
    def texts(self) -> list[str]:
        """The sentences, or the whole text at level `quality`: prosody runs over sentences."""
        if self.policy.level == "quality":
            return [self.request.text]
        return [sentence.strip() for sentence in sentences.split(self.request.text, self.request.language)]

    def whole(self, codec: str) -> Utterance:
        """The entry of the whole text, encoded."""
        if len(self.texts) == 1:
            return self.utterance(self.texts[0], codec)
        return self.utterance(self.request.text, codec, {"pause_ms": settings.SENTENCE_PAUSE_MS})

    def utterance(self, text: str, codec: str = STORED_AS, joined: Mapping[str, int] | None = None) -> Utterance:
        """The entry of one text. What is personal stays in the client's own scope even if it shares the rest."""
        return self.utterances([text], codec, joined)[0]

    def utterances(
        self, texts: Sequence[str], codec: str = STORED_AS, joined: Mapping[str, int] | None = None
    ) -> list[Utterance]:
        """The same for many; in which scope each of them is looked for is asked once, and does not change later."""
        own = [self._own(text, codec, joined) for text in texts]
        new = [utterance for utterance in own if utterance.key not in self._chosen]
        chosen = all_shared_if_admitted(self.client, new, self.policy)
        self._chosen.update(zip((utterance.key for utterance in new), chosen, strict=True))
        return [self._chosen[utterance.key] for utterance in own]

    @cached_property
    def _options(self) -> dict[str, Any]:
        names = (field.name for field in fields(self.request) if field.name not in ("text", "voice"))
        # Plain from the beginning: `speed=1.0` would have each key's JSON written twice.
        return {name: keys.plain(getattr(self.request, name)) for name in names}

    def _own(self, text: str, codec: str, joined: Mapping[str, int] | None) -> Utterance:
        return Utterance(
            scope=self.client.private_scope,
            provider=self.provider.name,
            voice=self.request.voice,
            text=text,
            options={**self._options, **(joined or {})},
            codec=codec,
            asked_by=self.client.name,
        )

    def pcm(self, piece: Utterance, made: Made, stopped: threading.Event) -> Iterator[bytes]:
        """`piece` as PCM at the request's rate, made once however many ask for it at the same time, then remembered.

        `made` is filled in at the end. Nothing is begun once `stopped` is set.
        """
        try:
            yield from tts.share(
                piece,
                self.policy,
                lambda: self._synthesize(piece, made, stopped),
                failures=FAILURES,
                patience=settings.PROVIDER_READ_TIMEOUT,
            )
        except single_flight.LeaderLost as error:
            raise ProviderUnavailable("the shared synthesis was interrupted") from error
        except single_flight.LeaderSilent as error:
            raise ProviderTimeout(f"{self.provider.name} timed out without audio") from error

    def _synthesize(self, piece: Utterance, made: Made, stopped: threading.Event) -> Iterator[bytes]:
        if entry := tts.lookup([piece], self.policy)[0]:
            # Stored by another caller between this one's look-up and its turn.
            yield pcm_of(entry)
            return
        if self.policy.only_if_cached:
            raise NotCached("A sentence is not cached, and only-if-cached does not allow a provider call.")
        with _slots():
            if stopped.is_set():
                raise Abandoned
            yield from self._asked(piece, made)

    def _asked(self, piece: Utterance, made: Made) -> Iterator[bytes]:
        chunks = []
        with asked(self.provider, "speech"), _billing_nothing_if_it_fails(made):
            speech = self.provider.speak(replace(self.request, text=piece.text))
            for chunk in resample(speech.pcm, speech.sample_rate, self.request.sample_rate):
                chunks.append(chunk)
                yield chunk
            if not any(chunks):
                raise ProviderBadAnswer(f"{self.provider.name} returned no audio")
        made.billed = speech.billed
        made.stored = tts.remember(
            piece, to_wav(b"".join(chunks), self.request.sample_rate), self.policy, speech.billed
        )


@cache
def _slots() -> threading.BoundedSemaphore:
    """How many sentences this process has synthesised at once."""
    return threading.BoundedSemaphore(settings.SYNTHESIS_THREADS)


@contextmanager
def _billing_nothing_if_it_fails(made: Made) -> Iterator[None]:
    made.asked = True
    try:
        yield
    except GatewayError:
        made.asked = False
        raise


def pcm_of(entry: CacheEntry[bytes]) -> bytes:
    """The samples of a stored sentence."""
    return read_wav(entry.value)[0]
