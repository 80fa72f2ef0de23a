from __future__ import annotations

import pytest

from speech import providers
from speech.providers._shared.espeak.scripts import detect, runs
from speech.providers.base import SpeechRequest
from speech.tests.providers.test_espeak import seconds, spoken

ESPEAK = providers.get("espeak")
WORDS = {
    "am": "ሰላም", "ar": "مرحبا", "as": "অসমীয়া ভাষাৰ", "bn": "নমস্কার", "el": "Καλημέρα", "fa": "پنجره",
    "gu": "નમસ્તે", "he": "שלום", "hi": "नमस्ते", "hy": "բարև", "ja": "こんにちは", "ka": "გამარჯობა", "kn": "ನಮಸ್ಕಾರ",
    "ko": "안녕하세요", "ml": "നമസ്കാരം", "my": "မင်္ဂလာပါ", "or": "ନମସ୍କାର", "pa": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "ru": "привет",
    "sd": "ڪيئن آهيو", "si": "ආයුබෝවන්", "ta": "வணக்கம்", "te": "నమస్కారం", "th": "สวัสดี", "uk": "привіт",
    "ur": "ہیلو دنیا", "zh": "你好世界",
}  # fmt: skip
VARIETIES = [("և", "hy"), ("ᾧ τὴν ἀρχὴν", "el"), ("ｺﾝﾆﾁﾊ", "ja"), ("ﻣﺮﺣﺒﺎ", "ar"), ("שָׁלוֹם", "he"), ("ᲒᲐᲛᲐᲠᲯᲝᲑᲐ", "ka")]


@pytest.mark.parametrize(("text", "language"), [*((text, code) for code, text in WORDS.items()), *VARIETIES])
def test_a_script_of_one_language_is_spoken_in_it(text: str, language: str) -> None:
    prepared = ESPEAK.prepare_speech(SpeechRequest(text=text))
    assert (prepared.language, prepared.voice) == (language, language)
    assert spoken(text) == spoken(text, language=language)


@pytest.mark.parametrize("language", WORDS)
def test_a_foreign_word_is_spoken_by_a_voice_of_its_script(language: str) -> None:
    word = WORDS[language]
    own, frame = seconds(spoken(word)), seconds(spoken("We say here."))
    assert seconds(spoken(f"We say {word} here.", language="en")) == pytest.approx(frame + own, abs=0.4)
    assert spoken(word, voice="de") == spoken(word, voice="en-gb", language=language)


@pytest.mark.parametrize(
    ("text", "voice"), [("Η λέξη water είναι εδώ", "el"), ("Say नमस्ते", "hi"), ("Say 你 now", "en-gb")]
)
def test_the_first_voice_is_that_of_most_letters(text: str, voice: str) -> None:
    assert ESPEAK.prepare_speech(SpeechRequest(text=text)).voice == voice


@pytest.mark.parametrize(
    ("voice", "language", "spoken_by"),
    [
        ("en-gb", "el", "el"),
        ("en-gb+f3", "el-GR", "el+f3"),
        ("hi", "en", "en-gb"),
        ("en-us+m1", "en", "en-us+m1"),
        ("nova", "th", "th+f3"),
        ("en-us", "", "en-us"),
        ("", "zh-Hant-TW", "zh"),
    ],
)
def test_a_language_that_is_asked_for_wins_over_that_of_the_voice(voice: str, language: str, spoken_by: str) -> None:
    assert ESPEAK.prepare_speech(SpeechRequest("Hello", voice=voice, language=language)).voice == spoken_by


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tôi không biết đường đi", "vi"),
        ("Hẹn gặp lại bạn vào ngày mai", "vi"),
        ("Mr Nguyễn Văn came to see me here today", "en"),
        ("El niño está aquí, garçon", "en"),
        ("این یک کتاب است", "fa"),
        ("كتاب عربي", "ar"),
        ("Добры дзень, ён пайшоў", "be"),
        ("Қазақстан менің елім", "kk"),
        ("привіт", "uk"),
    ],
)
def test_letters_of_one_language_tell_it(text: str, language: str) -> None:
    assert detect(text) == language
    assert seconds(spoken(text)) < 0.2 * len(text)  # spelled it takes longer


def test_what_is_neutral_stays_with_the_word_before_it() -> None:
    text = "Say “你好, 世界!” twice, or γ."
    assert runs(text, "en") == [("en", "Say “"), ("zh", "你好, 世界!” "), ("en", "twice, or γ.")]
    assert detect(text) == "en"
