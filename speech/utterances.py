"""A text as the pieces that are spoken, cached and joined: its sentences, or the whole of it at level `quality`.

Pieces are stored as WAV, which loses nothing and can be joined to the sample; `pcm` is served from them too. For a
codec that loses something, the encoded whole is stored as well, because joining it anew costs more than its memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property

from django.conf import settings

from caching import levels, metrics, store, tts
from caching.levels import Policy
from caching.outcome import NothingCached, Outcome, Status
from caching.tts import Utterance
from caching.usage import Usage
from speech import sentences
from speech.audio import Encoder, join, read_wav, resample, to_wav
from speech.exceptions import ProviderBadAnswer
from speech.metrics import measured
from speech.models import Client
from speech.providers.base import BaseProvider, SpeechRequest

STORED_AS = "wav"
SERVED_FROM_STORED = ("wav", "pcm")


@dataclass(frozen=True)
class Utterances:
    """One prepared request for speech, cut into the pieces that the cache knows."""

    client: Client
    provider: BaseProvider
    request: SpeechRequest
    policy: Policy
    _bills: list[Mapping[str, int]] = field(default_factory=list, init=False)

    @property
    def billed(self) -> Usage | None:
        """What the provider has billed so far, also when a later sentence failed. None: it did not say."""
        return Usage.sum_billed(self._bills)

    @cached_property
    def pieces(self) -> list[Utterance]:
        return [self._utterance(text, STORED_AS) for text in self._texts]

    def encoded(self, codec: str) -> Outcome[bytes]:
        """The whole as `codec`. Raises NothingCached, ProviderError."""
        if codec in SERVED_FROM_STORED:
            return self._encoded_from_pieces(codec)
        whole = self._whole(codec)
        if entry := tts.lookup([whole], self.policy)[0]:
            tts.count("hit", self.request.voice, self.policy)
            left = max(0, entry.ttl - entry.age)
            billed = Usage.from_billed(entry.billed)
            return Outcome(entry.audio, "hit", whole.key, entry.age, left, True, "exact", billed)
        outcome = self._encoded_from_pieces(codec)
        worth = outcome.billed and dict((outcome.billed + outcome.served).items())
        tts.remember(whole, outcome.value, self.policy, billed=worth or {})
        return outcome

    def _encoded_from_pieces(self, codec: str) -> Outcome[bytes]:
        looked_up = self.policy.read and store.available()
        entries = tts.lookup(self.pieces, self.policy)
        found = [entry for entry in entries if entry]
        missing = [piece for piece, entry in zip(self.pieces, entries, strict=True) if not entry]
        status: Status = "hit" if not missing else "miss" if looked_up and store.available() else "bypass"
        tts.count(status, self.request.voice, self.policy)
        metrics.SENTENCES.labels("cached").inc(len(found))
        metrics.SENTENCES.labels("synthesized").inc(len(missing))
        if missing and self.policy.only_if_cached:
            raise NothingCached
        fresh = iter(self._spoken(missing))
        spoken = [_Spoken(entry.audio, stored=True) if entry else next(fresh) for entry in entries]
        served = Usage.sum_billed(entry.billed for entry in found)
        stored = all(piece.stored for piece in spoken)
        lives = [entry.ttl - entry.age for entry in found] + [levels.ttl("tts", self.policy.level)] * bool(missing)
        return Outcome(
            value=self._join([piece.wav for piece in spoken], codec),
            status=status,
            key=self.pieces[0].key,
            age=max((entry.age for entry in found), default=0),
            ttl=max(0, min(lives)) if stored else 0,
            stored=stored,
            match="exact" if status == "hit" else "",
            billed=self.billed if missing else served,
            served=(missing and served) or Usage(),
        )

    def _join(self, wavs: list[bytes], codec: str) -> bytes:
        if len(wavs) == 1 and codec == STORED_AS:
            return wavs[0]
        rate = self.request.sample_rate
        pcm = b"".join(join(([read_wav(wav)[0]] for wav in wavs), settings.SENTENCE_PAUSE_MS, rate))
        encoder = Encoder(codec, rate, data_bytes=len(pcm))
        return encoder.encode(pcm) + encoder.finish()

    def _spoken(self, pieces: list[Utterance]) -> list[_Spoken]:
        """The pieces synthesised, side by side where there are several, and remembered."""
        if len(pieces) == 1:
            return [self._speak(pieces[0])]
        running = [_threads().submit(self._speak, piece) for piece in pieces]
        # Of all, even where one fails: what the others cost is known only when they have ended.
        wait(running)
        return [piece.result() for piece in running]

    def _speak(self, piece: Utterance) -> _Spoken:
        self.provider.ensure_configured()
        with measured(self.provider.name, "speech"):
            speech = self.provider.speak(replace(self.request, text=piece.text))
            pcm = b"".join(resample(speech.pcm, speech.sample_rate, self.request.sample_rate))
            if not pcm:
                raise ProviderBadAnswer(f"{self.provider.name} answered with no audio")
        wav = to_wav(pcm, self.request.sample_rate)
        self._bills.append(speech.billed)
        return _Spoken(wav, tts.remember(piece, wav, self.policy, speech.billed))

    @cached_property
    def _texts(self) -> list[str]:
        if self.policy.level == "quality":
            return [self.request.text]
        return [sentence.strip() for sentence in sentences.split(self.request.text, self.request.language)]

    def _whole(self, codec: str) -> Utterance:
        if len(self._texts) == 1:
            return self._utterance(self._texts[0], codec)
        return self._utterance(self.request.text, codec, {"pause_ms": settings.SENTENCE_PAUSE_MS})

    def _utterance(self, text: str, codec: str, joined: dict[str, int] | None = None) -> Utterance:
        options = asdict(self.request)
        del options["text"], options["voice"]
        return Utterance(
            scope=self.client.scope,
            provider=self.provider.name,
            voice=self.request.voice,
            text=text,
            options={**options, **(joined or {})},
            codec=codec,
            asked_by=self.client.name,
        )


@dataclass(frozen=True, slots=True)
class _Spoken:
    wav: bytes
    stored: bool


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.SYNTHESIS_THREADS, thread_name_prefix="speech")
