"""The processes that answer requests: granian and its workers, and how new ones take over from them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from speechsite.server import children, handover

START_SECONDS = 60.0
# Longer, because the old workers serve requests meanwhile.
RELOAD_SECONDS = 180.0
# proc(5), net/tcp: the state of a socket that listens.
_LISTENS = "0A"
# HTTP_PROXY is meant for providers, and Docker sets it in every container where its client has one.
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class HttpServer:
    host: str
    port: int
    workers: int
    # Concurrent requests of a worker.
    threads: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """An address on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 (compared only)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Return when it answers. Raises OSError."""
        self._process = process = self._started()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise OSError(f"the server exited with status {process.returncode}")
            if time.monotonic() > deadline:
                raise OSError(f"the server did not answer within {START_SECONDS:.0f} s")
            time.sleep(0.05)

    def wait(self) -> int:
        """Return the status with which it ends."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """Let the workers finish their requests."""
        if self._process:
            self._process.terminate()
            self._process.wait()

    def reload(self) -> None:
        """Replace the workers by new ones, with the code and the .env file as they are now.

        The new ones listen on the same port before the old ones stop. If they do not start, the old ones go on. Raises
        OSError then, and where the kernel has no SO_REUSEPORT with a queue for each socket, which is Linux only.
        """
        wanted = _listeners(self.port) + self.workers
        new = self._started()
        try:
            deadline = time.monotonic() + RELOAD_SECONDS
            while _listeners(self.port) < wanted:
                if new.poll() is not None or time.monotonic() > deadline:
                    raise OSError("the new workers do not start; the old ones go on")
                time.sleep(0.1)
        except BaseException:
            new.terminate()
            new.wait()
            raise
        old, self._process = self._process, new
        if old:
            # They may have ended meanwhile.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(old.pid, handover.SIGNAL)
                time.sleep(handover.SECONDS)
            old.terminate()
            old.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        words = [str(word) for word in (self.host, self.port, self.workers, self.threads)]
        command = [sys.executable, "-m", "speechsite.server.granian_process", *words]
        return children.start(command, cwd=settings.BASE_DIR)

    def _answers(self) -> bool:
        try:
            _directly.open(f"{self.url}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            # It may refuse this address as a Host, and is up nevertheless.
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True


def _listeners(port: int) -> int:
    """Return the number of sockets that listen on `port`: one of each worker, once it is loaded."""
    tables = [Path("/proc/net", name) for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    if not lines:
        raise OSError("workers can be replaced on Linux only")
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] == _LISTENS for fields in lines)
