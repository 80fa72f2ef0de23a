"""Resources of a run."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from benchmarks.speed.limit import key_of
from benchmarks.speed.load import Ask
from benchmarks.speed.peers import gptcache, litellm, portkey
from benchmarks.speed.processes import stop, wait_until_it_answers
from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

# More than one load can use.
NUMBERS = 10_000_000


@dataclass
class Bench:
    quick: bool
    stack: ExitStack
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(0, NUMBERS))

    @property
    def seconds(self) -> int:
        return 1 if self.quick else 3

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 3

    def fresh_numbers(self) -> int:
        """Return the start of a range of numbers that no body has used."""
        return next(self._numbers)

    def directory(self) -> Path:
        return Path(self.stack.enter_context(TemporaryDirectory()))

    def redis(self) -> RedisServer:
        return self.stack.enter_context(RedisServer())

    def redis8(self) -> RedisServer | None:
        """Start a Redis with vector sets, if REDIS8_SERVER names its program."""
        binary = os.environ.get("REDIS8_SERVER")
        return self.stack.enter_context(RedisServer(binary=binary)) if binary else None

    def provider(self, milliseconds: int = 0, *, tokens_a_second: float = 0) -> str:
        """Base URL of a loopback OpenAI with this latency; 0 tokens a second are as many as it can."""
        command = [sys.executable, "-m", "benchmarks.speed.provider", str(milliseconds), str(tokens_a_second)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.stack.callback(stop, process)
        assert process.stdout  # noqa: S101 (asked for above)
        return process.stdout.readline().strip()

    def gateway(self, redis: RedisServer, provider: str, *, workers: int = 1, **environment: str) -> Server:
        """The real server, with a free provider."""
        own = {
            "REDIS_URL": redis.url,
            "LLM_PROVIDER": "openai",
            "TTS_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-benchmark",
            "OPENAI_BASE_URL": provider,
        }
        server = Server(self.directory(), {**own, **environment}, workers=workers)
        self.stack.callback(server.stop)
        return server

    def limit(self, redis: RedisServer, body: str) -> Ask:
        """The minimal WSGI function."""
        redis.client().set(key_of(b"{}"), b"{}")
        return replace(self._served("limit", REDIS_URL=redis.url), body=body)

    def limit_of_streams(self, provider: str) -> Ask:
        """The minimal WSGI function that streams."""
        return self._served("limit_stream", OPENAI_BASE_URL=provider)

    def _served(self, module: str, **environment: str) -> Ask:
        """Serve a WSGI function with the same options as the gateway; return a request that it answers."""
        port = free_port()
        threads = str(settings.THREADS)
        options = ["--interface", "wsgi", "--port", str(port), "--blocking-threads", threads, "--backlog", "2048"]
        command = [sys.executable, "-m", "granian", *options, "--log-level", "error"]
        process = subprocess.Popen(
            [*command, f"benchmarks.speed.{module}:application"], env={**os.environ, **environment}
        )
        self.stack.callback(stop, process)
        asked = Ask(f"http://127.0.0.1:{port}/", "{}", process=process.pid)
        wait_until_it_answers(process, asked.request())
        return asked

    def litellm(self, redis: RedisServer, provider: str, *, rust: bool = False) -> litellm.Proxy | None:
        """Start the proxy. Return None, which is printed, if it cannot be installed here; so do the others below."""
        if not litellm.install():
            return None
        proxy = litellm.start(self.directory(), redis.port, provider, rust=rust)
        self.stack.callback(stop, proxy.process)
        return proxy

    def portkey(self, provider: str, question: str) -> portkey.Gateway | None:
        if not portkey.install():
            return None
        gateway = portkey.start(self.directory(), provider, question)
        self.stack.callback(stop, gateway.process)
        return gateway

    def gptcache(self) -> gptcache.Cache | None:
        if not gptcache.install():
            return None
        cache = gptcache.start(self.directory())
        self.stack.callback(stop, cache.process)
        return cache
