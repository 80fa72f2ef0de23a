"""Test bed of the drills: the real server, a real Redis and loopback providers on free ports."""

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

from benchmarks.faults.balancer import Balancer
from speech.tests.loopback import FakeOpenAI, FakeSarvam, Seen
from speech.tests.loopback.openai import usage_of
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

# Maximum delay between the start of the first and the last worker, in seconds.
STARTING = 60.0


class Unwell(FakeOpenAI):
    """An OpenAI server that fails for a share of its calls and records what it bills."""

    def __init__(self) -> None:
        super().__init__()
        # Probability of each fault per call.
        self.faults: Mapping[str, float] = {}
        # Calls and tokens (OpenAI's names) of completed answers.
        self.billed: Counter[str] = Counter()
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
    # The fallback, if any.
    second: FakeSarvam

    def workers(self) -> list[psutil.Process]:
        """Worker processes: the grandchildren of `manage.py serve`."""
        [granian] = psutil.Process(self.server.process.pid).children()
        return [child for child in granian.children() if "resource_tracker" not in " ".join(child.cmdline())]


class Shared:
    """Site shared by most drills, because starting one takes longer than a drill."""

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self._site: Site | None = None

    def get(self) -> Site:
        """Return the site, emptied and with healthy providers."""
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
    yield shared.get()


@contextmanager
def new_site(*, workers: int = 2, gateways: int = 1, redis_url: str = "", **environment: str) -> Iterator[Site]:
    """Start a separate site. `redis_url`: Redis of its server, instead of the one started with it.

    Several `gateways` share Redis and database, so they need `DATABASE_URL`, and take turns.
    """
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
            "SECRET_KEY": "loopback-" * 8,
            "LOG_LEVEL": "WARNING",
        }
        servers: list[Server] = []
        for number in range(gateways):
            (directory / str(number)).mkdir()
            if servers:
                (directory / str(number) / "demo_api_key").write_text(servers[0].key)
            servers.append(Server(directory / str(number), {**own, **environment}, workers=workers))
            cleanup.callback(servers[-1].stop)
            _wait_for_workers(servers[-1], workers)
        server = servers[0] if gateways == 1 else Balancer(servers[0].key, [each.url for each in servers])
        yield Site(server, redis, provider, second)


def _wait_for_workers(server: Server, count: int) -> None:
    """Wait until all workers have started; each reports the size of its index."""
    deadline = time.monotonic() + STARTING
    while server.request("GET", "/metrics").data.count(b"semantic_index_entries{pid=") < count:
        if time.monotonic() > deadline:
            raise OSError(f"not all workers start: {server.log}")
        time.sleep(0.1)
    # From there until it takes requests: a quarter of a second on a quiet machine.
    time.sleep(1)
