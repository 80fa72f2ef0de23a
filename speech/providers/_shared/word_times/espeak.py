"""The times of words, from what espeak-ng tells while it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from speech.providers._shared.espeak.worker import SAMPLE_RATE
from speech.providers.base import Word

# Of 32,768: -60 dB. What is softer between two words is the pause between them.
_SILENCE = 33


def words_of(text: str, said: str, pcm: bytes, events: str, begin: float) -> list[Word]:
    """Return the words of `text`, divided by white space, spoken `begin` seconds from the beginning of the speech.

    `said` is how the engine was given the text ("500 rupees" for "₹500"), to which the places in `events` refer.
    `events` are the lines of `worker`. A figure has several of them, one for each part that is spoken by itself;
    words that are spoken as one ("of the") have one and are given as one.
    """
    tokens = text.split()
    heard = list(_heard(_ends(tokens, said), events))
    loud = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)) > _SILENCE
    firsts = [*[token for token, _, _ in heard], len(tokens)]
    return [
        _word(" ".join(tokens[first:end]), loud, start, stop, begin)
        for (first, end), (_, start, stop) in zip(pairwise(firsts), heard, strict=bool(heard))
    ]


def _ends(tokens: list[str], said: str) -> list[int]:
    """Return where each token ends in `said`; the words said for several share their tokens evenly."""
    matches = list(re.finditer(r"\S+", said))
    ends = [0, *[match.end() for match in matches]]
    if len(matches) == len(tokens):
        return ends[1:]
    aligned = SequenceMatcher(None, tokens, [match[0] for match in matches]).get_opcodes()
    return [
        ends[begin + -((begin - end) * (token - first + 1) // (last - first))]
        for _, first, last, begin, end in aligned
        for token in range(first, last)
    ]


def _heard(ends: list[int], events: str) -> Iterator[tuple[int, int, int]]:
    """Yield the first token of each that is spoken as one, with its first sample and that of what follows.

    Tokens without an event belong to the one before, or at the beginning of a sentence to the next one.
    """
    token, first, start, stop = -1, 0, 0, -1
    fresh = 0  # the first token of the sentence
    for line in events.splitlines():
        position, length, sample = map(int, line.split())
        if not length:
            stop = sample if stop < 0 else stop
            fresh = next((at for at, end in enumerate(ends) if end > position), len(ends))
            continue
        # Positions are counted from 1; a part of a figure may begin with a blank.
        named = next((at for at, end in enumerate(ends) if at >= token and position - 1 < end), token)
        if named > token:
            if token >= 0:
                yield first, start, sample if stop < 0 else stop
            is_joined = token < fresh < named
            first, start = (fresh, max(stop, 0)) if is_joined else (named, sample)
            token = named
        stop = -1
    if token >= 0 and stop >= 0:
        yield first, start, stop


def _word(text: str, loud: NDArray[np.bool_], start: int, stop: int, begin: float) -> Word:
    spoken = np.flatnonzero(loud[start:stop])
    if len(spoken):
        start, stop = start + int(spoken[0]), start + int(spoken[-1]) + 1
    return Word(text, round(begin + start / SAMPLE_RATE, 3), round(begin + stop / SAMPLE_RATE, 3))
