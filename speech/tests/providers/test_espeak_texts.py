"""What the real engine makes of figures, markup and scripts."""

from __future__ import annotations

import pytest

from speech import providers
from speech.exceptions import InvalidRequest
from speech.providers.base import SpeechRequest
from speech.tests.providers.test_espeak import seconds, spoken
from speech.text.sentences import split

PRICES = {
    "hi": ("मूल्य ₹{} है", "०"), "mr": ("किंमत ₹{} आहे", "०"), "bn": ("দাম ₹{} টাকা", "০"), "gu": ("કિંમત ₹{} છે", "૦"),
    "pa": ("ਕੀਮਤ ₹{} ਹੈ", "੦"), "or": ("ମୂଲ୍ୟ ₹{} ଅଟେ", "୦"), "ta": ("விலை ₹{} ஆகும்", "௦"), "te": ("ధర ₹{} ఉంది", "౦"),
    "kn": ("ಬೆಲೆ ₹{} ಇದೆ", "೦"), "ml": ("വില ₹{} ആണ്", "൦"), "ur": ("قیمت {} ہے", "۰"), "ar": ("السعر {} ريال", "٠"),
}  # fmt: skip
FIGURES = ["1,250.50", "37.5", "10.30", "15.08.2026"]


@pytest.mark.parametrize("language", PRICES)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_sounds_the_same_in_every_script_s_digits(language: str, figure: str) -> None:
    form, zero = PRICES[language]
    native = "".join(chr(ord(zero) + int(c)) if c.isdigit() else c for c in figure)
    text = form.format(native)
    assert split(text, language) == [text]
    long, usual = (seconds(spoken(form.format(said), language=language)) for said in (native, figure))
    assert long == pytest.approx(usual, rel=0.03)


def test_wide_letters_and_ligatures_are_read_as_plain_ones() -> None:
    assert spoken("The ﬁne ＨＯＵＳＥ") == spoken("The fine HOUSE")


@pytest.mark.parametrize("text", ["ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ", "ⰀⰁⰂⰃ", "ⲀⲂⲄⲆⲈ", "ⴀⴁⴂⴃ", "Say ⰀⰁⰂⰃ to them."])
def test_letters_that_a_voice_would_spell_one_by_one_are_an_error(text: str) -> None:
    with pytest.raises(InvalidRequest, match="script"):
        spoken(text, voice="hi")


def test_markup_is_obeyed_and_not_spoken() -> None:
    plain = seconds(spoken("Hello there."))
    for text in ("<speak>Hello <break time='1s'/> there.</speak>", "Hello <break time='1s'/> there."):
        assert plain + 0.9 < seconds(spoken(text)) < plain + 1.6
    assert seconds(spoken("<prosody rate='slow'>Hello there.</prosody>")) > 1.2 * plain


def test_markup_that_the_engine_lacks_is_taken_out() -> None:
    assert spoken('Hello <speed ratio="1.05"/> there.') == spoken("Hello there.")
    assert spoken('Hello <audio src="/etc/hostname"/> there.') == spoken("Hello there.")
    with pytest.raises(InvalidRequest):
        spoken('Hello <break time="30s"/> <break time="31000ms"/> there.')
    for nothing in (
        "<speak> </speak>",
        "<speak><break time='0s'/>…</speak>",
        '<speak><break strength="none"/></speak>',
    ):
        with pytest.raises(InvalidRequest):
            spoken(nothing)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ('<speak><break time="1s"/></speak>', 1),
        ('<break time="300ms"/> … <break time="300ms"/>', 0.6),
        ("<break/>", 0.1),
    ],
)
def test_a_pause_alone_is_kept(text: str, pause: float) -> None:
    assert pause < seconds(spoken(text)) + 0.02 < pause + 0.4


def test_cdata_is_spoken_as_it_is() -> None:
    assert spoken("<speak><![CDATA[Hello there & friend.]]></speak>") == spoken(
        "<speak>Hello there &amp; friend.</speak>"
    )


def test_in_markup_each_script_has_its_voice_and_nothing_is_lost() -> None:
    plain = seconds(spoken("The word means hello."))
    assert seconds(spoken("<speak>The word <emphasis>สวัสดี</emphasis> means hello.</speak>")) < plain + 2.5
    once, often = (seconds(spoken(f"<speak>{'heron' * count} &amp; more</speak>")) for count in (10, 80))
    assert often > 6 * once


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("مرحبا بالعالم", "ar"),
        ("ہیلو دنیا", "ur"),
        ("你好世界", "zh"),
        ("こんにちは", "ja"),
        ("привет мир", "ru"),
        ("שלום", "he"),
    ],
)
def test_the_voice_follows_scripts_from_all_over_the_world(text: str, language: str) -> None:
    prepared = providers.get("espeak").prepare_speech(SpeechRequest(text=text))
    assert (prepared.language, prepared.voice) == (language, language)
    assert 0.3 < seconds(spoken(text)) < 3


@pytest.mark.parametrize(
    ("text", "language", "script"),
    [
        ("ꯅꯨꯡꯁꯤ ꯍꯥꯏ", "", "Meetei Mayek"),
        ("ᱥᱟᱱᱛᱟᱲᱤ", "", "Ol Chiki"),
        ("བོད་སྐད", "en", "Tibetan"),
        ("The word ខ្មែរ means Khmer.", "", "Khmer"),
        ("ⲁⲂ", "", "Coptic"),
        ("𐐀𐐁", "", "Deseret"),
        ("ᏣᎳᎩ", "", "Cherokee"),  # the engine has a voice, which is silent at most of its words
        ("日本語", "ja", "Japanese kanji"),
        ("日本語を話す", "", "Japanese kanji"),
        ("To eat is 食べる in Japanese.", "en", "Japanese kanji"),
    ],
)
def test_a_script_that_no_voice_reads_is_named(text: str, language: str, script: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        spoken(text, language=language)
    assert (caught.value.param, caught.value.code) == ("text", "unreadable_script")
    assert f"{script} script" in caught.value.message
