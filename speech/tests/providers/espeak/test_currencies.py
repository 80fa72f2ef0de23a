from __future__ import annotations

import pytest

from speech.providers._shared.espeak.currencies import with_names
from speech.tests.providers.test_espeak import seconds, spoken


@pytest.mark.parametrize(
    ("written", "language", "read"),
    [
        ("आपका बिल ₹500 है।", "hi", "आपका बिल 500 रुपये है।"),
        ("₹5 लाख", "hi", "5 लाख रुपये"),
        ("₹1,25,000.50 જમા", "gu", "1,25,000.50 રૂપિયા જમા"),
        ("500 ₽, нет", "ru", "500 рублей, нет"),
        ("500₴", "uk", "500 гривень"),
        ("共¥500元", "zh", "共 500 元 元"),
        ("¥3万", "ja", "3万 えん"),
        ("฿500ครับ", "th", "500 บาท ครับ"),
        ("500 ₫", "vi", "500 đồng"),
        ("₺500", "tr", "500 lira"),
        ("฿500", "fr", "500 baht"),
        ("₽", "en", "roubles"),
    ],
)
def test_a_currency_is_named_behind_its_amount(written: str, language: str, read: str) -> None:
    assert with_names(written, language) == read


@pytest.mark.parametrize(
    ("text", "language"), [("₹500", "en"), ("₹500", "ta"), ("€5", "de"), ("$5", "hi"), ("5", "th")]
)
def test_a_sign_that_the_engine_names_is_left_to_it(text: str, language: str) -> None:
    assert with_names(text, language) == text


@pytest.mark.parametrize("language", ["be", "el", "fa", "kk", "no", "sw"])
def test_no_sign_of_a_currency_is_dropped(language: str) -> None:
    amount = seconds(spoken("500", language=language))
    prices = {sign: seconds(spoken(f"{sign}500", language=language)) for sign in "$€£¥₹₽"}
    assert not [sign for sign, price in prices.items() if price < amount + 0.1]
