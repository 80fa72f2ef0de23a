"""Any server with OpenAI's `POST /embeddings`: OpenAI, vLLM, Ollama, text-embeddings-inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np
import urllib3

from caching.semantic.embedders._unit import unit
from caching.semantic.embedders.base import BaseEmbedder, EmbeddingError, Vectors


class Embedder(BaseEmbedder):
    """Options: BASE_URL, API_KEY, MODEL, DIMENSIONS (as the model gives them) and TIMEOUT_MS for one whole call."""

    name = "openai"
    slow = True

    def __init__(self, options: Mapping[str, str]) -> None:
        self.version = options.get("MODEL", "text-embedding-3-small")
        self.dimensions = int(options.get("DIMENSIONS", 1536))
        self._url = options.get("BASE_URL", "https://api.openai.com/v1").rstrip("/") + "/embeddings"
        self._headers = {"Authorization": f"Bearer {key}"} if (key := options.get("API_KEY")) else {}
        timeout = urllib3.Timeout(total=int(options.get("TIMEOUT_MS", 300)) / 1000)
        self._http = urllib3.PoolManager(timeout=timeout, retries=False, maxsize=8)
        self._billed = 0
        self._lock = Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        try:
            response = self._http.request(
                "POST", self._url, json={"model": self.version, "input": list(texts)}, headers=self._headers
            )
            if response.status != 200:
                raise EmbeddingError(f"{self._url} answered {response.status}")
            answer = response.json()
            with self._lock:
                self._billed += int((answer.get("usage") or {}).get("prompt_tokens", 0))
            rows = sorted(answer["data"], key=lambda item: item["index"])
            vectors = np.array([row["embedding"] for row in rows], np.float32)
        except urllib3.exceptions.HTTPError as err:
            raise EmbeddingError(f"{self._url}: {type(err).__name__}") from err
        except (AttributeError, ValueError, KeyError, TypeError) as err:
            raise EmbeddingError(f"{self._url} sent no embeddings") from err
        if vectors.shape != (len(texts), self.dimensions):
            raise EmbeddingError(f"{self.version} gave shape {vectors.shape}, not {(len(texts), self.dimensions)}")
        return unit(vectors)

    def take_billed(self) -> int:
        with self._lock:
            billed, self._billed = self._billed, 0
        return billed
