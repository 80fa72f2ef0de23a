"""Text to pieces that an engine takes in one request."""

from __future__ import annotations

import re
import unicodedata

from speech.text.sentences import split

# Tags are not divided.
_ANY = r"(?s)(?:<[/a-zA-Z][^<>]{0,200}>|.)+?"
# The signs of scripts that write no space behind a comma: Chinese and Japanese, Ethiopic, Burmese, Khmer.
_CLAUSE = re.compile(rf"{_ANY}(?:[,;:،؛–—]\s+|[、，；：､፣-፦၊៖]|\Z)")
# Thai, Lao, Burmese and Khmer mark the ends of words by a zero width space, Ethiopic by a sign.
_WORD = re.compile(rf"{_ANY}(?:\s+|(?<=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b+|\u1361|\Z)")
# Syllables of Tibetan, and where a word says itself that it may be divided.
_PART_OF_WORD = re.compile(rf"{_ANY}(?:\u0f0b|(?<=[^\W\d_])[-‐/\u00ad]+(?=[^\W\d_])|\Z)")
_VOWELS_IN_FRONT = "เแโใไເແໂໃໄ"  # written before the consonant that they follow in speech
_JOINERS = "\u200c\u200d"
_JOINS_NEXT = _JOINERS + _VOWELS_IN_FRONT
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_FLAG_TAGS = "\U000e0020-\U000e007f"
# Letters by their category: vowels and signs of repetition of Thai and Lao, vowels and ends of Korean syllables that
# are spelled out, small kana, what lengthens, voices or repeats a kana or a Chinese character.
_JOINS_PREVIOUS = re.compile(
    rf"[{_JOINERS}{_SKIN_TONES}{_FLAG_TAGS}ฯ-\u0e3aๅๆຯ-ຽໆ\u1160-\u11ffぁぃぅぇぉっゃゅょゎゕゖゝゞァィゥェォッャュョヮヵヶーヽヾ々ｧ-ｰﾞﾟ]"
)
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")
_ASAT = "\u103a"
# A consonant of Burmese without a vowel, which ends a syllable.
_BURMESE_END = re.compile(f"[\u1000-\u1021]\u1037?{_ASAT}")
_LONGEST_CLUSTER = 32


def pack(text: str, language: str, limit: int) -> list[str]:
    """Return `text` in as few pieces of at most `limit` characters as its sentences allow, without white space around.

    A sentence over the limit is cut after clauses, a clause between words, a word between syllables as written.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if len(text.rstrip()) <= limit:
        return [text.strip()] if text.strip() else []
    parts = [
        part for sentence in split(text, language) for part in _fit(sentence, limit, (_CLAUSE, _WORD, _PART_OF_WORD))
    ]
    return [piece.strip() for piece in _fill(parts, limit)]


def _fit(text: str, limit: int, cuts: tuple[re.Pattern[str], ...]) -> list[str]:
    """Return parts of at most `limit` characters, not counting white space at the end, that joined are `text`."""
    if len(text.rstrip()) <= limit:
        return [text]
    if not cuts:
        return _cut_word(text, limit)
    return _fill([part for whole in cuts[0].findall(text) for part in _fit(whole, limit, cuts[1:])], limit)


def _fill(parts: list[str], limit: int) -> list[str]:
    """Return the parts in order, as many together as the limit lets in."""
    pieces: list[str] = []
    for part in parts:
        if pieces and len((pieces[-1] + part).rstrip()) <= limit:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def _cut_word(text: str, limit: int) -> list[str]:
    parts, start = [], 0
    while len(text) - start > limit:
        most = start + limit
        least = max(start, most - _LONGEST_CLUSTER)
        end = next((at for at in range(most, least, -1) if not is_inside_cluster(text, at)), most)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def is_inside_cluster(text: str, at: int) -> bool:
    """Return True if a cut before `text[at]` would divide what is read as one syllable, character or emoji."""
    before, after = text[at - 1], text[at]
    if before in _JOINS_NEXT or _JOINS_PREVIOUS.match(after) or _BURMESE_END.match(text, at):
        return True
    flags = _FLAG_LETTERS.search(text, max(0, at - _LONGEST_CLUSTER), at)
    if flags and _FLAG_LETTERS.match(after):
        return len(flags[0]) % 2 == 1
    is_virama = unicodedata.combining(before) == 9 and before != _ASAT
    return is_virama or unicodedata.category(after)[0] == "M"
