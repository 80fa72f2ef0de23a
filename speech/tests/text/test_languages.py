from __future__ import annotations

import pytest

from speech.exceptions import InvalidRequest
from speech.text.languages import LANGUAGES, canonical, detect


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("hi", "hi"),
        ("hi-IN", "hi"),
        (" HI_in\n", "hi"),
        ("en-IN", "en"),
        ("en-US", "en"),
        ("od-IN", "or"),
        ("or-IN", "or"),
        ("pa-Guru-IN", "pa"),
        ("es-419", ""),
        ("xx", ""),
        ("", ""),
        ("hindi", ""),
        ("hi-IN-x", ""),
    ],
)
def test_it_names_each_language_in_one_way_and_refuses_the_rest(tag: str, code: str) -> None:
    if code:
        assert canonical(tag) == code
        return
    with pytest.raises(InvalidRequest) as caught:
        canonical(tag)
    assert caught.value.param == "language"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello, how are you?", "en"),
        ("12:30 … 🙂", "en"),
        ("Grüße aus Köln", "en"),
        ("नमस्ते", "hi"),
        ("নমস্কার", "bn"),
        ("ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "pa"),
        ("નમસ્તે", "gu"),
        ("ନମସ୍କାର", "or"),
        ("வணக்கம்", "ta"),
        ("నమస్కారం", "te"),
        ("ನಮಸ್ಕಾರ", "kn"),
        ("നമസ്കാരം", "ml"),
        ("Please say नमस्ते to everybody at the office", "hi"),
        ("வணக்கம் नम", "ta"),
        ("বাংলা ভাষা। এবং॥", "bn"),
        ("A danda। is no letter", "en"),
        ("日本語", "en"),
    ],
)
def test_it_tells_the_language_by_the_script(text: str, code: str) -> None:
    assert detect(text) == code
    assert code in LANGUAGES
