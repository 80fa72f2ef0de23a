"""The product: chat(), synthesize(), transcribe(), converse(). They join cache and providers, and know no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from caching import flight, llm, stt
from caching.answers import Answer
from caching.chunks import Chunk
from caching.ledger import Costs
from caching.levels import Policy
from caching.outcome import NothingCached, Outcome, carrying
from caching.question import Question
from speech import accounting, languages, providers
from speech.accounting import Account
from speech.audio import Encoder
from speech.conversation import Receipt, first_of, sentences_of, spoken_turn
from speech.disclosure import hides, padding
from speech.exceptions import InvalidRequest, NotCached, ProviderTimeout, ProviderUnavailable
from speech.failures import FAILURES
from speech.metrics import measured
from speech.models import Client
from speech.playback import Playback
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest, TranscriptionRequest
from speech.sharing import shared_if_admitted
from speech.source import settled_by_follower, source_of
from speech.speaker import Speaker
from speech.spoken import primed, settled_sound, spoken


@dataclass(frozen=True, slots=True)
class ChatResult:
    outcome: Outcome[Answer]
    provider: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class ChatStream:
    outcome: Outcome[Iterator[Chunk]]
    provider: str
    model: str
    costs: Costs | None
    """None: known only when the stream has ended."""


@dataclass(frozen=True, slots=True)
class SpeechResult:
    outcome: Outcome[Iterator[bytes]]
    """The encoded sound; on a hit in one piece, else as it is made. What fails later raises while it is read."""
    content_type: str
    provider: str
    voice: str
    costs: Costs | None
    """None: known only when the stream has ended."""


@dataclass(frozen=True, slots=True)
class TranscriptionResult:
    outcome: Outcome[stt.Transcript]
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
    """An answer to `request`, from the cache where `policy` allows it, else from `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen, prepared = _prepared_chat(request, provider)
    policy = client.tightened(policy)
    question = _question(client, chosen, prepared, policy)
    account = _account_of(question, policy)
    with _translated(), account:
        outcome = llm.answer(question, policy, source_of(chosen, prepared, policy, account))
    padding.even_out(client, ("chat", chosen.name, prepared.model), outcome, account.started)
    return ChatResult(outcome, chosen.name, account.settle(outcome))


def stream_chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatStream:
    """The same as OpenAI's chunks. Returns when the first one is there; later failures raise while it is read."""
    chosen, prepared = _prepared_chat(request, provider)
    policy = client.tightened(policy)
    question = _question(client, chosen, prepared, policy)
    account = _account_of(question, policy)
    with _translated(), account:
        outcome = llm.stream(question, policy, source_of(chosen, prepared, policy, account))
    padding.even_out(client, ("stream", chosen.name, prepared.model), outcome, account.started)
    costs = account.settle(outcome) if outcome.status == "hit" else None
    chunks = settled_by_follower(outcome, account) if outcome.collapsed else outcome.value
    return ChatStream(carrying(outcome, _translated_items(chunks)), chosen.name, prepared.model, costs)


def synthesize(
    *,
    client: Client,
    request: SpeechRequest,
    policy: Policy,
    codec: str = "wav",
    provider: str = "",
    stream: bool = False,
) -> SpeechResult:
    """`request` spoken and encoded, from the cache where `policy` allows it, else by `provider`.

    Returns when all of it is there, or with `stream` when the first sound is; later failures raise while it is read.
    Raises InvalidRequest, ProviderError or NotCached.
    """
    speaker = speaker_for(client=client, request=request, policy=policy, provider=provider)
    content_type = Encoder(codec, speaker.request.sample_rate).content_type
    account = speaker.account()
    with _translated(), account:
        outcome = spoken(speaker, codec, account, stream=stream)
    padding.even_out(client, ("speech", speaker.provider.name, speaker.request.voice, stream), outcome, account.started)
    costs = None if stream and outcome.status != "hit" else account.settle(outcome)
    return SpeechResult(outcome, content_type, speaker.provider.name, speaker.request.voice, costs)


def converse(
    *, client: Client, chat: ChatRequest, speech: SpeechRequest, policy: Policy, wish: ConverseWish
) -> SpokenTurn:
    """The answer to `chat` in the voice of `speech`, sentence by sentence as it comes.

    Returns when the first sound is there. Closing `sound` stops all synthesis of what was not yet sent.
    Raises InvalidRequest, ProviderError or NotCached; while `sound` is read it may raise ProviderError too.
    """
    receipt = Receipt(keeps_texts=client.tightened(policy).write, hides_hits=hides(client))
    # Refuses what cannot be spoken before a model is asked.
    speaker_for(client=client, request=speech, policy=policy, provider=wish.tts_provider)
    content_type = Encoder(wish.codec, speech.sample_rate).content_type
    answer = stream_chat(client=client, request=chat, policy=policy, provider=wish.llm_provider)
    receipt.chat = {"cache": answer.outcome.status, "provider": answer.provider, "model": answer.model}
    first, sentences = first_of(sentences_of(answer.outcome.value, speech.language or languages.detect(speech.text)))
    # The voice follows the language that the model answered in, not the one that it was asked in.
    spoken_first = replace(speech, text=first)
    speaker = speaker_for(client=client, request=spoken_first, policy=policy, provider=wish.tts_provider)
    playback = Playback(speaker, sentences)
    sound = primed(settled_sound(playback, spoken_turn(playback, wish.codec, receipt), speaker.account()))
    return SpokenTurn(sound, content_type, receipt)


def transcribe(
    *, client: Client, request: TranscriptionRequest, policy: Policy, provider: str = ""
) -> TranscriptionResult:
    """`request` written down, from the cache where `policy` allows it, else by `provider`.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    chosen = _provider(provider or settings.STT_PROVIDER, "transcription")
    prepared = chosen.prepare_transcription(request)
    policy = client.tightened(policy)
    recording = _recording(client, chosen, prepared)
    account = accounting.account(
        "stt", level=policy.level, provider=chosen.name, model=prepared.model, client=client.name, text=""
    )

    def produce() -> stt.Transcript:
        chosen.ensure_configured()
        with measured(chosen.name, "transcription"):
            return asdict(chosen.transcribe(prepared))

    with _translated(), account:
        outcome = stt.transcribe(recording, policy, produce, failures=FAILURES, patience=settings.PROVIDER_READ_TIMEOUT)
    return TranscriptionResult(outcome, chosen.name, account.settle(outcome))


def speaker_for(*, client: Client, request: SpeechRequest, policy: Policy, provider: str = "") -> Speaker:
    """Who speaks `request`. Raises InvalidRequest for what the provider cannot speak."""
    chosen = _provider(provider or settings.TTS_PROVIDER, "speech")
    prepared = chosen.prepare_speech(request)
    return Speaker(client=client, provider=chosen, request=prepared, policy=client.tightened(policy))


def _prepared_chat(request: ChatRequest, provider: str) -> tuple[BaseProvider, ChatRequest]:
    chosen = _provider(provider or settings.LLM_PROVIDER, "chat")
    said = {
        name: value
        for name, value in request.params.items()
        if value is not None and (name not in chosen.chat_defaults or value != chosen.chat_defaults[name])
    }
    return chosen, chosen.prepare_chat(replace(request, params=said))


def _question(client: Client, provider: BaseProvider, request: ChatRequest, policy: Policy) -> Question:
    question = Question(
        scope=client.private_scope,
        provider=provider.name,
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


def _account_of(question: Question, policy: Policy) -> Account:
    return accounting.account(
        "llm",
        level=policy.level,
        provider=question.provider,
        model=question.model,
        client=question.asked_by,
        text=question.text if policy.write else "",
    )


def _provider(name: str, operation: str) -> BaseProvider:
    if name not in providers.that_do(operation):
        raise InvalidRequest(
            f"provider must be one of {', '.join(providers.that_do(operation))}, not {name[:40]!r}", param="provider"
        )
    return providers.get(name)


@contextmanager
def _translated() -> Iterator[None]:
    """The cache's own failures in the words of the API."""
    try:
        yield
    except NothingCached as error:
        raise NotCached("Nothing that you accept is cached, and only-if-cached forbids asking a provider.") from error
    except flight.LeaderLost as error:
        raise ProviderUnavailable("the answer that this request shared was lost in the middle") from error
    except flight.LeaderSilent as error:
        raise ProviderTimeout("the answer that this request shared did not come in time") from error


def _translated_items(items: Iterator[Chunk]) -> Iterator[Chunk]:
    with _translated():
        yield from items
