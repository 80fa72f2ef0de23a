from __future__ import annotations

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
