"""The laws of the splitter, for any text."""

from __future__ import annotations

import time
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.text.sentences import SentenceStream, split

LANGUAGE_CODES = "en hi mr bn ta te gu kn ml pa ur ar es de fr zh ja"
LANGUAGES = st.sampled_from(LANGUAGE_CODES.split())
ZEROS = st.sampled_from("0०০௦౦૦೦൦੦୦٠۰０๐໐០၀༠꯰᱐߀᠐෦")
TRICKY_WORDS = 'Hello नमस्ते ভালো வணக்கம் నమస్తే سلام مرحبا Straße 你好 No Dr डॉ etc U.S p.m 😀 τι Բարև ש"ח ནང་'
WORDS = st.sampled_from(TRICKY_WORDS.split())
ENDS = st.sampled_from(
    [
        ". ",
        "! ",
        "? ",
        "। ",
        "。",
        "... ",
        "…",
        "\n",
        "\n\n",
        ", ",
        " ",
        ".\n",
        "۔ ",
        "؟ ",
        "; ",
        ": ",
        "།",
        '." ',
        "፡፡ ",
        "| ",
        ".\u200f ",
    ]
)
QUOTES = st.sampled_from(["“”", "«»", "「」", "()", '""', "„“", "[]"])


@st.composite
def figures(draw: st.DrawFn) -> str:
    zero = ord(draw(ZEROS))
    parts = draw(st.lists(st.text("0123456789", min_size=1, max_size=3), min_size=2, max_size=4))
    figure = draw(st.sampled_from(".,:/।")).join(parts)
    return "".join(chr(zero + int(c)) if c.isascii() and c.isdigit() else c for c in figure)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    names = st.text("abCDeZ09", min_size=1, max_size=5)
    host = ".".join(draw(st.lists(names, min_size=2, max_size=4)))
    return draw(st.sampled_from(["{}", "a.B@{}", "https://{}/x.Y?z=1", "www.{}"])).format(host)


@st.composite
def quotations(draw: st.DrawFn) -> str:
    quotes = draw(QUOTES)
    inner = draw(st.lists(st.tuples(WORDS, st.sampled_from(["! ", ". ", "। ", "。", " "])), min_size=1, max_size=5))
    return quotes[0] + "".join(word + end for word, end in inner).rstrip() + quotes[1]


UNITS = st.one_of(WORDS, figures(), addresses(), quotations())
TEXTS = st.lists(st.tuples(UNITS, ENDS), min_size=1, max_size=12)
TRICKY_PARTS = [
    *".।。!?\"'“”()\n 1०aZ",
    "Dr. ",
    "www.",
    "- ",
    "\r\n",
    "<b>",
    "```",
    "τι;",
    "է:",
    'ש"ח',
    "ነው፡፡",
    "है|",
    "\u200f",
    "។ល។",
]
ANY_TEXT = st.lists(st.one_of(st.text(max_size=3), st.sampled_from(TRICKY_PARTS)), max_size=60).map("".join)


@given(LANGUAGES, ANY_TEXT)
def test_the_pieces_together_are_the_text(language: str, text: str) -> None:
    assert "".join(split(text, language)) == text.strip()


@given(LANGUAGES, TEXTS)
def test_no_piece_ends_inside_a_figure_an_address_or_a_quotation(language: str, parts: list[tuple[str, str]]) -> None:
    # A quotation mark of `." ` would open or close another one.
    parts = [(unit, end.replace('"', "")) for unit, end in parts]
    text = "".join(unit + end for unit, end in parts).strip()
    edges = set(accumulate(len(piece) for piece in split(text, language)))
    at = 0
    for unit, end in parts:
        assert not edges & set(range(at + 1, min(at + len(unit), len(text)))), (unit, split(text, language))
        at += len(unit) + len(end)


@given(LANGUAGES, st.one_of(ANY_TEXT, TEXTS.map(lambda parts: "".join(map("".join, parts)))), st.data())
def test_a_stream_gives_the_same_pieces_as_the_whole(language: str, text: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 7))
    stream = SentenceStream(language)
    pieces = [piece for at in range(0, len(text), size) for piece in stream.feed(text[at : at + size])]

    assert pieces + stream.finish() == split(text, language)


@given(ANY_TEXT, st.lists(st.integers(0, 200)))
def test_nor_does_it_matter_where_a_stream_is_cut(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    stream = SentenceStream("en")
    pieces = [piece for start, end in pairwise(edges) for piece in stream.feed(text[start:end])]

    assert pieces + stream.finish() == split(text, "en")


def seconds_for(token: str, tokens: int) -> float:
    stream, begun = SentenceStream("en"), time.process_time()
    for _ in range(tokens):
        stream.feed(token)
    stream.finish()
    return time.process_time() - begun


@pytest.mark.parametrize(
    "token", ["ek ", "a.b ", "1.5 ", '"', "(", "...", "\n", " ", "Dr. ", "“a. ", "😀", "- a\n", "' "]
)
def test_the_work_on_a_stream_grows_with_its_length(token: str) -> None:
    """20,000 tokens without a sentence: a search from the beginning at each of them would take a minute."""
    seconds_for(token, 100)
    few = min(seconds_for(token, 2_500) for _ in range(2))

    assert seconds_for(token, 20_000) < 8 * 2 * few + 0.2
