from __future__ import annotations

import pytest

from speech.text.ssml import has_markup, without_markup


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<speak>Hello <break time='1s'/> there &amp; then.</speak>", "Hello there & then."),
        ('Slow <speed ratio="1.05"/> now.', "Slow now."),
        ('<prosody rate="slow">Hello. How are you?</prosody>', "Hello. How are you?"),
        ('The <sub alias="World Wide Web Consortium">W3C</sub> said.', "The World Wide Web Consortium said."),
        ('<?xml version="1.0"?><speak version="1.1"><p>One.</p><p>Two.</p></speak>', "One. Two."),
        ("<mstts:express-as style='cheerful'>Hi</mstts:express-as>", "Hi"),
        ("a < b and c > d &amp; e", "a < b and c > d &amp; e"),
        ("<b>bold</b> is HTML", "<b>bold</b> is HTML"),
        ("Plain.", "Plain."),
    ],
)
def test_tags_are_taken_out(text: str, spoken: str) -> None:
    assert without_markup(text) == spoken
    assert has_markup(text) is (text != spoken)


def test_an_engine_keeps_the_tags_that_it_reads() -> None:
    text = '<speak>Hello <break time="1s"/> <emphasis>there</emphasis> &amp; you</speak>'
    assert without_markup(text, ("break",)) == 'Hello <break time="1s"/> there &amp; you'
