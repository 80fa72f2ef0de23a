"""Checks of speech requests and of received audio, shared by all providers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from caching import numbers
from speech.audio import read_wav
from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.exceptions import (
    InvalidRequest,
    ProviderBadAnswer,
    ProviderNotConfigured,
    UnsupportedFeature,
)
from speech.providers._shared import openai_names
from speech.providers.base import NOT_KEYED, BaseProvider, ChatRequest, SpeechRequest, TranscriptionRequest
from speech.text import ssml
from speech.text.languages import canonical
from speech.text.pronounceable import is_pronounceable

# Of a recording: more than a year is none.
_LONGEST_SECONDS = 31_536_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def tidy(provider: BaseProvider, request: SpeechRequest, aliases: Mapping[str, str]) -> SpeechRequest:
    """Return `request` with a canonical language, its voice looked up among the aliases, and its text checked.

    SSML that the provider does not read is taken out of the text. Raises InvalidRequest.
    """
    refuse_unknown(provider, request.unknown)
    text = ssml.without_markup(request.text, provider.markup)
    check_text(ssml.without_markup(text), is_pause=ssml.has_pause(text))
    return replace(
        request,
        text=text,
        voice=voice_for(provider, request.voice, aliases),
        timestamps=request.timestamps if provider.times_words else (),
        unknown=request.unknown if provider.speaks_openai else {},
        language=canonical(request.language) if request.language else "",
        # Home Assistant sends the string "None" for no instructions at all.
        instructions="" if request.instructions.strip() in ("", "None") else request.instructions,
    )


def check_text(text: str, *, is_pause: bool = False) -> None:
    """Raise InvalidRequest with param "text" for what no engine can speak. A pause asked for needs no text."""
    if "\0" in text or _SURROGATE.search(text):
        raise InvalidRequest("text must be valid Unicode without NUL characters", param="text")
    if not is_pause and not is_pronounceable(text):
        raise nothing_to_speak("text must hold more than punctuation" if text.strip() else "text must not be empty")


def nothing_to_speak(message: str) -> InvalidRequest:
    return InvalidRequest(message, param="text", code="blank")


def model_of(provider: BaseProvider, model: str, setting: str) -> str:
    """Return `model`, or the provider's default. Raises InvalidRequest if there is neither."""
    chosen = model or provider.setting(setting)
    if not chosen:
        raise InvalidRequest(
            f"{provider.name} has no default model: name one, or set {provider.variable(setting)}", param="model"
        )
    return chosen


def only_model(provider: BaseProvider, own: str, model: str, operation: str) -> str:
    """Return `own`, the one model that a provider has for an operation.

    It also answers for the names that clients of OpenAI send by default. Raises InvalidRequest for any other `model`.
    """
    if openai_names.own_model(model, operation) not in ("", own):
        raise InvalidRequest(
            f"model of {provider.name} must be {own}, not {model[:100]!r}", param="model", code="model_not_found"
        )
    return own


def whole_number(provider: BaseProvider, setting: str) -> int:
    """Return a setting that is a number. Raises ProviderNotConfigured where it is none."""
    number = numbers.whole(provider.setting(setting), 1)
    if number is None:
        raise ProviderNotConfigured(
            f"{provider.variable(setting)} must be a whole number of 1 or more", param="provider"
        )
    return number


def check_range(param: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # false for NaN too
        raise InvalidRequest(f"{param} must be from {least:g} to {most:g}, not {value:g}", param=param)


def check_roles(request: ChatRequest) -> None:
    """Refuse roles that only servers of other models know. Raises InvalidRequest."""
    for position, message in enumerate(request.messages):
        if message.get("role") not in openai_names.ROLES:
            param = f"messages.{position}.role"
            raise InvalidRequest(f"{param} must be one of {', '.join(openai_names.ROLES)}", param=param)


def refuse(provider: BaseProvider, /, **asked_for: object) -> None:
    """Raise UnsupportedFeature for the first of the options that is set."""
    for param, value in asked_for.items():
        if value:
            raise UnsupportedFeature(f"{provider.name} does not support {param}", param=param)


def refuse_unknown(provider: BaseProvider, fields: Mapping[str, object]) -> None:
    """Raise UnsupportedFeature for a field that only an OpenAI-compatible server could know, unless it is empty.

    Labels and notes for accounting, which change no answer, are left out.
    """
    if not fields or provider.speaks_openai:
        return
    for name, value in fields.items():
        if name not in NOT_KEYED and name != "language" and value not in ("", [], {}):
            message = (
                f"unknown field {name[:100]!r}: this endpoint does not have it, and passes none on to {provider.name}"
            )
            raise UnsupportedFeature(message, param=name[:100], code="unknown_field")


def voice_for(provider: BaseProvider, voice: str, aliases: Mapping[str, str]) -> str:
    """Return the provider's own voice that `voice` stands for, or `voice` itself if it is not an alias.

    Clients also send `Nova`, as it is shown to people; an account may have a voice of its own with this name. The
    setting VOICE_ALIASES ("alloy=shubh,nova=ritu") adds to `aliases` and wins over them.
    """
    voice = successor_of(provider, voice) or voice
    names = {**aliases, **_configured_aliases(provider)}
    found = names.get(voice) or (names.get(voice.lower()) if provider.voices_are_known else None)
    return found or voice


def unknown_voice(provider: BaseProvider, request: SpeechRequest, own: Iterable[str]) -> InvalidRequest:
    """Return the error for an unknown voice, with all known names: its own, OpenAI's, the configured ones."""
    names = [*dict.fromkeys([*own, *openai_names.VOICES, *_configured_aliases(provider)])]
    return InvalidRequest(f"voice must be one of {', '.join(names)}; not {request.voice[:40]!r}", param="voice")


def successor_of(provider: BaseProvider, voice: str) -> str:
    """Return the voice that speaks for one that the provider has retired, or nothing.

    The setting VOICE_SUCCESSORS ("meera=ritu") adds to the provider's own table and wins over it.
    """
    return {**provider.retired_voices, **pairs_of(provider, "VOICE_SUCCESSORS")}.get(voice.lower(), "")


def _configured_aliases(provider: BaseProvider) -> dict[str, str]:
    return pairs_of(provider, "VOICE_ALIASES")


def pairs_of(provider: BaseProvider, name: str) -> dict[str, str]:
    """Return the setting `name` ("alloy=one,nova=two") as a dictionary. Raises ProviderNotConfigured."""
    setting = provider.setting(name) if name in provider.defaults else ""
    pairs = [[part.strip() for part in item.split("=")] for item in setting.split(",") if item.strip()]
    names = {pair[0]: pair[-1] for pair in pairs}
    chained = {voice for alias, voice in names.items() if alias != voice} & names.keys()
    if chained or any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise ProviderNotConfigured(
            f"{provider.variable(name)} must look like alloy=one,nova=two; aliases cannot be chained",
            param="voice",
        )
    return names


def seconds(value: object) -> float | None:
    """Return the duration that a provider states; None for what cannot be one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < _LONGEST_SECONDS else None  # type: ignore[arg-type, operator]


def seconds_of(request: TranscriptionRequest) -> int | None:
    """Return whole seconds of a WAV file, as they are billed; None for a file that would have to be decoded first."""
    try:
        pcm, sample_rate = read_wav(request.audio)
    except ValueError:
        return None
    return -(-len(pcm) // (BYTES_PER_SAMPLE * sample_rate))


def check_audio_type(provider: BaseProvider, headers: Mapping[str, str], *, takes_wav: bool = False) -> None:
    """Raise ProviderBadAnswer when what follows is a text, or sound in another format than the PCM asked for."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_wav = kind in ("audio/wav", "audio/x-wav")
    if kind.startswith("text/") or kind == "application/json" or (is_wav and not takes_wav):
        raise ProviderBadAnswer(f"{provider.name} returned {kind} instead of raw audio")
