"""Check the values of a provider's variables, without calling the provider."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from caching import numbers
from speech.exceptions import GatewayError
from speech.providers._shared import validation
from speech.providers.base import BaseProvider, SpeechRequest


@dataclass(frozen=True, slots=True)
class Problem:
    """`variable` must be `rule`."""

    variable: str
    rule: str


def problems(provider: BaseProvider) -> Iterator[Problem]:
    """Yield what is wrong with the values of `provider`, whether or not a request would need them.

    Voices are tried only if nothing else is wrong.
    """
    clean = True
    for name in provider.defaults:
        value = provider.setting(name)
        rule, holds = next(rule_of for ending, rule_of in _RULES.items() if name.endswith(ending))
        if value and not holds(value):
            clean = False
            yield Problem(provider.variable(name), f"{rule}, not {_shown(name, value)}")
    if clean and "speech" in provider.does:
        yield from _voice_problems(provider)


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_word(value: str) -> bool:
    return bool(re.fullmatch(r"[!-~]+", value))


def _is_name(value: str) -> bool:
    return value.isprintable()


def _is_milliseconds(value: str) -> bool:
    return numbers.whole(value) is not None


def _is_count(value: str) -> bool:
    return numbers.whole(value, 1) is not None


# By the ending of a variable's name; the last one takes all others.
_RULES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "_URL": ("an address that begins with http:// or https://", _is_url),
    "API_KEY": (
        "keys of printable ASCII characters, separated by commas",
        lambda keys: _is_word(keys.replace(" ", "")),
    ),
    "API_VERSION": ("a version without spaces", _is_word),
    "_MS": ("a whole number of milliseconds", _is_milliseconds),
    "_TOKENS": ("a whole number of 1 or more", _is_count),
    "RESPONSES_API": ("1 or 0", lambda value: value in ("0", "1")),
    "SPEECH_FORMAT": ("pcm or wav", lambda value: value in ("pcm", "wav")),
    "_BIN": ("the path of a program", lambda path: shutil.which(path) is not None),
    "": ("a name without control characters", _is_name),
}


def _shown(name: str, value: str) -> str:
    return "this value" if name == "API_KEY" else repr(value[:60])


def _voice_problems(provider: BaseProvider) -> Iterator[Problem]:
    """Ask for the default voice and for the target of each alias, as a request would."""
    asked = {"VOICE": [provider.setting("VOICE")] if provider.setting("VOICE") else []}
    for name in ("VOICE_ALIASES", "VOICE_SUCCESSORS"):
        try:
            asked[name] = list(validation.pairs_of(provider, name).values())
        except GatewayError as error:
            yield Problem(provider.variable(name), error.message.partition(" must be ")[2] or _PAIRS)
            return
    if not provider.voices_are_known:
        return
    for name, voices in asked.items():
        for voice in voices:
            if reason := _refusal(provider, voice):
                yield Problem(provider.variable(name), reason)


_PAIRS = "pairs such as alloy=one,nova=two, without chains"


def _refusal(provider: BaseProvider, voice: str) -> str:
    try:
        provider.prepare_speech(SpeechRequest("Hello.", voice=voice))
    except GatewayError as error:
        if error.param == "voice":
            return f"the name of a voice: {error.message}"
    return ""
