from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import urllib3
from django.conf import settings

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, known_speech, new_chat, new_stream
from benchmarks.faults.balancer import Balancer
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, Unwell
from speech.tests.loopback import FakeSarvam
from speechsite.server.private_redis import free_port
from speechsite.tests.support.databases import PostgresServer, find_postgres
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import START_SECONDS

TITLE = "upgrade from the version before, and back"
QUICK = False
# Length of each phase.
SECONDS = 10.0
# A load balancer stops sending requests before an instance is stopped.
DRAIN_SECONDS = 1.0


def run(*, before: str) -> DrillResult:
    """Replace an instance of revision `before` by one of this checkout, and go back, on one database and one Redis."""
    bin_dir = find_postgres()
    if not before or bin_dir is None:
        return DrillResult(skipped="it needs --before" if bin_dir else "there is no PostgreSQL on this machine")
    with ExitStack() as cleanup:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        postgres = cleanup.enter_context(closing(PostgresServer(bin_dir)))
        redis = cleanup.enter_context(RedisServer())
        provider, second = cleanup.enter_context(Unwell()), cleanup.enter_context(FakeSarvam())
        environment = {
            **os.environ,
            "SECRET_KEY": "upgrade-" * 8,
            "VAR_DIR": str(directory),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "LLM_PROVIDER": "openai",
            "TTS_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-loopback-secret",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "LOG_LEVEL": "WARNING",
        }
        old = Version(_unpacked(before, directory / "before"), environment)
        new = Version(Path(settings.BASE_DIR), environment)
        cleanup.callback(new.stop)
        cleanup.callback(old.stop)
        old.manage("migrate")
        balancer = Balancer(old.manage("create_client", "upgrade").split()[-1])
        here = Site(balancer, redis, provider, second)
        old.start()
        balancer.urls = [old.url]
        hits = []
        with Load(here, [known_chat, known_speech, known_chat, new_chat, new_stream]) as load:
            hits.append(_hit_rate(load))
            new.manage("migrate")
            for leaving, coming in (old, new), (new, old):
                coming.start()
                balancer.urls = [leaving.url, coming.url]
                hits.append(_hit_rate(load))
                balancer.urls = [coming.url]
                time.sleep(DRAIN_SECONDS)
                leaving.stop()
                hits.append(_hit_rate(load))
        result = load.result()
        off = ledger_check.difference(here, lambda: psycopg.connect(postgres.url))
    phases = ["before", "both", "after", "both", "back"]
    result.seen.append("hits " + ", ".join(f"{phase} {rate:.0%}" for phase, rate in zip(phases, hits, strict=True)))
    result.seen.append(f"{off.completion} tokens missing from the ledger")
    result.require("spending is in the ledger", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result


class Version:
    """`manage.py` of a checkout, with at most one running server."""

    def __init__(self, checkout: Path, environment: Mapping[str, str]) -> None:
        self._checkout, self._environment = checkout, environment
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=self._checkout, env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self) -> None:
        """Return when the server is ready."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "manage.py", "serve", "--workers", "2", "--port", str(port)]
        self._process = subprocess.Popen(command, cwd=self._checkout, env=self._environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"{self._checkout} does not start")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.url}/readyz", retries=False, timeout=2).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(60)


def _hit_rate(load: Load) -> float:
    """Return the share of hits among the requests of the next SECONDS."""
    begun = time.monotonic()
    time.sleep(SECONDS)
    answered = load.since(begun)
    return sum(is_hit(one.verdict) for one in answered) / max(1, len(answered))


def _unpacked(revision: str, directory: Path) -> Path:
    """The files of a revision of this repository."""
    packed = subprocess.run(["git", "archive", revision], cwd=settings.BASE_DIR, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(directory, filter="data")
    return directory
