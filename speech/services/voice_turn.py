"""Use case: speak the answer to a question while it streams in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace

from caching.policy import Policy
from speech import answer_ids
from speech.accounting import Account
from speech.audio import content_type_of
from speech.exceptions import GatewayError, ProviderError, fields_named
from speech.models import Client
from speech.privacy.disclosure import hides
from speech.providers.base import ChatRequest, SpeechRequest
from speech.routing.fallback import for_speech
from speech.services.chat_completions import stream_chat
from speech.services.speech_plan import speaker_of
from speech.synthesis.pipeline import Playback
from speech.synthesis.sound_stream import SoundStream
from speech.synthesis.spoken_turn import TurnReceipt, clips_of, first_of, sentences_of, spoken_turn
from speech.text import languages

_OF_CHAT = {"provider": "llm_provider", "model": "llm_model"}
_OF_SPEECH = {"provider": "tts_provider", "model": "tts_model"}
# Stands for the answer until there is one: the question may be in a script, or of signs, that the voice cannot speak.
_ANY_TEXT = "Hello."


@dataclass(frozen=True, slots=True)
class TurnOptions:
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


@contextmanager
def _errors_of_speech() -> Iterator[None]:
    """Let errors name fields as the request does. The text is the model's: the voice cannot speak it."""
    try:
        with fields_named(_OF_SPEECH):
            yield
    except GatewayError as error:
        error.param = "voice" if error.param == "text" else error.param
        raise


def converse(
    *, client: Client, chat: ChatRequest, speech: SpeechRequest, policy: Policy, options: TurnOptions
) -> SpokenTurn:
    """Speak the answer to `chat` in the voice of `speech`, sentence by sentence as it streams in.

    Returns with the first audio. Closing `sound` stops the synthesis of everything not yet sent.
    Raises InvalidRequest, ProviderError or NotCached; reading `sound` may raise ProviderError too.
    """
    policy = client.tightened(policy)
    receipt = TurnReceipt(keeps_texts=policy.write, hides_hits=hides(client))
    # Refuse unsupported speech options before the model is called.
    with _errors_of_speech():
        for_speech(replace(speech, text=_ANY_TEXT), options.tts_provider, client.model_access)
    content_type = content_type_of(options.codec, speech.sample_rate)
    with fields_named(_OF_CHAT):
        answer = stream_chat(client=client, request=chat, policy=policy, provider=options.llm_provider)
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
        unless_spoken.enter_context(_errors_of_speech())
        candidates = for_speech(replace(speech, text=first), options.tts_provider, client.model_access)
        account = unless_spoken.enter_context(Account.of("tts", client.name, policy, first))
        for candidate in candidates:
            account.call(candidate.provider.name, candidate.request.model)
            receipt.speech = {
                "provider": candidate.provider.name,
                "model": candidate.request.model,
                "voice": candidate.request.voice,
            }
            speaker = speaker_of(client, candidate, policy)
            playback = Playback(speaker, clips_of(speaker, sentences))
            try:
                playback.open(speaker.clip(first))
            except ProviderError as error:
                candidates.failures.append(error)
                continue
            unless_spoken.pop_all()
            with account:
                sound = spoken_turn(speaker, playback, options.codec, account, receipt)
            return SpokenTurn(sound, content_type, receipt, playback)
        if len(candidates.failures) > 1:
            account.call(candidates.first.provider.name, candidates.first.request.model)
        raise candidates.failures[0]
