from __future__ import annotations

import errno
import os
import signal
import socket
import tempfile
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from caching.management.arguments import whole_number
from caching.management.base import GatewayCommand
from caching.redis.url import mask_password
from speechsite.server import counters, first_run, migrations, private_redis
from speechsite.server.http_server import HttpServer


class Command(GatewayCommand):
    help = "Run the site with granian: several workers with shared metrics. Stop it with Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=whole_number(1, 65_535), default=settings.PORT)
        parser.add_argument("--workers", type=whole_number(1, 1000), default=settings.WORKERS)
        parser.add_argument(
            "--threads",
            type=whole_number(1, 10_000),
            default=settings.THREADS,
            help="concurrent requests per worker",
        )
        parser.add_argument(
            "--embedded",
            action="store_true",
            help="also migrate, create a first user and key, and start a private Redis if REDIS_URL is not set",
        )

    def handle(self, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _interrupt)
        address = _address_of(options["host"], options["port"])
        with ExitStack() as cleanup:
            # Workers write their counters there; a new directory, without those of dead workers.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = cleanup.enter_context(_directory_of_counters())
            # Without Redis each worker enforces its share of the limits.
            os.environ["WORKERS"] = str(options["workers"])
            # Half of them may wait for incomplete bodies.
            os.environ["THREADS"] = str(options["threads"])
            password = self._prepare(cleanup) if options["embedded"] else ""
            migrations.demand()
            self._tell("Server", f"starting {options['workers']} workers with {options['threads']} threads each")
            server = HttpServer(address, *(options[name] for name in ("port", "workers", "threads")))
            try:
                cleanup.callback(server.stop)
                server.start()
                if options["embedded"]:
                    self._say(first_run.introduction(server.url, password))
                raise SystemExit(self._wait(server))
            except OSError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                self._say("Stopping")

    def _wait(self, server: HttpServer) -> int:
        """Return the status of the server at its end; replace its workers at SIGHUP."""
        reloads = not _has_terminal()
        while True:
            try:
                if reloads:
                    signal.signal(signal.SIGHUP, _reload)
                return server.wait()
            except _Reload:
                self._tell("Reload", "starting new workers")
                try:
                    server.reload()
                except OSError as error:
                    self._tell("Reload", f"failed: {error}")
                else:
                    self._tell("Reload", "done")

    def _prepare(self, cleanup: ExitStack) -> str:
        """Set up Redis and the database. Return the password of a new staff user, else ""."""
        if settings.REDIS_URL in ("", settings.PRIVATE_REDIS_URL):
            with private_redis.one_at_a_time(settings.VAR_DIR):
                _refuse_a_second_one()
                self._start_private_redis(cleanup)
        else:
            self._tell("Redis", mask_password(settings.REDIS_URL))
        self._tell("Database", f"migrating {settings.DATABASES['default']['NAME']}")
        call_command("migrate", verbosity=0)
        with migrations.one_at_a_time():
            return first_run.create_accounts()

    def _tell(self, step: str, what: str) -> None:
        self._say(f"  {step:10}{what}")

    def _say(self, text: str) -> None:
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError as error:
            # The disk of a log is full: a server that runs must not end for that.
            if error.errno != errno.ENOSPC:
                raise

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


def _address_of(host: str, port: int) -> str:
    """Return the address of `host`, of IPv4 if it has one: granian takes no names.

    Raise CommandError if the port is taken: granian would share it, and each process get some of the requests.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        is_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        remedy = f"Choose another {'HOST' if is_host else 'PORT'}."
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}. {remedy}") from error
    return str(address[0])


def _directory_of_counters() -> tempfile.TemporaryDirectory[str]:
    try:
        return counters.new_directory()
    except OSError as error:
        raise CommandError(f"no room for the counters of /metrics, set TMPDIR: {error}") from error


def _refuse_a_second_one() -> None:
    """Raise CommandError if another server has its private Redis in VAR_DIR: commands would find only the last one."""
    if running := private_redis.running(settings.VAR_DIR):
        raise CommandError(
            f"another server uses {settings.VAR_DIR}, with its Redis at {mask_password(running)}. "
            "Stop it, or set another VAR_DIR."
        )


def _has_terminal() -> bool:
    """Return True if SIGHUP means that the terminal is gone."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


class _Reload(Exception):
    pass


def _reload(number: int, frame: object) -> None:
    # Until the workers are replaced.
    signal.signal(number, signal.SIG_IGN)
    raise _Reload


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
