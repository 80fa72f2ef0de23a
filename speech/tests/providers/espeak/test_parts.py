from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech import providers
from speech.providers._shared.espeak.parts import parts_of
from speech.providers.base import SpeechRequest, Word
from speech.tests.providers.test_espeak import seconds, spoken
from speech.text.packing import is_inside_cluster

# A run that the engine holds, and a language.
RUNS = [
    ("かわ" * 5, "ja"), ("7" * 20, "en"), ("heron" * 4, "en"), ("a" * 40, "en"), ("W" * 10, "en"), ("xkcd" * 4, "en"),
    ("ñçğ" * 4, "tr"), ("бвгд" * 4, "ru"),
    ("สวัสดี" * 4, "th"), ("안녕" * 6, "ko"), ("ሰላም" * 5, "am"), ("слово" * 4, "ru"), ("كتاب" * 4, "ar"),
    ("नमस्ते" * 4, "hi"), ("வணக்கம்" * 4, "ta"), ("你好" * 20, "zh"), ("a/b." * 5, "en"), ("🙂" * 5, "en"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("between", "run", "language"), [*(("", *row) for row in RUNS), *((" ", *row) for row in RUNS[1::3])]
)
def test_time_grows_with_the_length_of_a_text_without_a_stop(between: str, run: str, language: str) -> None:
    short, long = (seconds(spoken(between.join([run] * count), language=language)) for count in (3, 12))
    assert long == pytest.approx(4 * short, rel=0.08)


ALPHABET = st.sampled_from([*"aeWx7 .,/😀", "नमस्ते", "你", "か", "ส", "เ", "안", "é", "\u0301", "\u200d", "Ω", "\n"])


@settings(max_examples=50)
@given(st.lists(ALPHABET, max_size=400).map("".join))
def test_parts_are_the_text_and_end_between_syllables(text: str) -> None:
    parts = parts_of(text, "en", "en-gb")
    assert "".join(part.text for part in parts) == text
    for (voice, before), (next_voice, after) in pairwise(parts):
        assert voice != next_voice or not is_inside_cluster(before + after, len(before))


def test_ordinary_sentences_are_left_whole() -> None:
    text = "When the last of the herons had flown from the river to the other side of the valley nobody spoke. " * 9
    assert len(parts_of(text, "en", "en-gb")) == 1


def test_times_of_words_run_on_over_parts() -> None:
    espeak = providers.get("espeak")
    text = f"First {'heron' * 60} then สวัสดี and last."
    request = espeak.prepare_speech(SpeechRequest(text, timestamps=("word",)))
    items = list(espeak.speak(request).pcm)
    words = [item for item in items if isinstance(item, Word)]
    assert [word.word for word in words] == text.split()
    assert all(one.start < one.end <= next_.start + 0.02 for one, next_ in pairwise(words))
    assert words[1].end - words[1].start > 15
    whole = seconds(b"".join(item for item in items if isinstance(item, bytes)))
    assert whole - 0.3 < words[-1].end <= whole
