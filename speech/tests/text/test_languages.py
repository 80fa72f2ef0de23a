from __future__ import annotations

import pytest

from speech.exceptions import InvalidRequest
from speech.text.languages import NAMES, canonical, detect


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("hi", "hi"),
        ("hi-IN", "hi"),
        (" HI_in\n", "hi"),
        ("en-IN", "en"),
        ("en-US", "en"),
        ("od-IN", "or"),
        ("iw-IL", "he-IL"),
        ("in", "id"),
        ("mo", "ro"),
        ("nb-NO", "no-NO"),
        ("no", "no"),
        ("cmn-Hans-CN", "zh-Hans-CN"),
        ("or-IN", "or"),
        ("pa-Guru-IN", "pa"),
        ("es-419", "es-419"),
        ("FR_ca", "fr-CA"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("de-CH-1996", "de-CH-1996"),
        ("xx", "xx"),
        ("auto", ""),
        ("Unknown", ""),
        ("und", ""),
        ("", ""),
        ("en-US-x-whatever", "en"),
    ],
)
def test_it_spells_each_language_in_one_way(tag: str, code: str) -> None:
    assert canonical(tag) == code
    assert canonical(canonical(tag)) == code


@pytest.mark.parametrize("tag", ["hindi", "hi-IN-x", "hi/../", "h", "hi IN", "हिंदी", "hi-", "a" * 100])
def test_it_refuses_what_is_no_tag(tag: str) -> None:
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
    assert code in NAMES
