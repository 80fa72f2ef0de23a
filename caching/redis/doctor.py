"""Diagnose step by step why Redis cannot be used. Each step needs the ones before it."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ClusterDownError, RedisError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError

from caching import keys
from caching.policy import CLOCK_SKEW
from caching.redis import errors
from caching.redis.backend import sentinel_options
from caching.redis.errors import Advice
from caching.redis.health import memory_warning
from caching.redis.url import NOT_SET, kind_of, mask_password, node_url, nodes, service_of
from caching.redis.version import SAFE_VECTOR_SETS, has_safe_vector_sets, has_vector_sets, product, version

# Seconds for each step; longer than a request waits, to tell a slow Redis from a dead one.
TIMEOUT = 3.0
# Oldest tested version; UNLINK and MEMORY USAGE came with 4.
OLDEST = (6, 0)
SLOW_MS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    step: str
    status: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""


class Failed(Exception):
    """A step failed, so the next ones make no sense."""

    def __init__(self, found: Advice) -> None:
        super().__init__(str(found))
        self.advice = found


def examine_redis(url: str, index: str = "") -> Iterator[Finding]:
    """Yield each step when it is done; the last one is the first that failed.

    `url` and `index` are settings.REDIS_URL and settings.SEMANTIC_INDEX.
    """
    if not url:
        remedy = "Start `make run`, or set REDIS_URL in .env; see docs/redis.md"
        yield Finding("REDIS_URL", "warning", f"caching is off: {NOT_SET}", remedy)
        return
    yield Finding("REDIS_URL", "ok", mask_password(url))
    kind = kind_of(url)
    if kind:
        found = list(_ask_for_the_others(url))
        url = found[-1][1]
        for finding, _ in found:
            # One address that answers is enough to find all others.
            yield replace(finding, status="warning") if url and finding.status == "error" else finding
        if not url:
            return
        if unreached := list(_unreached(url, kind)):
            yield from unreached
            return
    parts = urlsplit(url)
    steps: tuple[tuple[str, Callable[[SplitResult], str]], ...] = (
        ("DNS", _resolve),
        ("TCP", _connect),
        ("TLS", _handshake),
        ("AUTH", _authenticate),
        ("SELECT", _select),
        ("write", _write),
    )
    for name, step in steps[:-2] if kind == "cluster" else steps:
        try:
            message = step(parts)
        except Failed as failure:
            yield Finding(name, "error", failure.advice.message, failure.advice.remedy)
            return
        if message:
            yield Finding(name, "ok", message)
    yield from _advise(parts, index)


def _ask_for_the_others(url: str) -> Iterator[tuple[Finding, str]]:
    """Yield the result for each address in `url` until one answers, then the address of a Redis with entries."""
    step = "sentinels" if kind_of(url) == "sentinel" else "cluster"
    for host, port in nodes(url):
        try:
            message, found = (_ask_sentinel if step == "sentinels" else _ask_cluster)(url, host, port)
        except (RedisError, OSError) as error:
            told = errors.explain(error)
            yield Finding(step, "error", f"{host}:{port}: {told.message}", told.remedy), ""
        else:
            yield Finding(step, "ok", f"{host}:{port}: {message}"), found
            return


def _ask_sentinel(url: str, host: str, port: int) -> tuple[str, str]:
    options: dict[str, Any] = {"protocol": 2, "driver_info": None, **sentinel_options(url)}
    sentinel = Redis(host, port, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, **options)
    try:
        primary: Any = sentinel.sentinel_get_master_addr_by_name(service_of(url))
    except AuthenticationError as error:
        raise MasterNotFoundError(f"no master found: {error!r}") from error
    if not primary:
        raise MasterNotFoundError("no master found")
    host, port = primary[0].decode(), int(primary[1])
    return f"the primary of {service_of(url)} is {host}:{port}", node_url(url, host, port)


def _ask_cluster(url: str, host: str, port: int) -> tuple[str, str]:
    one = node_url(url, host, port)
    info: dict[str, str] = _redis(urlsplit(one)).execute_command("CLUSTER INFO")
    if info["cluster_state"] != "ok":
        raise ClusterDownError(info["cluster_state"])
    return f"{info['cluster_size']} primaries, all slots served", one


def _unreached(url: str, kind: str) -> Iterator[Finding]:
    """Yield an error for each announced address that is no way to Redis; `url` is that of the primary, or of a node."""
    for host, port in nodes(url) if kind == "sentinel" else _announced(url):
        try:
            _redis(urlsplit(node_url(url, host, port)), db=0, with_password=False).connection_pool.get_connection()
        except (RedisError, OSError) as error:
            told = errors.explain(error)
            if remedy := errors.announce(told, kind):
                yield Finding(kind, "error", f"{host}:{port}, which is announced: {told.message}", remedy)


def _announced(url: str) -> list[tuple[str, int]]:
    """Return the addresses of the primaries, as the cluster tells them to its clients; none if it does not."""
    parts = urlsplit(url)
    slots: list[Any] = []
    with suppress(RedisError, OSError):
        slots = _redis(parts).execute_command("CLUSTER SLOTS")
    found = {(primary[0] or b"", int(primary[1])) for _, _, primary, *_ in slots}
    # A node that tells no name is where the one is that was asked.
    return sorted((str(parts.hostname) if host in (b"", b"?") else host.decode(), port) for host, port in found)


def _resolve(parts: SplitResult) -> str:
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Failed(errors.UNKNOWN_HOST) from error
    return f"{parts.hostname} is {found[0][4][0]}"


def _connect(parts: SplitResult) -> str:
    try:
        _socket(parts).close()
    except OSError as error:
        raise Failed(errors.explain(error)) from error
    return f"port {parts.port} is open"


def _handshake(parts: SplitResult) -> str:
    """Return "" if TLS is neither configured nor wanted by the port."""
    if parts.scheme == "redis":
        if not _speaks_plainly(parts) and _speaks_tls(parts):
            raise Failed(errors.TLS_WANTED)
        return ""
    try:
        _redis(parts, db=0, with_password=False).connection_pool.get_connection()
    except (RedisError, OSError) as error:
        # Both sides wait, or one disconnects: only the other protocol tells why.
        raise Failed(errors.NO_TLS_HERE if _speaks_plainly(parts) else errors.explain(error)) from error
    return "certificate accepted"


def _authenticate(parts: SplitResult) -> str:
    _command(parts, lambda redis: redis.ping(), db=0)
    return f"logged in{' with a password' if parts.password else ', no password needed'}"


def _select(parts: SplitResult) -> str:
    _command(parts, lambda redis: redis.ping())
    return f"database {_database(parts)}"


def _write(parts: SplitResult) -> str:
    # A key that a Redis user with the documented permissions may write.
    name, value = keys.make_key(f"llm:doctor:{secrets.token_hex(8)}", settings.CACHE_KEY_PREFIX, 1), b"ok"

    def write_and_read(redis: Redis) -> bool:
        redis.set(name, value, ex=10)
        read = redis.get(name)
        redis.unlink(name)
        return read == value

    _command(parts, write_and_read)
    return "write, read and delete work"


def _advise(parts: SplitResult, index: str) -> Iterator[Finding]:
    redis = _redis(parts)
    try:
        yield from _judge_info(_command(parts, lambda redis: redis.info()), index)
    except Failed as failure:
        remedy = "Grant the user +info to see memory and version here and on the dashboard; requests do not need it"
        yield Finding("INFO", "warning", failure.advice.message, remedy)
    with suppress(RedisError):
        seconds, microseconds = redis.time()
        yield _judge_clock(seconds + microseconds / 1e6 - time.time())
    started = time.perf_counter()
    for _ in range(10):
        redis.ping()
    milliseconds = (time.perf_counter() - started) * 100
    closer = "Every hit takes at least this long: use a Redis closer to this server" if milliseconds > SLOW_MS else ""
    yield Finding("latency", "warning" if closer else "ok", f"{milliseconds:.2f} ms per round trip", closer)


def _judge_clock(ahead: float) -> Finding:
    """`ahead`: seconds by which the clock of Redis is ahead of ours."""
    if abs(ahead) <= CLOCK_SKEW:
        return Finding("clock", "ok", "agrees with this machine's")
    message = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return Finding("clock", "warning", message, "Ages, lifetimes and limits will be wrong: run NTP on both machines")


def _judge_info(info: dict[str, Any], index: str) -> Iterator[Finding]:
    policy, limit = info.get("maxmemory_policy", ""), int(info.get("maxmemory") or 0)
    shown = info.get("maxmemory_human") if limit else "no limit"
    memory = f"{info.get('used_memory_human', '?')} of {shown}, {policy or 'unknown policy'}"
    remedy = memory_warning(policy, limit)
    yield Finding("memory", "warning" if remedy else "ok", memory, remedy)
    yield _judge_version(info, index)


def _judge_version(info: dict[str, Any], index: str) -> Finding:
    message = product(info)
    if index == "vectorset" and not has_vector_sets(info):
        message += " has no vector sets: SEMANTIC_INDEX=vectorset finds no semantic matches"
        return Finding("version", "error", message, "Use Redis 8 or newer (Valkey has none), or SEMANTIC_INDEX=numpy")
    if index == "vectorset" and not has_safe_vector_sets(info):
        message += " may crash when vector sets are searched during a deletion"
        safe = ", ".join(".".join(map(str, release)) for release in SAFE_VECTOR_SETS)
        return Finding("version", "warning", message, f"Use Redis {safe} or newer")
    if version(info) < OLDEST:
        return Finding("version", "warning", message, f"Use Redis {OLDEST[0]} or newer")
    return Finding("version", "ok", message)


def _command(parts: SplitResult, call: Callable[[Redis], Any], db: int | None = None) -> Any:
    try:
        return call(_redis(parts, db=db))
    except (RedisError, OSError) as error:
        raise Failed(errors.explain(error)) from error


def _redis(parts: SplitResult, *, db: int | None = None, with_password: bool = True) -> Redis:
    options: dict[str, Any] = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT, "protocol": 2}
    network = parts.netloc if with_password else parts.netloc.rpartition("@")[2]
    path = parts.path if db is None else f"/{db}"
    url = parts._replace(netloc=network, path=path).geturl()
    return Redis.from_url(url, **options, retry=Retry(NoBackoff(), 0), driver_info=None)


def _database(parts: SplitResult) -> str:
    return parts.path.strip("/") or "0"


def _socket(parts: SplitResult) -> socket.socket:
    return socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=TIMEOUT)


def _speaks_tls(parts: SplitResult) -> bool:
    """Return True if a TLS handshake succeeds with any certificate. Sends no data."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _socket(parts) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def _speaks_plainly(parts: SplitResult) -> bool:
    """Return True if the port speaks Redis' protocol, if only to ask for a password."""
    try:
        with _socket(parts) as plain:
            plain.sendall(b"PING\r\n")
            return plain.recv(1) in (b"+", b"-")
    except OSError:
        return False
