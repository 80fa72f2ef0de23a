from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caching.management.base import GatewayCommand
from caching.redis.url import mask_password
from speechsite.server import children, first_run, migrations, private_redis

START_SECONDS = 60.0


class Command(GatewayCommand):
    help = "Run the site with granian: several workers with shared metrics. Stop it with Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--workers", type=int, default=settings.WORKERS)
        parser.add_argument("--threads", type=int, default=settings.THREADS, help="concurrent requests per worker")
        parser.add_argument(
            "--embedded",
            action="store_true",
            help="also migrate, create a first user and key, and start a private Redis if REDIS_URL is not set",
        )

    def handle(self, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _interrupt)
        _refuse_a_taken_port(options["host"], options["port"])
        with ExitStack() as cleanup:
            # Workers write their counters there; a new directory, without those of dead workers.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = cleanup.enter_context(tempfile.TemporaryDirectory())
            # Without Redis each worker enforces its share of the limits.
            os.environ["WORKERS"] = str(options["workers"])
            # Half of them may wait for incomplete bodies.
            os.environ["THREADS"] = str(options["threads"])
            password = self._prepare(cleanup) if options["embedded"] else ""
            migrations.demand()
            self._tell("Server", f"starting {options['workers']} workers with {options['threads']} threads each")
            server = self._start_server(options)
            cleanup.callback(_stop, server)
            try:
                self._wait_until_it_answers(server, options)
                if options["embedded"]:
                    self.stdout.write(first_run.introduction(_url(options), password))
                    self.stdout.flush()
                raise SystemExit(server.wait())
            except KeyboardInterrupt:
                self.stdout.write("Stopping")

    def _prepare(self, cleanup: ExitStack) -> str:
        """Set up Redis and the database. Return the password of a new staff user, else ""."""
        if settings.REDIS_URL in ("", settings.PRIVATE_REDIS_URL):
            _refuse_a_second_one()
            self._start_private_redis(cleanup)
        else:
            self._tell("Redis", mask_password(settings.REDIS_URL))
        self._tell("Database", f"migrating {settings.DATABASES['default']['NAME']}")
        migrations.migrate()
        return first_run.create_accounts()

    def _tell(self, step: str, what: str) -> None:
        self.stdout.write(f"  {step:10}{what}")
        self.stdout.flush()

    def _start_private_redis(self, cleanup: ExitStack) -> None:
        binary = private_redis.find_binary()
        try:
            redis = private_redis.PrivateRedis(binary, settings.VAR_DIR) if binary else None
        except OSError as error:
            self._tell("Redis", f"caching disabled: cannot start {binary}: {error}")
            return
        if redis is None:
            self._tell("Redis", "caching disabled: redis-server not found. Install it or set REDIS_URL.")
            return
        cleanup.callback(redis.stop)
        os.environ["REDIS_URL"] = redis.url
        self._tell("Redis", f"private, in memory: {mask_password(redis.url)}")

    def _start_server(self, options: dict[str, Any]) -> subprocess.Popen[bytes]:
        self.stdout.flush()
        arguments = {
            "--interface": "wsgi",
            "--host": options["host"],
            "--port": options["port"],
            "--workers": options["workers"],
            "--blocking-threads": options["threads"],
            # Further connections wait in the kernel's queue.
            "--backlog": 2048,
            "--log-level": "error",
            "--workers-kill-timeout": 30,
        }
        words = [str(word) for pair in arguments.items() for word in pair]
        command = [
            sys.executable,
            "-m",
            "granian",
            *words,
            "--respawn-failed-workers",
            "speechsite.server.worker:application",
        ]
        return children.start(command, cwd=settings.BASE_DIR)

    def _wait_until_it_answers(self, server: subprocess.Popen[bytes], options: dict[str, Any]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise CommandError(f"the server exited with status {server.returncode}")
            try:
                urllib.request.urlopen(f"{_url(options)}/healthz", timeout=5).close()  # noqa: S310 (http only)
            except urllib.error.HTTPError:
                # It may refuse this address as a Host, and is up nevertheless.
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
            else:
                return
        raise CommandError(f"the server did not answer within {START_SECONDS:.0f} s")


def _url(options: dict[str, Any]) -> str:
    """Return an address of the server on this machine."""
    host = "127.0.0.1" if options["host"] in ("0.0.0.0", "::") else options["host"]  # noqa: S104 (compared only)
    return f"http://{f'[{host}]' if ':' in host else host}:{options['port']}"


def _refuse_a_taken_port(host: str, port: int) -> None:
    """Raise CommandError if the port is taken: granian would share it, and each process get some of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "not a port"
            raise CommandError(f"cannot listen on {host}:{port}: {why}. Choose another PORT.") from error


def _refuse_a_second_one() -> None:
    """Raise CommandError if another server has its private Redis in VAR_DIR: commands would find only the last one."""
    if running := private_redis.running(settings.VAR_DIR):
        raise CommandError(
            f"another server uses {settings.VAR_DIR}, with its Redis at {mask_password(running)}. "
            "Stop it, or set another VAR_DIR."
        )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    server.wait()
