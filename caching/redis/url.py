"""Parse `REDIS_URL`. Pure functions: settings use them before Django is set up."""

from __future__ import annotations

import re
from inspect import signature
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured
from redis import ConnectionPool
from redis.connection import URL_QUERY_ARGUMENT_PARSERS, SSLConnection
from redis.exceptions import RedisError

from caching import numbers

_NODE = r"(?:\[[0-9a-fA-F:]+\]|[^@:/?#\[\],]+)(?::\d+)?"
# The last `@` ends the credentials, because generated passwords often contain `@`, `#`, `/` or `$` as they are.
_URL = re.compile(
    r"(?P<scheme>rediss?(?:\+(?:cluster|sentinel))?)://(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?"
    rf"(?P<nodes>{_NODE}(?:,{_NODE})*)"
    r"(?:/(?P<service>[\w.-]*[A-Za-z_.-][\w.-]*))?(?:/(?P<db>\d*))?(?P<query>\?[^#]*)?"
)
NOT_SET = "REDIS_URL is not set, and no `make run` with a Redis of its own is running"
_PORTS = {"sentinel": 26379}
_SENTINEL_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}
# What redis-py reads from text. It takes other parameters as text too, and fails when it uses them.
_OPTIONS = {
    *(URL_QUERY_ARGUMENT_PARSERS.keys() - {"retry_on_error"}),
    *("username", "password", "client_name", "lib_name", "lib_version", "encoding", "encoding_errors"),
    *(name for name in signature(SSLConnection).parameters if name.startswith("ssl_") and name != "ssl_ocsp_context"),
}


class BadRedisURL(ImproperlyConfigured):
    """`REDIS_URL` has none of the documented forms. The message never repeats the password."""


def normalize_redis_url(url: str) -> str:
    """Return `url` with percent-encoded credentials, so that every client library reads it the same way.

    Empty stays empty: caching is off. Raises BadRedisURL.
    """
    if not url:
        return ""
    match = _URL.fullmatch(url)
    if not match or not _is_consistent(match):
        raise BadRedisURL(
            "REDIS_URL must look like redis://host:6379/0, redis://user:password@host:6379/0 or rediss://host:6379/0 "
            f"for TLS, not {_shown(url)}; for a cluster or sentinels see docs/redis.md"
        )
    if match["query"] and (option := _bad_option(match)) is not None:
        raise BadRedisURL(
            f"REDIS_URL has the option {option!r}, which is unknown for its kind of Redis or has no valid value; an "
            f"example is ?ssl_ca_certs=/path/to/ca.pem of rediss://. It is {mask_password(url)}"
        )
    user, password = (_encode(match[part] or "") for part in ("user", "password"))
    credentials = f"{user}:{password}@" if password else f"{user}@" if user else ""
    port = _PORTS.get(match["scheme"].partition("+")[2], 6379)
    hosts = ",".join(node if re.search(r":\d+$", node) else f"{node}:{port}" for node in match["nodes"].split(","))
    service = f"/{match['service']}" if match["service"] else ""
    return f"{match['scheme']}://{credentials}{hosts}{service}/{match['db'] or 0}{match['query'] or ''}"


def kind_of(url: str) -> str:
    """Return the kind of Redis: "cluster", "sentinel", or "" for a single one."""
    return urlsplit(url).scheme.partition("+")[2]


def nodes(url: str) -> list[tuple[str, int]]:
    """Return the hosts and ports in a normalised `url`: several for a cluster or sentinels."""
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    pairs = (host.rpartition(":") for host in hosts)
    return [(host.strip("[]"), int(port)) for host, _, port in pairs]


def node_url(url: str, host: str, port: int) -> str:
    """Return `url` for one of its nodes."""
    return plain_url(url, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def plain_url(url: str, where: str) -> str:
    """Return `url` for a single Redis, with `where` in place of the nodes; credentials and database stay."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    scheme, database = parts.scheme.partition("+")[0], parts.path.rpartition("/")[2]
    query = "&".join(pair for pair in parts.query.split("&") if pair.partition("=")[0] not in _SENTINEL_LOGIN)
    return parts._replace(scheme=scheme, netloc=f"{credentials}{at}{where}", path=f"/{database}", query=query).geturl()


def service_of(url: str) -> str:
    """Return the name under which the sentinels know the primary."""
    return urlsplit(url).path.split("/")[1]


def sentinel_login(url: str) -> dict[str, str]:
    """Return `username` and `password` of the sentinels, as far as `url` has them."""
    return {_SENTINEL_LOGIN[name]: value for name, value in parse_qsl(urlsplit(url).query) if name in _SENTINEL_LOGIN}


def mask_password(url: str) -> str:
    """Mask the password: `rediss://user:secret@host:1/0` becomes `rediss://user:***@host:1/0`."""
    masked = re.sub(r"(?<=://)([^:@/]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&](?:sentinel_)?(?:password|username)=)[^&#]*", r"\1***", masked)


def _shown(url: str) -> str:
    """Return what can hold no password of a value that is not understood, such as `host:6379,password=…` of .NET."""
    beginning = re.match(r"[\w.:\[\]-]*", url) if "://" not in url else re.match(r"[^,;\s]*", mask_password(url))
    shown = beginning[0] if beginning else ""
    return shown if shown == mask_password(url) else f"{shown}…"


def _is_consistent(match: re.Match[str]) -> bool:
    """Several nodes need a cluster or sentinels; sentinels need a service name, and a cluster has database 0 alone."""
    kind = match["scheme"].partition("+")[2]
    several, number = "," in match["nodes"], numbers.whole(match["db"] or "0")
    return (
        all(numbers.whole(port, 0, 65_535) is not None for port in re.findall(r":(\d+)(?=,|$)", match["nodes"]))
        and number is not None
        and (bool(kind) or not several)
        and (kind == "sentinel") == bool(match["service"])
        and not (kind == "cluster" and number)
    )


def _bad_option(match: re.Match[str]) -> str | None:
    """Return the name of an option that redis-py does not take. Connects to nothing."""
    scheme = match["scheme"].partition("+")[0]
    options = [pair for pair in parse_qsl(match["query"][1:], keep_blank_values=True) if pair[0] not in _SENTINEL_LOGIN]
    unknown = next((name for name, _ in options if name not in _OPTIONS), None)
    if unknown is not None or _are_taken(scheme, options):
        return unknown
    return next((name for name, value in options if not _are_taken(scheme, [(name, value)])), options[-1][0])


def _are_taken(scheme: str, options: list[tuple[str, str]]) -> bool:
    try:
        pool = ConnectionPool.from_url(f"{scheme}://host:6379/0?{urlencode(options)}")
        pool.connection_class(**pool.connection_kwargs)
    except (AttributeError, RedisError, TypeError, ValueError):
        return False
    return True


def _encode(text: str) -> str:
    return quote(unquote(text), safe="")
