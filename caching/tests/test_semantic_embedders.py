"""The contract of an embedder, over every file of the folder whose library and service are here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from caching.semantic.embedders import get_embedder, names
from caching.semantic.embedders.base import EmbeddingError

LIBRARIES = {"fastembed": "fastembed", "sentence_transformers": "sentence_transformers", "wordllama": "wordllama"}


class Handler(BaseHTTPRequestHandler):
    status = 200

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = [{"index": at, "embedding": [len(text), 1.0, 2.0]} for at, text in enumerate(body["input"])]
        answer = json.dumps({"data": rows[::-1], "model": body["model"]}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/v1"
    httpd.shutdown()
    httpd.server_close()
    Handler.status = 200


@pytest.mark.parametrize("name", names())
def test_it_gives_unit_vectors_of_its_dimensions(name: str, server: str) -> None:
    if name in LIBRARIES and not find_spec(LIBRARIES[name]):
        pytest.skip(f"{LIBRARIES[name]} is not installed")
    if name in ("fastembed", "sentence_transformers"):
        pytest.skip(f"{name} downloads its model")
    embedder = get_embedder(name, {"BASE_URL": server, "DIMENSIONS": "3"})
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


@pytest.mark.parametrize("status", [401, 429, 500])
def test_openai_reports_an_error_status(server: str, status: int) -> None:
    Handler.status = status
    with pytest.raises(EmbeddingError, match=str(status)):
        get_embedder("openai", {"BASE_URL": server, "DIMENSIONS": "3"}).embed(["x"])


def test_openai_refuses_vectors_of_another_length(server: str) -> None:
    with pytest.raises(EmbeddingError, match="shape"):
        get_embedder("openai", {"BASE_URL": server, "DIMENSIONS": "4"}).embed(["x"])


def test_openai_reports_a_server_that_is_not_there() -> None:
    with pytest.raises(EmbeddingError):
        get_embedder("openai", {"BASE_URL": "http://127.0.0.1:9", "DIMENSIONS": "3"}).embed(["x"])


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="wordllama"):
        get_embedder("word2vec")
