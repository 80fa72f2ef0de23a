"""Word tables, one TOML file per language. The folder is the registry: the file's name is the language's code.

A language becomes readable by adding its file. `hi_latn` is Hindi in Latin letters as people type it ("Hinglish"),
always mixed with English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, Any]


@cache
def codes() -> tuple[str, ...]:
    """Every language that has a file."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def table(language: str) -> Table:
    """The tables of one language; KeyError where there is no such file."""
    path = Path(__file__).with_name(f"{language}.toml")
    if not path.is_file():
        raise KeyError(f"no word tables for the language {language!r}")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def words(language: str, name: str) -> frozenset[str]:
    """A table that is one long string of words, as a set; empty where the language has no such table."""
    return frozenset(table(language).get(name, "").split())


def mixed_codes(language: str) -> tuple[str, ...]:
    """Return the languages whose words a sentence may hold: Hinglish holds English ones."""
    return ("en", language) if language == "hi_latn" else (language,)


@cache
def mixed_words(language: str, name: str) -> frozenset[str]:
    """Return `words` of all languages that a sentence may hold."""
    return frozenset().union(*(words(code, name) for code in mixed_codes(language)))


@cache
def phrases(language: str, name: str) -> tuple[str, ...]:
    """A table that is a list of phrases, the longest first."""
    return tuple(sorted(table(language).get(name, ()), key=len, reverse=True))


@cache
def vocabulary(language: str) -> frozenset[str]:
    """Every word that stands in any table of the language."""
    return frozenset(_spelled(table(language)))


def _spelled(part: Any) -> set[str]:
    if isinstance(part, str):
        return set(part.split())
    if isinstance(part, dict):
        return {*part.keys()}.union(*map(_spelled, part.values()))
    return set().union(*map(_spelled, part)) if isinstance(part, list) else set()
