from __future__ import annotations

import unicodedata

import pytest

from speech.providers._shared.espeak.spelling import readable
from speech.tests.providers.test_espeak import seconds, spoken


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("٩٩٫٥", "99.5"),
        ("１２ ＡＢ", "12 AB"),
        ("ﬁne 𝐛𝐨𝐥𝐝 ℝ", "fine bold R"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("ᾧ τὴν", "ώ τήν"),
        ("և", "եւ"),
        ("x² №5 ½ ©", "x² №5 ½ ©"),
    ],
)
def test_letters_for_display_become_plain_ones(written: str, read: str) -> None:
    assert readable(written) == read


@pytest.mark.parametrize(
    ("pointed", "plain"),
    [
        ("שָׁלוֹם", "שלום"),
        ("פִּיל", "פיל"),
        ("כַּבַּאי", "כבאי"),
        ("דֹּב גָּדוֹל", "דב גדול"),
        ("אֲנַחְנוּ", "אנחנו"),
        ("לְךָ כֻּלָּם", "לך כלם"),
    ],
)
def test_points_of_hebrew_are_read_and_not_named(pointed: str, plain: str) -> None:
    assert seconds(spoken(plain)) - 0.1 < seconds(spoken(pointed)) < seconds(spoken(plain)) + 0.6


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("①②⑩⑴", " 1  2  10  (1) "),
        ("⒈❶➀⓫ⓐ", " 1.  1  1  11  a "),
        ("3⅞ or ⅓", "3 7/8  or ⅓"),
        ("20℃ ℉ xⁿ", "20 °C   °F  x n "),
    ],
)
def test_signs_without_a_name_are_written_in_figures_and_letters(written: str, read: str) -> None:
    assert readable(written) == read
    assert seconds(spoken(written)) > 0.5


@pytest.mark.parametrize(
    ("joined", "apart", "language"),
    [
        ("ฉันดูYouTubeทุกวัน", "ฉันดู YouTube ทุกวัน", "th"),
        ("カードはVISAです", "カードは VISA です", "ja"),
        ("わたしはOpenAIがすきです", "わたしは OpenAI がすきです", "ja"),
        ("ログインIDをいれて", "ログイン ID をいれて", "ja"),
        ("GPT4はすき", "GPT4 はすき", "ja"),
        ("我用YouTube看", "我用 YouTube 看", "zh"),
        ("ငါYouTubeကြည့်", "ငါ YouTube ကြည့်", "my"),
    ],
)
def test_a_latin_word_is_read_as_one_where_words_are_not_divided(joined: str, apart: str, language: str) -> None:
    assert readable(joined) == apart
    assert spoken(joined, language=language) == spoken(apart, language=language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Le café est prêt, déjà élevé à Noël."),
        ("el", "Γιατί; Πώς; Καλά."),
        ("vi", "Tôi thích phở và bún chả lắm."),
        ("es", "¿Qué mañana? Sí señor, pingüino"),
        ("ko", "한국어 안녕"),
        ("tr", "İstanbul çok güzel ğ"),
        ("cs", "Příliš žluťoučký kůň"),
        ("ru", "Йод ещё ёлка"),
        ("ar", "أحمد آلة إلى"),
        ("my", "ဦး"),
    ],
)
def test_a_letter_in_parts_sounds_like_the_letter(language: str, text: str) -> None:
    parts = unicodedata.normalize("NFD", text)
    assert parts != text
    assert spoken(parts, language=language) == spoken(text, language=language)


@pytest.mark.parametrize(
    ("language", "typed", "written"),
    [
        ("el", "Πού πας;", "Πού πας?"),
        ("el", "Πού πας; Εδώ;", "Πού πας\u037e Εδώ\u037e"),
        ("el", "ναι· όχι", "ναι\u0387 όχι"),
        ("am", "ሰላም ነው፡፡ ደህና", "ሰላም ነው። ደህና"),
        ("am", "ሰላም ነው:: ደህና", "ሰላም ነው። ደህና"),
        ("hi", "मैं ठीक हूँ| आप", "मैं ठीक हूँ। आप"),
        ("hi", "मैं ठीक हूँ || आप", "मैं ठीक हूँ । आप"),
        ("bn", "আমি ভালো৷ আপনি", "আমি ভালো। আপনি"),
    ],
)
def test_a_stop_as_it_is_typed_is_heard(language: str, typed: str, written: str) -> None:
    assert spoken(typed, language=language) == spoken(written, language=language)


@pytest.mark.parametrize("text", ["مُحَمَّد", "2·3 × 4; x|y", "क|ख", "α; β"])
def test_what_is_no_stop_and_no_letter_in_parts_stays(text: str) -> None:
    assert readable(text) == text
