"""GPTCache's server, which finds answers by meaning, with the embedder that the gateway has built in.

Its own embedders are downloaded at the first start. Everything else is its default: SQLite, FAISS, threshold 0.8.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.peers import installing
from benchmarks.speed.processes import wait_until_it_answers
from speechsite.server.private_redis import free_port

# It installs what it misses with pip while it runs, so all of that is listed. `openai` is from before its version 1.
PACKAGES = (
    *("gptcache==0.1.44", "fastapi==0.165.0", "uvicorn==0.54.0", "SQLAlchemy==2.1.9", "faiss-cpu==1.15.1"),
    *("openai==0.28.1", "wordllama==0.4.0.post1", "setuptools<81"),
)

SERVER = """
import sys, uvicorn, wordllama
from pathlib import Path
from gptcache.adapter.api import init_similar_cache
from gptcache.embedding.base import BaseEmbedding
from gptcache.processor.post import first
from gptcache_server import server

class Embedding(BaseEmbedding):
    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    dimension = 256
    def to_embeddings(self, data, **_):
        return self.model.embed([data], norm=True)[0]

init_similar_cache(sys.argv[1], embedding=Embedding(), post_func=first)
uvicorn.run(server.app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
"""


@dataclass(frozen=True, slots=True)
class Cache:
    process: subprocess.Popen[bytes]
    url: str

    def put(self, question: str, answer: str) -> None:
        self._post("put", {"prompt": question, "answer": answer})

    def get(self, question: str) -> str | None:
        """Return the answer to a question that means the same, or None."""
        found: str | None = self._post("get", {"prompt": question})["answer"]
        return found

    def request(self, path: str, body: object) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        return urllib.request.Request(f"{self.url}/{path}", json.dumps(body).encode(), headers)  # noqa: S310

    def _post(self, path: str, body: object) -> dict[str, str | None]:
        with urllib.request.urlopen(self.request(path, body), timeout=30) as response:  # noqa: S310
            found: dict[str, str | None] = json.load(response)
        return found


def install() -> bool:
    return installing.once("gptcache", PACKAGES, _install)


def _install(here: Path) -> None:
    installing.virtual_environment(here)
    installing.pip_install(here, *PACKAGES)


def start(directory: Path) -> Cache:
    port = free_port()
    python = str(installing.folder("gptcache") / "bin" / "python")
    command = [python, "-c", SERVER, str(directory / "gptcache"), str(port)]
    with (directory / "gptcache.log").open("wb") as log:
        own = {"PATH": os.environ["PATH"], "HOME": str(directory), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, env=own, stdout=log, stderr=log)
    cache = Cache(process, f"http://127.0.0.1:{port}")
    wait_until_it_answers(process, cache.request("put", {"prompt": "Are you there?", "answer": "Yes."}))
    return cache
