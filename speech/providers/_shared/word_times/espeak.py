"""The times of words, from what espeak-ng tells while it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from speech.providers._shared.espeak.worker import SAMPLE_RATE
from speech.providers.base import Word

# Of 32,768: -60 dB. What is softer between two words is the pause between them.
_SILENCE = 33


def words_of(text: str, pcm: bytes, events: str, begin: float) -> list[Word]:
    """Return the words of `text`, divided by white space, spoken `begin` seconds from the beginning of the speech.

    `events` are the lines of `worker`. A figure has several of them, one for each part that is spoken by itself;
    words that are spoken as one ("of the") have one and are given as one.
    """
    tokens = [(match.end(), match[0]) for match in re.finditer(r"\S+", text)]
    heard = list(_heard([end for end, _ in tokens], events))
    loud = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)) > _SILENCE
    firsts = [0, *[token for token, _, _ in heard[1:]], len(tokens)]
    return [
        _word(" ".join(token for _, token in tokens[first:end]), loud, start, stop, begin)
        for (first, end), (_, start, stop) in zip(pairwise(firsts), heard, strict=bool(heard))
    ]


def _heard(ends: list[int], events: str) -> Iterator[tuple[int, int, int]]:
    """Yield each token that an event names, with its first sample and that of what follows."""
    token, start, stop = -1, 0, -1
    for line in events.splitlines():
        position, length, sample = map(int, line.split())
        if not length:
            stop = sample if stop < 0 else stop
            continue
        # Positions are counted from 1; a part of a figure may begin with a blank.
        named = next((at for at, end in enumerate(ends) if at >= token and position - 1 < end), token)
        if named > token:
            if token >= 0:
                yield token, start, sample if stop < 0 else stop
            token, start = named, sample
        stop = -1
    if token >= 0 and stop >= 0:
        yield token, start, stop


def _word(text: str, loud: NDArray[np.bool_], start: int, stop: int, begin: float) -> Word:
    spoken = np.flatnonzero(loud[start:stop])
    if len(spoken):
        start, stop = start + int(spoken[0]), start + int(spoken[-1]) + 1
    return Word(text, round(begin + start / SAMPLE_RATE, 3), round(begin + stop / SAMPLE_RATE, 3))
