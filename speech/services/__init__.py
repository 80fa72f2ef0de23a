"""Use cases: chat, synthesize, converse. They combine cache and providers and know no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from caching.ledger import Costs
from caching.llm import cache as llm
from caching.llm import curated
from caching.llm.entry import Answer
from caching.llm.request import text_of
from caching.llm.stream import Chunk
from caching.policy import Policy
from caching.result import CacheResult, with_value
from caching.rules.engine import apply_to_speech
from speech import answer_ids
from speech.accounting import Account
from speech.audio import Encoder
from speech.exceptions import ProviderError
from speech.models import Client
from speech.privacy.disclosure import hides, padding
from speech.providers.base import ChatRequest, SpeechRequest
from speech.routing.cache_query import own_question, question_of
from speech.routing.cache_source import chunks_of, source_of
from speech.routing.error_transfer import CACHE_ERRORS, as_ours
from speech.routing.fallback import Candidate, for_chat, for_speech
from speech.synthesis.cached_audio import speech_of, stale_speech
from speech.synthesis.pipeline import Playback
from speech.synthesis.sound_stream import SoundStream
from speech.synthesis.spoken_turn import TurnReceipt, clips_of, first_of, sentences_of, spoken_turn
from speech.synthesis.voice import Speaker
from speech.text import languages

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class ChatResult(Generic[T_co]):
    cache: CacheResult[T_co]
    provider: str
    model: str
    costs: Costs | None
    """None until a stream has ended."""


@dataclass(frozen=True, slots=True)
class SpeechResult:
    cache: CacheResult[Iterator[bytes]]
    """Encoded audio; on a hit in one chunk, else as it is synthesized. Reading it may raise ProviderError."""
    content_type: str
    provider: str
    voice: str
    costs: Costs | None
    """None until a stream has ended."""
    words: list[dict[str, Any]] | None = None
    """`word`, `start` and `end` in seconds, if they were asked for and the provider tells them."""


@dataclass(frozen=True, slots=True)
class ConverseWish:
    """Codec, providers and models of a voice turn; empty fields mean the default."""

    codec: str = "wav"
    llm_provider: str = ""
    tts_provider: str = ""
    stt_provider: str = ""
    stt_model: str = ""


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    sound: SoundStream
    content_type: str
    receipt: TurnReceipt
    playback: Playback


def chat(*, client: Client, request: ChatRequest, policy: Policy, provider: str = "") -> ChatResult[Answer]:
    """Answer `request`, from the cache if `policy` allows it, else by `provider` or a fallback.

    Raises InvalidRequest, ProviderError or NotCached.
    """
    return _chat(client, request, client.tightened(policy), provider, stream=False)


def stream_chat(
    *, client: Client, request: ChatRequest, policy: Policy, provider: str = ""
) -> ChatResult[Iterator[Chunk]]:
    """Do the same as OpenAI's chunks. Returns with the first chunk; reading the others may raise ProviderError."""
    return _chat(client, request, client.tightened(policy), provider, stream=True)


def _chat(client: Client, request: ChatRequest, policy: Policy, provider: str, *, stream: bool) -> ChatResult[Any]:
    candidates = for_chat(request, provider, client.model_access)
    account = Account.of("llm", client.name, policy, _question_text(request))
    with account:
        if found := _curated(client, candidates.first, policy, account, stream=stream):
            return found
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            try:
                cached = _answer(client, candidate, policy, account, stream=stream)
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            kind = ("stream" if stream else "chat", candidate.provider.name, candidate.request.model)
            padding.even_out(client, kind, cached, account.started)
            costs = None if stream and cached.status != "hit" else account.settle(cached)
            return ChatResult(cached, candidate.provider.name, candidate.request.model, costs)
        first = candidates.first
        stale = llm.stale(*question_of(client, first, policy))
        if stale or len(candidates.failures) > 1:
            account.call(first.provider.name, first.request.model)
        if stale:
            costs = account.settle(stale)
            cached = llm.as_stream(stale) if stream else stale
            return ChatResult(cached, first.provider.name, first.request.model, costs)
        raise candidates.failures[0]


def _curated(
    client: Client, candidate: Candidate[ChatRequest], policy: Policy, account: Account, *, stream: bool
) -> ChatResult[Any] | None:
    """Return the answer that staff wrote for this question. Nobody knows what a provider would have billed for it."""
    if not curated.answer_book().answers:
        return None
    found = curated.find(own_question(client, candidate), policy, shares=client.shared_scope)
    if found is None:
        return None
    model = candidate.request.model
    account.call(curated.PROVIDER, model)
    costs = replace(account.settle(found), saved=None)
    return ChatResult(llm.as_stream(found) if stream else found, curated.PROVIDER, model, costs)


def _answer(
    client: Client, candidate: Candidate[ChatRequest], policy: Policy, account: Account, *, stream: bool
) -> CacheResult[Any]:
    question, policy = question_of(client, candidate, policy)
    account.under(policy, question)
    try:
        if found := llm.find(question, policy):
            return llm.as_stream(found) if stream else found
        source = source_of(candidate.provider, candidate.request, policy, account, key=question.key)
        if not stream:
            return llm.ask(question, policy, source)
        cached = llm.ask_for_stream(question, policy, source)
    except CACHE_ERRORS as error:
        raise as_ours(error) from error
    return with_value(cached, chunks_of(cached, account))


def synthesize(
    *,
    client: Client,
    request: SpeechRequest,
    policy: Policy,
    codec: str = "wav",
    provider: str = "",
    stream: bool = False,
) -> SpeechResult:
    """Speak and encode `request`, from the cache if `policy` allows it, else by `provider` or a fallback.

    Returns with all of the audio, or with `stream` at the first chunk; reading the others may raise ProviderError.
    Raises InvalidRequest, ProviderError or NotCached.
    """
    policy = client.tightened(policy)
    candidates = for_speech(request, provider, client.model_access)
    content_type = Encoder(codec, request.sample_rate).content_type
    account = Account.of("tts", client.name, policy, request.text)
    with account:
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            try:
                speaker = _speaker(client, candidate, policy)
                account.under(speaker.policy)
                cached = speech_of(speaker, codec, account, stream=stream)
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            kind = ("speech", candidate.provider.name, candidate.request.voice, stream)
            padding.even_out(client, kind, cached, account.started)
            costs = None if stream and cached.status != "hit" else account.settle(cached)
            about = (content_type, candidate.provider.name, candidate.request.voice, costs)
            return SpeechResult(cached, *about, speaker.words or None)
        first = candidates.first
        found = stale_speech(_speaker(client, first, policy), codec)
        if found or len(candidates.failures) > 1:
            account.call(first.provider.name, first.request.model)
        if found:
            costs = account.settle(found)
            return SpeechResult(found, content_type, first.provider.name, first.request.voice, costs)
        raise candidates.failures[0]


def converse(
    *, client: Client, chat: ChatRequest, speech: SpeechRequest, policy: Policy, wish: ConverseWish
) -> SpokenTurn:
    """Speak the answer to `chat` in the voice of `speech`, sentence by sentence as it streams in.

    Returns with the first audio. Closing `sound` stops the synthesis of everything not yet sent.
    Raises InvalidRequest, ProviderError or NotCached; reading `sound` may raise ProviderError too.
    """
    policy = client.tightened(policy)
    receipt = TurnReceipt(keeps_texts=policy.write, hides_hits=hides(client))
    # Refuse unsupported speech options before the model is called.
    for_speech(speech, wish.tts_provider, client.model_access)
    content_type = Encoder(wish.codec, speech.sample_rate).content_type
    answer = stream_chat(client=client, request=chat, policy=policy, provider=wish.llm_provider)
    receipt.chat = {
        "id": answer_ids.issue(client, answer.cache, policy.level),
        "cache": answer.cache.status,
        "provider": answer.provider,
        "model": answer.model,
    }
    sentences = sentences_of(answer.cache.value, speech.language or languages.detect(speech.text))
    with ExitStack() as unless_spoken:
        unless_spoken.enter_context(closing(sentences))
        first = first_of(sentences)
        # The voice follows the language of the answer, not of the question.
        candidates = for_speech(replace(speech, text=first), wish.tts_provider, client.model_access)
        account = unless_spoken.enter_context(Account.of("tts", client.name, policy, first))
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            receipt.speech = {
                "provider": candidate.provider.name,
                "model": candidate.request.model,
                "voice": candidate.request.voice,
            }
            speaker = _speaker(client, candidate, policy)
            playback = Playback(speaker, clips_of(speaker, sentences))
            try:
                playback.open(speaker.clip(first))
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            unless_spoken.pop_all()
            with account:
                sound = spoken_turn(speaker, playback, wish.codec, account, receipt)
            return SpokenTurn(sound, content_type, receipt, playback)
        if len(candidates.failures) > 1:
            account.call(candidates.first.provider.name, candidates.first.request.model)
        raise candidates.failures[0]


def _speaker(client: Client, candidate: Candidate[SpeechRequest], policy: Policy) -> Speaker:
    """Return a speaker under the cache rule that applies."""
    policy = apply_to_speech(policy, client.name, candidate.provider.name, candidate.request)
    return Speaker(client=client, provider=candidate.provider, request=candidate.request, policy=policy)


def _question_text(request: ChatRequest) -> str:
    return text_of(request.messages[-1]) if request.messages else ""
