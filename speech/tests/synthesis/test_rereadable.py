from __future__ import annotations

from collections.abc import Iterator

import pytest

from speech.exceptions import ProviderUnavailable
from speech.synthesis.spoken_turn import Rereadable


class Source:
    """Sentences one by one; whether they were closed."""

    def __init__(self, *sentences: str, failing: bool = False) -> None:
        self.closed = self.taken = 0
        self._sentences = iter(sentences)
        self._failing = failing

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            sentence = next(self._sentences)
        except StopIteration:
            if self._failing:
                self._failing = False
                raise ProviderUnavailable("broke off") from None
            raise
        self.taken += 1
        return sentence

    def close(self) -> None:
        self.closed += 1


def test_a_second_reader_hears_all_of_it_and_nothing_is_taken_twice() -> None:
    source = Source("One.", "Two.", "Three.")
    with Rereadable(source) as texts:
        first = texts.again()
        assert [next(first), next(first)] == ["One.", "Two."]
        assert list(texts.again()) == ["One.", "Two.", "Three."]
        assert list(first) == ["Three."]
    assert source.taken == 3


def test_it_is_closed_with_its_last_reader() -> None:
    source = Source("One.", "Two.")
    with Rereadable(source) as texts:
        first, second = texts.again(), texts.again()
        next(first)
        next(second)
        first.close()  # type: ignore[attr-defined]
    assert not source.closed
    second.close()  # type: ignore[attr-defined]
    assert source.closed == 1


def test_every_reader_hears_of_the_failure() -> None:
    with Rereadable(Source("One.", failing=True)) as texts:
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                list(texts.again())
