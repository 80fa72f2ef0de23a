"""A loopback server with OpenAI's `POST /embeddings` that remembers what it was asked, and may be slow or fail."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from caching.semantic.embedders.ngrams import Embedder
from speechsite.tests.support.ending import end_server

DIMENSIONS = 64


class Embeddings:
    """Every word is one token. Its vectors are those of `ngrams`, so that what is alike is near."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.delay = 0.0
        self.status = 200
        self._embedder = Embedder({"DIMENSIONS": str(DIMENSIONS)})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def options(self) -> dict[str, str]:
        """For get_embedder("openai", …)."""
        return {
            "BASE_URL": f"http://127.0.0.1:{self._http.server_port}/v1",
            "MODEL": "text-embedding-3-small",
            "DIMENSIONS": str(DIMENSIONS),
            "TIMEOUT_MS": "30000",
        }

    def choose(self, settings: Any) -> None:
        """Let the semantic tier ask this server, and wait for it however busy the machine is."""
        settings.SEMANTIC_EMBEDDER, settings.SEMANTIC_EMBEDDER_OPTIONS = "openai", self.options
        settings.SEMANTIC_TIMEOUT_MS = 30_000

    def close(self) -> None:
        end_server(self._http)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.texts += body["input"]
        time.sleep(self.delay)
        # Neither in order nor of length 1: the API promises neither.
        rows = reversed(list(enumerate((2 * self._embedder.embed(body["input"])).tolist())))
        tokens = sum(len(text.split()) for text in body["input"])
        return {
            "data": [{"index": at, "embedding": row} for at, row in rows],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(server.answer(body)).encode()
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler
