from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from caching.semantic.cache import Tier
from caching.tests.support.embeddings import Embeddings


@pytest.fixture
def worker() -> Iterator[Callable[[], Tier]]:
    """Makes a semantic tier as each worker has one, with the settings of the moment."""
    made: list[Tier] = []

    def make() -> Tier:
        made.append(Tier())
        return made[-1]

    yield make
    for tier in made:
        tier.close()


@pytest.fixture
def embeddings() -> Iterator[Embeddings]:
    """A provider of embeddings, which nothing asks yet."""
    server = Embeddings()
    yield server
    server.close()
