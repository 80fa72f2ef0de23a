"""The contract of an embedder, over every file of the folder whose library and service are here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from caching.semantic.embedders import get_embedder, names
from caching.semantic.embedders.base import EmbeddingError
from caching.semantic.embedders.wordllama import mapped
from caching.tests.support.embeddings import Embeddings

LIBRARIES = {"fastembed": "fastembed", "sentence_transformers": "sentence_transformers", "wordllama": "wordllama"}
TEXTS = [f"where is parcel {number} of customer {number % 97}" for number in range(100)]


@pytest.mark.parametrize("name", names())
def test_it_gives_unit_vectors_of_its_dimensions(name: str, embeddings: Embeddings) -> None:
    if name in LIBRARIES and not find_spec(LIBRARIES[name]):
        pytest.skip(f"{LIBRARIES[name]} is not installed")
    if name in ("fastembed", "sentence_transformers"):
        pytest.skip(f"{name} downloads its model")
    embedder = get_embedder(name, embeddings.options)
    vectors = embedder.embed(["turn on the light", "लाइट चालू करो", "?"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert embedder.identity.startswith(f"{name}:")


def test_wordllama_does_not_take_all_hindi_for_alike() -> None:
    pytest.importorskip("wordllama")
    vectors = get_embedder("wordllama").embed(["मेरा बैलेंस कितना है", "कल बारिश होगी क्या", "मेरा बैलेंस कितना"])
    assert vectors[0] @ vectors[1] < 0.4
    assert vectors[0] @ vectors[2] > 0.7


def test_vectors_are_read_where_they_lie_in_their_file(tmp_path: Path) -> None:
    numpy_files = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "two.safetensors"
    wanted = np.arange(12, dtype=np.float16).reshape(4, 3)
    numpy_files.save_file({"other": np.ones(5, np.float32), "wanted": wanted}, path)
    found = mapped(path, "wanted")
    assert found.tolist() == wanted.tolist()
    assert not found.flags.owndata and not found.flags.writeable
    with pytest.raises(ValueError, match="other as F32, not as F16"):
        mapped(path, "other")


def test_wordllama_gives_a_text_the_same_vector_in_a_batch_as_alone() -> None:
    pytest.importorskip("wordllama")
    embedder = get_embedder("wordllama")
    texts = ["turn on the light", "", "turn on 12345 lights at 7:30 pm", "?", "लाइट चालू करो", "naïve café ☃", *TEXTS]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert embedder.embed(texts) == pytest.approx(alone, abs=1e-6)
    assert embedder.embed(["turn \t on  the light"]) == pytest.approx(alone[:1], abs=1e-6)


@pytest.mark.parametrize("status", [401, 429, 500])
def test_openai_reports_an_error_status(embeddings: Embeddings, status: int) -> None:
    embeddings.status = status
    with pytest.raises(EmbeddingError, match=str(status)):
        get_embedder("openai", embeddings.options).embed(["x"])


def test_openai_refuses_vectors_of_another_length(embeddings: Embeddings) -> None:
    with pytest.raises(EmbeddingError, match="shape"):
        get_embedder("openai", {**embeddings.options, "DIMENSIONS": "4"}).embed(["x"])


def test_openai_reports_a_server_that_is_not_there() -> None:
    with pytest.raises(EmbeddingError):
        get_embedder("openai", {"BASE_URL": "http://127.0.0.1:9", "DIMENSIONS": "3"}).embed(["x"])


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="wordllama"):
        get_embedder("word2vec")
