from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.redaction import forget_texts
from speech.text import sentences as module
from speech.text.packing import pack
from speech.text.sentences import SentenceStream, split

# What decides about boundaries, thickly: full stops, brackets, marks, joiners, abbreviations, white space.
TRICKY = st.lists(
    st.sampled_from([*'aA1ठ।.!?…”")( \n,é😀', "डॉ.", "रु. ", "Rs. ", "क्\u200dष", ". B", "\n\n", "Hello. ", "हाँ। "]),
    max_size=40,
).map("".join)


LONG = [f"{'Short words, ' * 8}end.", f"{'Longer words, ' * 24}end.", "Bye now."]


def spoken(text: str, language: str = "en-IN") -> list[str]:
    return [sentence.strip() for sentence in split(text, language)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello! How are you? I'm fine.", ["Hello!", "How are you?", "I'm fine."]),
        ("नमस्ते! आप कैसे हैं? मैं ठीक हूँ।धन्यवाद।", ["नमस्ते!", "आप कैसे हैं?", "मैं ठीक हूँ।", "धन्यवाद।"]),
        ("डॉ. शर्मा आएँगे। रु. 500 दें।", ["डॉ. शर्मा आएँगे।", "रु. 500 दें।"]),
        ("श्री. वर्मा और श्रीमती. देवी आए। प्रो. गुप्ता नहीं।", ["श्री. वर्मा और श्रीमती. देवी आए।", "प्रो. गुप्ता नहीं।"]),
        ("फ़्लैट नं. 5 देखें। ठीक है।", ["फ़्लैट नं. 5 देखें।", "ठीक है।"]),
        ("Pay Rs. 500 to Smt. Devi. See No. 5.", ["Pay Rs. 500 to Smt. Devi.", "See No. 5."]),
        ("Thank you, Ms. Pillai. See Govt. Road.", ["Thank you, Ms. Pillai.", "See Govt. Road."]),
        ("Dr. Rao comes at 5 p.m. today. It is 3.5 km.", ["Dr. Rao comes at 5 p.m. today.", "It is 3.5 km."]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("It is ready. 4 5 6", ["It is ready. 4 5 6"]),
        ("Great! 😀 Shall we?", ["Great!", "😀 Shall we?"]),
        ('He came. "Sit," he said. (Good.) Yes.', ["He came.", '"Sit," he said.', "(Good.) Yes."]),
        ("Title\n\nText follows", ["Title", "Text follows"]),
        ("Hmm... wait", ["Hmm... wait"]),
        ("", []),
        (" \n ", []),
        ("12.", ["12."]),
        ("Rs.\n\n500 are due", ["Rs.", "500 are due"]),
        ("Hello there. A. 1", ["Hello there. A. 1"]),
        ("  Hi! You came. \n", ["Hi!", "You came."]),
        ("Hello all.\n\n5\n\nA\n\nBye now", ["Hello all.", "5", "A", "Bye now"]),
        ("Hello all.\n\n--\n\nBye now", ["Hello all.", "--\n\nBye now"]),
        ("Total\n\n1234.\n\nList\n\n(2)\n\nOpen it", ["Total", "1234.", "List", "(2)\n\nOpen it"]),
        ("Total\n\n3) 4\n\nList\n\n5.", ["Total", "3) 4", "List\n\n5."]),
        ("A\n\n5", ["A", "5"]),
        ("Hi all.\n\nA", ["Hi all.", "A"]),
        (f"{'Short words, ' * 8}end. {'Longer words, ' * 24}end. Bye now.", LONG),
    ],
)
def test_it_finds_the_sentences_in_a_whole_text_and_letter_by_letter(text: str, sentences: list[str]) -> None:
    assert spoken(text) == sentences
    stream = SentenceStream("en-IN")
    for _ in range(2):  # a stream that has ended is empty again
        found = [sentence for letter in text for sentence in stream.feed(letter)] + stream.finish()
        assert found == split(text, "en-IN")
        assert "".join(found) == text.strip()


def test_a_stream_keeps_nothing_that_it_has_read_for_good() -> None:
    stream = SentenceStream("en")
    for _ in range(100):
        stream.feed("Hello there. ")
    assert len(stream._finder.text) < 200


def test_only_short_texts_are_remembered() -> None:
    forget_texts()
    for length in (1000, 1000, 1001, 1001):
        split("a" * length, "en")
    remembered: Any = module._split_and_remember
    assert (remembered.cache_info().hits, remembered.cache_info().currsize) == (1, 1)


def test_abbreviations_are_those_of_the_language() -> None:
    assert spoken("La Sra. Lopez vino. Hola a todos.", "es") == ["La Sra. Lopez vino.", "Hola a todos."]


@pytest.mark.parametrize("tone", ["🏻", "🏼", "🏽", "🏾", "🏿"])
def test_a_skin_tone_stays_with_its_emoji(tone: str) -> None:
    assert pack(f"👍{tone}👍{tone}", "en", 3) == [f"👍{tone}", f"👍{tone}"]


@pytest.mark.parametrize("language", ["hi", "hi-IN", "HI", "", "en-IN", "ta", "zz-Latn"])
def test_it_takes_any_language_tag(language: str) -> None:
    assert spoken("जी हाँ। ठीक है।", language) == ["जी हाँ।", "ठीक है।"]


@given(TRICKY)
def test_it_loses_nothing(text: str) -> None:
    assert "".join(split(text, "hi")) == text.strip()


@given(TRICKY, st.lists(st.integers(0, 60)))
def test_a_stream_gives_the_same_sentences_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    stream = SentenceStream("hi-IN")
    sentences = [s for start, end in pairwise(edges) for s in stream.feed(text[start:end])]

    assert sentences + stream.finish() == split(text, "hi-IN")


def test_a_stream_gives_a_sentence_out_as_soon_as_the_next_begins() -> None:
    stream = SentenceStream("en")

    given_out = {character_count: stream.feed(c) for character_count, c in enumerate("Hello there. How are", 1)}

    assert [(count, found) for count, found in given_out.items() if found] == [(15, ["Hello there. "])]
    assert stream.finish() == ["How are"]
    assert stream.finish() == []


@given(TRICKY, st.integers(1, 30))
def test_pieces_keep_the_limit_and_every_character(text: str, limit: int) -> None:
    pieces = pack(text, "en", limit)

    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("limit", "pieces"),
    [
        (60, ["Your order, which you placed, has left. It comes soon. Bye."]),
        (50, ["Your order, which you placed, has left.", "It comes soon. Bye."]),
        (30, ["Your order, which you placed,", "has left. It comes soon. Bye."]),
        (12, ["Your order,", "which you", "placed,", "has left.", "It comes", "soon. Bye."]),
        (5, ["Your", "order", ",", "which", "you", "place", "d,", "has", "left.", "It", "comes", "soon.", "Bye."]),
    ],
)
def test_pieces_end_with_sentences_else_clauses_else_words(limit: int, pieces: list[str]) -> None:
    assert pack("Your order, which you placed, has left. It comes soon. Bye.", "en", limit) == pieces


def test_a_word_is_never_cut_inside_what_is_read_as_one_character() -> None:
    assert pack("क्षक्षक्ष", "hi", 4) == ["क्ष", "क्ष", "क्ष"]
    assert pack("👩‍💻👩‍💻", "en", 4) == ["👩‍💻", "👩‍💻"]
    assert pack("क्", "hi", 1) == ["क", "्"]


def test_it_refuses_a_limit_below_one() -> None:
    with pytest.raises(ValueError, match="limit"):
        pack("Hello.", "en", 0)


@pytest.mark.parametrize("unit", ["A. ", "1. ", ".", "\n", '"(“', "\n a", "hi! ", "a,", "क्"])
def test_hostile_text_takes_no_long_time(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    begun = time.process_time()

    pack(text, "en", 100)

    assert time.process_time() - begun < 5
