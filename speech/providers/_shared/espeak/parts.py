"""Cut a text into parts that espeak-ng speaks whole, each by the voice of its script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from speech.providers._shared.espeak.scripts import runs
from speech.providers._shared.espeak.voices import engine_name, voice_of
from speech.text.packing import is_inside_cluster

# It drops without a word what exceeds 200 phonemes in a word, or 1,000 phonemes or 300 words in a clause:
# N_WORD_PHONEMES, N_PHONEME_LIST and N_CLAUSE_WORDS in its source, version 1.52.
_MAX_IN_WORD, _MAX_IN_CLAUSE = 150, 800
_LEAST_OF_WORD = 4
_CHINESE = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Each Chinese character is a word of its own.
_WORD = re.compile(rf"(?:[{_CHINESE}]|[^\s{_CHINESE}]+|)\s*")
_END_OF_CLAUSE = re.compile(r"(?:[.,;:!?…؛،؟۔।॥։።፣፤][\"'”’»)\]]*\s|[。、，！？；：][\"'”’」』）]*|\n\s*\n)\s*\Z")
# Of alphabets with vowels: what has none for three letters is said letter by letter.
_VOWELS = frozenset("aeiouyæœøıаеёиоуыэюяєѣαεηιοωυաեէըիոօուაეიოუ")
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN")
_SPELLED = re.compile("[cwd]{3,}")
_OF_CONSONANTS = {"c": 5, "w": 12, "d": 24}
_REMEMBERED_CHARACTERS = 4096
# The most phonemes of one character, measured with the voices of 1.52: a digit may be several words of a number,
# a symbol is its name.
_OF_LATIN, _OF_ASCII_SIGN, _OF_SYMBOL, _OF_MARK, _OF_OTHER = 1.5, 8, 25, 1, 2.2
_OF_SCRIPT = {"CJK": 5, "HANGUL": 9, "THAI": 3.5, "ETHIOPIC": 3, "HIRAGANA": 2.5, "KATAKANA": 2.5}


class SpokenPart(NamedTuple):
    voice: str
    """Its name in espeak-ng."""
    text: str


def parts_of(text: str, language: str, voice: str) -> list[SpokenPart]:
    """Return parts that joined are `text`. What is in no script of `language` gets a voice like `voice` of its own."""
    own, plus, variant = voice.partition("+")
    return [
        SpokenPart(engine_name((own if run.language == language else voice_of(run.language)) + plus + variant), part)
        for run in runs(text, language)
        for part in _held(run.text)
    ]


def _held(text: str) -> Iterator[str]:
    """Yield `text` in parts that the engine holds, cut only where it has to be."""
    part, last, load = "", "", 0.0
    for word in _WORD.findall(text):
        for number, (piece, weight) in enumerate(_cut(word)):
            load = 0.0 if _is_new_clause(last, piece) else load
            if part and (number or load + weight > _MAX_IN_CLAUSE):
                yield part
                part, load = "", 0.0
            part, last = part + piece, piece
            load += max(weight, _LEAST_OF_WORD)
    if part:
        yield part


def _is_new_clause(before: str, after: str) -> bool:
    """A full stop before a small letter is that of an abbreviation, and no end to the engine."""
    return bool(_END_OF_CLAUSE.search(before)) and not (before.rstrip().endswith(".") and after[:1].islower())


def _cut(word: str) -> Iterator[tuple[str, float]]:
    """Yield `word` in pieces that are not too heavy, with their weights: after a sign in it, or between syllables."""
    weights = _weights(word)
    begin = 0
    while (weight := sum(weights[begin:])) > _MAX_IN_WORD:
        end = _next_cut(word, weights, begin)
        yield word[begin:end], sum(weights[begin:end])
        begin = end
    yield word[begin:], weight


def _next_cut(word: str, weights: list[float], begin: int) -> int:
    """Return the last good place where the piece from `begin` may end."""
    load, most = 0.0, begin
    while most < len(word) and load + weights[most] <= _MAX_IN_WORD:
        load += weights[most]
        most += 1
    middle = (begin + most) // 2
    between_syllables = [at for at in range(most, middle, -1) if not is_inside_cluster(word, at)]
    after_sign = (at for at in between_syllables if not word[at - 1].isalnum() and word[at].isalnum())
    return next(after_sign, 0) or next(iter(between_syllables), 0) or max(most, begin + 1)


def _weights(word: str) -> list[float]:
    """Return the most phonemes that each character of `word` may have."""
    weights = [_weight_of(character) for character in word]
    kinds = "".join(map(_kind_of, word))
    for match in _SPELLED.finditer(kinds):
        weights[slice(*match.span())] = [_OF_CONSONANTS[kind] for kind in match[0]]
    return weights


@lru_cache(_REMEMBERED_CHARACTERS)
def _weight_of(character: str) -> float:
    category = unicodedata.category(character)
    if character.isspace():
        return 0
    if category == "Nd" or (character.isascii() and not character.isalpha()):
        return _OF_ASCII_SIGN
    if category[0] in "LMN":
        name = unicodedata.name(character, "")
        return _OF_LATIN if name.startswith("LATIN") else _OF_SCRIPT.get(name.partition(" ")[0], _OF_OTHER)
    return _OF_SYMBOL if category[0] == "S" else _OF_MARK


@lru_cache(_REMEMBERED_CHARACTERS)
def _kind_of(character: str) -> str:
    """Return "c" for a consonant, "w" for w, "d" for one whose name tells of a mark or a sign, "-" for any other."""
    base, *marks = list(unicodedata.normalize("NFD", character.lower()))
    name = unicodedata.name(character, "")
    if not character.isalpha() or not name.startswith(_ALPHABETS) or base in _VOWELS:
        return "-"
    return "d" if marks or " SIGN" in name or " WITH " in name else "w" if base == "w" else "c"
