"""Word tables, one TOML file per language. The folder is the registry: the file's name is the language's code.

`hi_latn` is Hindi in Latin letters as people type it ("Hinglish"), always mixed with English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, Any]


@cache
def table(language: str) -> Table:
    """The tables of one language; KeyError where there is no such file."""
    path = Path(__file__).with_name(f"{language}.toml")
    if not path.is_file():
        raise KeyError(f"no word tables for the language {language!r}")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def words(language: str, name: str) -> frozenset[str]:
    """A table that is one long string of words, as a set."""
    return frozenset(table(language)[name].split())


def language_of(tokens: list[str]) -> str:
    """Which tables apply: "hi" (Devanagari), "hi_latn" (Hinglish), "en" (other Latin) or "" (any other script)."""
    latin = devanagari = marked = 0
    markers, weak_markers = words("hi_latn", "markers"), words("hi_latn", "weak_markers")
    for token in tokens:
        first = token[0]
        if "a" <= first <= "z":
            latin += 1
            marked += 2 if token in markers else token in weak_markers
        elif "\u0900" <= first <= "\u097f":
            devanagari += 1
    if devanagari:
        return "hi"
    if marked >= 2 and marked * 6 >= latin:
        return "hi_latn"
    return "en" if latin else ""
