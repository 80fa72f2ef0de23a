from __future__ import annotations

import pytest

from caching.semantic.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("bitte sperre meine karte", "de"),
        ("schalte mein licht aus", "de"),
        ("hai una camera libera per domani", "it"),
        ("mera card block karo", "hi_latn"),
        ("room mein light hai", "hi_latn"),
        ("wifi kaam karte hai kya", "hi_latn"),
        ("battery kitna hai", "hi_latn"),
        ("delhi se mumbai ki train", "hi_latn"),
    ],
)
def test_words_of_two_languages_are_those_of_the_one_that_has_the_others(text: str, language: str) -> None:
    assert language_of(text.split()) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("दुकान कब खुलेगी", "hi"),
        ("दरवाजा खोलिए", "hi"),
        ("डॉक्टर कब आएंगे", "hi"),
        ("मेरा order cancel करो", "hi"),
        ("दुकान उघडे आहे का", ""),
        ("बिल का वाढले", ""),
        ("यो के हो", ""),
        ("रउआ का करत बानी", ""),
        ("order cancel भयो के", ""),
        ("दुकान کھلی है", ""),
    ],
)
def test_not_all_that_is_written_as_hindi_is_hindi(text: str, language: str) -> None:
    assert language_of(text.split()) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("gate khol do", "hi_latn"),
        ("awaaz kam kar do", "hi_latn"),
        ("password bhool gaya hu", "hi_latn"),
        ("mera card kho gaya hai", "hi_latn"),
        ("kare wa kimasu ka", ""),
        ("onko hai kala", ""),
        ("mua hai cai banh to", ""),
        ("nunua kuku hai na wali", ""),
        ("kar ki yagdi", ""),
        ("hai kirim uang ke ibu", ""),
        ("caut mere din livadă sau din piață", ""),
        ("ami kal ki din pabo", ""),
        ("a bata do médico é do hospital", "pt"),
    ],
)
def test_words_that_other_languages_have_too_do_not_make_hinglish(text: str, language: str) -> None:
    assert language_of(text.split()) == language
