"""The product: chat(), synthesize(), transcribe(), converse(). They join cache and providers, and know no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from caching import stt
from caching.coordination import single_flight
from caching.ledger import Costs
from caching.llm import cache as llm
from caching.llm.entry import Answer, text_of
from caching.llm.request import ChatQuery
from caching.llm.stream import Chunk
from caching.policy import Policy
from caching.result import CacheResult, NothingCached, carrying
from speech import answer_ids
from speech.accounting import Account
from speech.audio import Encoder
from speech.exceptions import NotCached, ProviderTimeout, ProviderUnavailable
from speech.iterators import primed
from speech.models import Client
from speech.privacy.disclosure import hides, padding
from speech.privacy.shared_scope import shared_if_admitted
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest, TranscriptionRequest
from speech.routing.breaker import asked
from speech.routing.cache_source import settled_by_follower, source_of
from speech.routing.error_transfer import FAILURES
from speech.routing.fallback import Choice, first_to_answer, for_chat, for_speech, provider_named
from speech.synthesis.cached_audio import settled_sound, spoken, stale_sound
from speech.synthesis.pipeline import Playback
from speech.synthesis.spoken_turn import Receipt, Rereadable, first_of, sentences_of, spoken_turn
from speech.synthesis.voice import Speaker
from speech.text import languages


@dataclass(frozen=True, slots=True)
class ChatResult:
    cache: CacheResult[Answer]
    provider: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class ChatStream:
    cache: CacheResult[Iterator[Chunk]]
    provider: str
    model: str
    costs: Costs | None
    """None: known only when the stream has ended."""


@dataclass(frozen=True, slots=True)
class SpeechResult:
    cache: CacheResult[Iterator[bytes]]
    """The encoded sound; on a hit in one piece, else as it is made. What fails later raises while it is read."""
    content_type: str
    provider: str
    voice: str
    costs: Costs | None
    """None: known only when the stream has ended."""


@dataclass(frozen=True, slots=True)
class TranscriptionResult:
    cache: CacheResult[stt.Transcript]
    provider: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class ConverseWish:
    """How a turn is to be answered and sent."""

    codec: str = "wav"
    llm_provider: str = ""
    tts_provider: str = ""
    stt_provider: str = ""
    stt_model: str = ""


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    sound: Iterator[bytes]
    content_type: str
    receipt: Receipt


def chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatResult:
    """An answer to `request`, from the cache where `policy` allows it, else from `provider` or who stands in for it.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    policy = client.tightened(policy)
    choices = for_chat(request, provider)
    account = _account_of_chat(client, request, policy)

    def ask(choice: Choice[ChatRequest]) -> ChatResult:
        with _translated():
            source = source_of(choice.provider, choice.request, policy, account)
            cached = llm.answer(_question(client, choice, policy), policy, source)
        padding.even_out(client, ("chat", choice.provider.name, choice.request.model), cached, account.started)
        return ChatResult(cached, choice.provider.name, account.settle(cached))

    def stale(choice: Choice[ChatRequest]) -> ChatResult | None:
        found = llm.stale(_question(client, choice, policy), policy)
        return ChatResult(carrying(found, found.value), choice.provider.name, account.settle(found)) if found else None

    return first_to_answer(choices, account, ask, stale)


def stream_chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatStream:
    """The same as OpenAI's chunks. Returns when the first one is there; later failures raise while it is read."""
    policy = client.tightened(policy)
    choices = for_chat(request, provider)
    account = _account_of_chat(client, request, policy)

    def ask(choice: Choice[ChatRequest]) -> ChatStream:
        with _translated():
            source = source_of(choice.provider, choice.request, policy, account)
            cached = llm.stream(_question(client, choice, policy), policy, source)
        padding.even_out(client, ("stream", choice.provider.name, choice.request.model), cached, account.started)
        costs = account.settle(cached) if cached.status == "hit" else None
        chunks = settled_by_follower(cached, account) if cached.collapsed else cached.value
        return ChatStream(
            carrying(cached, _translated_items(chunks)), choice.provider.name, choice.request.model, costs
        )

    def stale(choice: Choice[ChatRequest]) -> ChatStream | None:
        found = llm.stale(_question(client, choice, policy), policy)
        if not found:
            return None
        costs = account.settle(found)
        return ChatStream(llm.as_stream(found), choice.provider.name, choice.request.model, costs)

    return first_to_answer(choices, account, ask, stale)


def synthesize(
    *,
    client: Client,
    request: SpeechRequest,
    policy: Policy,
    codec: str = "wav",
    provider: str = "",
    stream: bool = False,
) -> SpeechResult:
    """`request` spoken and encoded, from the cache where `policy` allows it, else by `provider` or its stand-in.

    Returns when all of it is there, or with `stream` when the first sound is; later failures raise while it is read.
    Raises InvalidRequest, ProviderError or NotCached.
    """
    policy = client.tightened(policy)
    choices = for_speech(request, provider)
    content_type = Encoder(codec, request.sample_rate).content_type
    account = Account("tts", level=policy.level, client=client.name, text=_kept(request.text, policy))

    def result(choice: Choice[SpeechRequest], cached: CacheResult[Iterator[bytes]]) -> SpeechResult:
        costs = None if stream and cached.status != "hit" else account.settle(cached)
        return SpeechResult(cached, content_type, choice.provider.name, choice.request.voice, costs)

    def ask(choice: Choice[SpeechRequest]) -> SpeechResult:
        with _translated():
            cached = spoken(_speaker(client, choice, policy), codec, account, stream=stream)
        kind = ("speech", choice.provider.name, choice.request.voice, stream)
        padding.even_out(client, kind, cached, account.started)
        return result(choice, cached)

    def stale(choice: Choice[SpeechRequest]) -> SpeechResult | None:
        found = stale_sound(_speaker(client, choice, policy), codec)
        return result(choice, found) if found else None

    return first_to_answer(choices, account, ask, stale)


def converse(
    *, client: Client, chat: ChatRequest, speech: SpeechRequest, policy: Policy, wish: ConverseWish
) -> SpokenTurn:
    """The answer to `chat` in the voice of `speech`, sentence by sentence as it comes.

    Returns when the first sound is there. Closing `sound` stops all synthesis of what was not yet sent.
    Raises InvalidRequest, ProviderError or NotCached; while `sound` is read it may raise ProviderError too.
    """
    policy = client.tightened(policy)
    receipt = Receipt(keeps_texts=policy.write, hides_hits=hides(client))
    # Refuses what cannot be spoken before a model is asked.
    for_speech(speech, wish.tts_provider)
    content_type = Encoder(wish.codec, speech.sample_rate).content_type
    answer = stream_chat(client=client, request=chat, policy=policy, provider=wish.llm_provider)
    receipt.chat = {
        "id": answer_ids.issue(client, answer.cache, policy.level),
        "cache": answer.cache.status,
        "provider": answer.provider,
        "model": answer.model,
    }
    first, sentences = first_of(sentences_of(answer.cache.value, speech.language or languages.detect(speech.text)))
    # The voice follows the language that the model answered in, not the one that it was asked in.
    choices = for_speech(replace(speech, text=first), wish.tts_provider)
    account = Account("tts", level=policy.level, client=client.name, text=_kept(first, policy))

    def speak(choice: Choice[SpeechRequest]) -> Iterator[bytes]:
        playback = Playback(_speaker(client, choice, policy), texts.again())
        receipt.speech = {
            "provider": choice.provider.name,
            "model": choice.request.model,
            "voice": choice.request.voice,
        }
        return primed(settled_sound(playback, spoken_turn(playback, wish.codec, receipt), account))

    with Rereadable(sentences) as texts:
        sound = first_to_answer(choices, account, speak, lambda choice: None)
    return SpokenTurn(sound, content_type, receipt)


def transcribe(
    *, client: Client, request: TranscriptionRequest, policy: Policy, provider: str = ""
) -> TranscriptionResult:
    """`request` written down, from the cache where `policy` allows it, else by `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen = provider_named(provider or settings.STT_PROVIDER, "transcription")
    prepared = chosen.prepare_transcription(request)
    policy = client.tightened(policy)
    recording = _recording(client, chosen, prepared)
    account = Account("stt", level=policy.level, client=client.name, text="")
    account.asks(chosen.name, prepared.model)

    def produce() -> stt.Transcript:
        with asked(chosen, "transcription"):
            return asdict(chosen.transcribe(prepared))

    with account, _translated():
        cached = stt.transcribe(recording, policy, produce, failures=FAILURES, patience=settings.PROVIDER_READ_TIMEOUT)
    return TranscriptionResult(cached, chosen.name, account.settle(cached))


def _speaker(client: Client, choice: Choice[SpeechRequest], policy: Policy) -> Speaker:
    return Speaker(client=client, provider=choice.provider, request=choice.request, policy=policy)


def _question(client: Client, choice: Choice[ChatRequest], policy: Policy) -> ChatQuery:
    request = choice.request
    question = ChatQuery(
        scope=client.private_scope,
        provider=choice.provider.name,
        model=request.model,
        messages=request.messages,
        params=request.params,
        language=request.language,
        asked_by=client.name,
    )
    return shared_if_admitted(client, question, policy)


def _recording(client: Client, provider: BaseProvider, request: TranscriptionRequest) -> stt.Recording:
    options = {name: value for name, value in asdict(request).items() if name not in ("audio", "kind")}
    # What somebody said is never shared.
    return stt.Recording(client.private_scope, provider.name, request.audio, options, client.name)


def _account_of_chat(client: Client, request: ChatRequest, policy: Policy) -> Account:
    text = text_of(request.messages[-1]) if request.messages else ""
    return Account("llm", level=policy.level, client=client.name, text=_kept(text, policy))


def _kept(text: str, policy: Policy) -> str:
    """What the ledger may keep of a text."""
    return text if policy.write else ""


@contextmanager
def _translated() -> Iterator[None]:
    """The cache's own failures in the words of the API."""
    try:
        yield
    except NothingCached as error:
        raise NotCached("Nothing that you accept is cached, and only-if-cached forbids asking a provider.") from error
    except single_flight.LeaderLost as error:
        raise ProviderUnavailable("the answer that this request shared was lost in the middle") from error
    except single_flight.LeaderSilent as error:
        raise ProviderTimeout("the answer that this request shared did not come in time") from error


def _translated_items(items: Iterator[Chunk]) -> Iterator[Chunk]:
    with _translated():
        yield from items
