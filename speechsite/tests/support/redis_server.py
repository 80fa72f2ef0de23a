"""A real Redis for tests, which can be killed, paused and started again on the same port."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import redis

from speechsite.server.private_redis import find_binary, free_port

CERTIFICATE_REQUEST = [
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
    *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
]


class RedisServer:
    def __init__(self, *arguments: str, tls: bool = False, binary: str | None = None, configured: bool = False) -> None:
        """`arguments` are added to the command line of redis-server; `tls`: they set up its TLS port themselves.

        `configured`: it gets a file that it may write its configuration to, as a sentinel must.
        """
        self.binary = binary or find_binary() or "redis-server"
        self.port = free_port()
        self.tls = tls
        self._arguments = arguments
        self._directory = tempfile.TemporaryDirectory()
        self._file = [f"{self._directory.name}/redis.conf"] if configured else []
        for name in self._file:
            Path(name).touch()
        self.process = self.start()

    @property
    def url(self) -> str:
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}/0"

    def start(self) -> subprocess.Popen[bytes]:
        port = ["--port", "0", "--tls-port", str(self.port)] if self.tls else ["--port", str(self.port)]
        self.process = subprocess.Popen(
            [
                self.binary,
                *self._file,
                *port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                self._directory.name,
                *self._arguments,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self.process
            time.sleep(0.02)
        raise OSError(f"{self.binary} does not listen")

    def client(self, **options: Any) -> redis.Redis:
        return redis.Redis(port=self.port, **options)

    def restart(self, *arguments: str) -> None:
        """Kill it, and start it empty with these arguments in place of those that it had."""
        self.kill()
        self._arguments = arguments
        self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        self._directory.cleanup()

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def self_signed_certificate(directory: Path) -> tuple[Path, Path]:
    """Certificate and key for 127.0.0.1, made on the spot with the openssl program."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        [*CERTIFICATE_REQUEST, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate, key


def tls_options(certificate: Path, key: Path) -> list[str]:
    """Arguments with which redis-server speaks TLS, to its primary too, and asks nobody for a certificate."""
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate))
    return [*files, "--tls-auth-clients", "no", "--tls-replication", "yes"]
