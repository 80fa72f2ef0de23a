"""Retired words stay out of the texts that people read, and sentences begin with their subject or verb."""

from __future__ import annotations

import ast
import itertools
import re
from functools import cache

import pytest

from speechsite.tests.support.source import CODE, name_of, tree_of
from speechsite.tests.support.wording import Text, literals, prose, public_texts, shown

_ADJECTIVES = r"(?:(?:an?|the|its|all|old|\d+|cached|stored|wrong) ){0,3}"
# A pattern, the replacement, and contexts in which the word means something else.
RETIRED: list[tuple[str, str, str]] = [
    (r"away", "disconnected", ""),
    (r"bars?", "threshold", r"bars? charts?|progress bars?"),
    (r"books", "ledger", ""),
    (r"near[- ]caches?", "client-side cache", ""),
    (r"(?:left|leaves?|leaving) (?:\w+ ){0,2}alone", "circuit open", ""),
    (r"spoken turns?", "voice turn", ""),
    (r"(?:an?|has|its|their|have|had|gets?|got|takes?|taken|more|given?|waits? for) turns?", "slot", r"a turn of"),
    (r"anew", "again, fresh", ""),
    (r"chosen", "selected", ""),
    (r"pieces?", "part, sentence", ""),
    (r"made by", "client", ""),
    (r"judge[sd]?|judging|judge?ments?", "reviewer, review", ""),
    (r"error budgets?|budgets? of errors", "error limit", ""),
    (r"semantic tiers?", "semantic cache", ""),
    (r"equal once normali[sz]ed", "same wording", ""),
    (r"by meaning|means? the same", "semantic", r"the same meaning"),
    (r"who(?:so)?ever", "anyone who", ""),
    (r"look-ups?", "lookup", ""),
    (r"time-outs?", "timeout", ""),
    (r"go(?:es|ing)? on with(?:out)?", "continue", ""),
    (r"flights?", "single flight, shared request", r"single flights?|in flight|flight:|~flight"),
    (rf"remov\w+ {_ADJECTIVES}(?:entr(?:y|ies)|keys?|answers?|clients?|rows?)", "delete", ""),
    (r"stand-ins?", "fallback", ""),
    (r"error of ours|code of ours|failure of ours", "gateway error", ""),
]
_BEGINNINGS = "What|Whether|Whoever|Who|How long|How many|How much"
RIDDLE = re.compile(rf"(?:^|(?<=[.!|]\s)|(?<=^[-*] ))(?:{_BEGINNINGS})\b[^.?!|]*(?:[.!|]|$)")


@cache
def texts() -> list[Text]:
    return public_texts()


def retired_in(words: str) -> list[str]:
    """The retired words in a text, each with its replacement."""
    found = []
    for pattern, better, allowed in RETIRED:
        rest = re.sub(rf"(?<!\w)(?:{allowed})(?!\w)", "", words, flags=re.IGNORECASE) if allowed else words
        found += [f"{match[0]} -> {better}" for match in re.finditer(rf"\b(?:{pattern})\b(?!\()", rest, re.IGNORECASE)]
    return found


def test_retired_words_do_not_come_back() -> None:
    found = [f"{text}\n    {', '.join(words)}" for text in texts() if (words := retired_in(text.words))]
    assert not found, "\n".join(found)


def test_no_sentence_begins_with_a_riddle() -> None:
    found = [f"{text}\n    {match[0]}" for text in texts() if (match := RIDDLE.search(text.words))]
    assert not found, "\n".join(found)


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [
        f"{name_of(path)}: {ast.get_docstring(node)}"
        for path in CODE
        for node in ast.walk(tree_of(path))
        if isinstance(node, documented)
    ]
    assert [text for text in docstrings if re.match(rf"\S+: (?:{_BEGINNINGS}|How)\b", text)] == []


def test_constants_are_explained_by_comments() -> None:
    strings = [
        f"{name_of(path)}:{later.lineno}"
        for path in CODE
        for earlier, later in itertools.pairwise(tree_of(path).body)
        if isinstance(earlier, ast.Assign | ast.AnnAssign) and isinstance(later, ast.Expr)
        if isinstance(later.value, ast.Constant)
    ]
    assert strings == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("README.md", "caching gateway for chat and speech APIs"),
        ("CHANGELOG.md", "first-come, first-served"),
        (".env.example", "Prefix of every key"),
        ("docs/redis.md", "Client-side cache"),
        ("templates/caching/_health.html", "disconnected"),
        ("templates/caching/_filters.html", "Period and filters"),
        ("OpenAPI", "Synthesize speech"),
        ("OpenAPI", "Age of the answer in seconds."),
        ("caching/metrics.py", "Requests answered from the cache."),
        ("caching/models/ledger.py", "Null if unknown."),
        ("caching/management/commands/cache_flush.py", "skip the confirmation"),
        ("caching/redis/errors.py", "Connection refused"),
    ],
)
def test_every_kind_of_text_is_read(source: str, words: str) -> None:
    assert [text for text in texts() if text.source == source and words in text.words]


@pytest.mark.parametrize(
    "words",
    [
        "Redis is away.",
        "The bar of balanced is now 96 %",
        "what the books say",
        "It is left alone for a while.",
        "the worker leaves the provider alone",
        "a request that gives its turn back has a turn",
        "asks anew",
        "Remove chosen entries",
        "spoken in one piece",
        "Made by bot",
        "a model judges a sample",
        "Removed 3 old entries",
        "Redis went away meanwhile",
        "Whoever knows the name",
        "a flight ends",
    ],
)
def test_a_retired_word_is_found(words: str) -> None:
    assert retired_in(words)


@pytest.mark.parametrize(
    "words",
    [
        "Turn off the light, then turn caching on.",
        "A voice turn has two sentences; in turn, the next one starts.",
        "a bar chart with a progress bar",
        "The request is in flight: single flight shares it.",
        "booked in a bookstore by a flightless barkeeper",
        "Remove the password from REDIS_URL.",
        "The same meaning, in the meantime.",
        "a way to choose; the choice; chose",
        "Select a region close to the server.",
    ],
)
def test_an_innocent_use_passes(words: str) -> None:
    assert retired_in(words) == []


def test_a_riddle_is_told_from_a_question() -> None:
    assert RIDDLE.search("Whether the answer was right.") and RIDDLE.search("All is well. What it costs is unknown.")
    assert not RIDDLE.search("What is a cache?") and not RIDDLE.search("Say what it costs.")


def test_names_in_code_are_no_texts() -> None:
    assert "provider_left_alone" not in prose("Use `provider_left_alone` for that.")
    assert "away" not in prose("Text\n\n```\naway\n```\n\n    away\n")
    assert "chosen" not in shown('{% include "x.html" with form=chosen %}<i class="chosen">{{ chosen }}</i>')
    assert "away" in shown('{% include "x.html" with text="away" %}') and "away" in shown('<i title="away"></i>')
    assert [text for _, text in literals(ast.parse('f(f"{x} gone away {y.bar}")'))] == ["… gone away …"]


def test_a_text_names_its_place() -> None:
    assert str(Text("docs/a.md", 3, "Redis is away.")) == "docs/a.md:3: Redis is away."
