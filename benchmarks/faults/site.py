"""What every drill works on: the real server, a real Redis and loopback providers, on free ports of this machine."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from speech.tests.loopback import FakeOpenAI, FakeSarvam, Seen
from speech.tests.loopback.openai import usage_of
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

STARTING = 60.0
"""Seconds that a worker may start later than the first one."""


class Unwell(FakeOpenAI):
    """An OpenAI of which a share of the calls goes wrong, and that keeps books of what it has billed."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: Mapping[str, float] = {}
        """How often each of its behaviours befalls a call, in place of a good answer."""
        self.billed: Counter[str] = Counter()
        """Calls, and OpenAI's names for tokens, of the answers that were sent to their end."""
        self._dice = random.Random(6)

    def reset(self) -> None:
        self.behave("ok")
        self.faults, self.delay, self.chunk_delay = {}, 0.0, 0.0
        self.requests.clear()

    def admit(self, seen: Seen) -> str:
        behaviour = super().admit(seen)
        throw = self._dice.random()
        for fault, share in self.faults.items():
            if throw < share:
                return fault
            throw -= share
        return behaviour

    def sent(self, seen: Seen, behaviour: str) -> None:
        if behaviour == "ok" and seen.path.endswith("/chat/completions"):
            with self._lock:
                self.billed.update(calls=1, **usage_of(seen.body))


@dataclass(frozen=True)
class Site:
    server: Server
    redis: RedisServer
    provider: Unwell
    second: FakeSarvam
    """The fallback, where one is set."""

    def workers(self) -> list[psutil.Process]:
        """The processes that answer: the grandchildren of `manage.py serve`."""
        [granian] = psutil.Process(self.server.process.pid).children()
        return [child for child in granian.children() if "resource_tracker" not in " ".join(child.cmdline())]


class Shared:
    """The site of all drills that want nothing special; starting one takes longer than most drills."""

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self._site: Site | None = None

    def get(self) -> Site:
        """As good as new: nothing stored, everybody well."""
        if self._site is None or self._site.server.process.poll() is not None:
            self._site = self._cleanup.enter_context(new_site())
        self._site.redis.restart()
        self._site.provider.reset()
        # As long as a worker may take to find that Redis is there, and to have its workers again.
        time.sleep(2)
        return self._site

    def close(self) -> None:
        self._site = None
        self._cleanup.close()


shared = Shared()


@contextmanager
def site() -> Iterator[Site]:
    """The shared site."""
    yield shared.get()


@contextmanager
def new_site(*, workers: int = 2, redis_url: str = "", **environment: str) -> Iterator[Site]:
    """A site of its own. `redis_url`: where its server looks for Redis, if not at the one that is started with it."""
    with ExitStack() as cleanup:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        redis = cleanup.enter_context(RedisServer())
        provider, second = cleanup.enter_context(Unwell()), cleanup.enter_context(FakeSarvam())
        own = {
            "REDIS_URL": redis_url or redis.url,
            "LLM_PROVIDER": "openai",
            "TTS_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-loopback-secret",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "SARVAM_API_KEY": "loopback-secret",
            "SARVAM_BASE_URL": second.url,
            # Where the provider is not what is unwell, a slow machine must not make it look so.
            "PROVIDER_READ_TIMEOUT": "20",
            "LOG_LEVEL": "WARNING",
        }
        server = Server(directory, {**own, **environment}, workers=workers)
        cleanup.callback(server.stop)
        _wait_for_workers(server, workers)
        yield Site(server, redis, provider, second)


def _wait_for_workers(server: Server, count: int) -> None:
    """The server answers as soon as one worker does; each one that has begun says how large its index is."""
    deadline = time.monotonic() + STARTING
    while server.request("GET", "/metrics").data.count(b"semantic_index_entries{pid=") < count:
        if time.monotonic() > deadline:
            raise OSError(f"not all workers start: {server.log}")
        time.sleep(0.1)
    # From there until it takes requests: a quarter of a second on a quiet machine.
    time.sleep(1)
