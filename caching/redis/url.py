"""Reading `REDIS_URL`. Pure functions: settings use them before Django is set up."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_NODE = r"(?:\[[0-9a-fA-F:]+\]|[^@:/?#\[\],]+)(?::\d+)?"
# The last `@` ends the credentials, because generated passwords often contain `@`, `#`, `/` or `$` as they are.
_URL = re.compile(
    r"(?P<scheme>rediss?(?:\+cluster)?|redis\+sentinel)://(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?"
    rf"(?P<nodes>{_NODE}(?:,{_NODE})*)"
    r"(?:/(?P<service>[\w.-]*[A-Za-z_.-][\w.-]*))?(?:/(?P<db>\d*))?(?P<query>\?[^#]*)?"
)
_PORTS = {"redis+sentinel": 26379}


class BadRedisURL(ImproperlyConfigured):
    """`REDIS_URL` is none of the documented forms. The message never repeats the password."""


def normalize_redis_url(url: str) -> str:
    """Return `url` with its credentials percent-encoded, so that every client library reads it the same way.

    An empty string stays empty: it means that caching is off. Raises BadRedisURL.
    """
    if not url:
        return ""
    match = _URL.fullmatch(url)
    if not match or not _is_consistent(match):
        raise BadRedisURL(
            "REDIS_URL must look like redis://host:6379/0, redis://:password@host:6379/0, "
            "redis://user:password@host:6379/0 or rediss://… for TLS, redis+cluster://host:6379,host:6379 or "
            f"redis+sentinel://host:26379,host:26379/service/0; got {mask_password(url)}"
        )
    user, password = (_encode(match[part] or "") for part in ("user", "password"))
    credentials = f"{user}:{password}@" if password else f"{user}@" if user else ""
    port = _PORTS.get(match["scheme"], 6379)
    hosts = ",".join(node if re.search(r":\d+$", node) else f"{node}:{port}" for node in match["nodes"].split(","))
    service = f"/{match['service']}" if match["service"] else ""
    return f"{match['scheme']}://{credentials}{hosts}{service}/{match['db'] or 0}{match['query'] or ''}"


def kind_of(url: str) -> str:
    """What `url` leads to: "cluster", "sentinel", or "" for one Redis."""
    return urlsplit(url).scheme.partition("+")[2]


def nodes(url: str) -> list[tuple[str, int]]:
    """Hosts and ports in a normalised `url`: one, or those that a cluster or the sentinels can be asked at."""
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    pairs = (host.rpartition(":") for host in hosts)
    return [(host.strip("[]"), int(port)) for host, _, port in pairs]


def node_url(url: str, host: str, port: int) -> str:
    """`url` as the address of that one Redis."""
    return plain_url(url, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def plain_url(url: str, where: str) -> str:
    """`url` in the form for one Redis, with `where` in place of the nodes; credentials and database stay."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    scheme, database = parts.scheme.partition("+")[0], parts.path.rpartition("/")[2]
    return parts._replace(scheme=scheme, netloc=f"{credentials}{at}{where}", path=f"/{database}").geturl()


def service_of(url: str) -> str:
    """Under which name the sentinels know the primary."""
    return urlsplit(url).path.split("/")[1]


def mask_password(url: str) -> str:
    """`rediss://user:secret@host:1/0` as `rediss://user:***@host:1/0`; anything else as it is."""
    masked = re.sub(r"(?<=://)([^:@/]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&](?:password|username)=)[^&#]*", r"\1***", masked)


def _is_consistent(match: re.Match[str]) -> bool:
    """Several nodes are for clusters and sentinels; sentinels need a service; a cluster has only database 0."""
    kind = match["scheme"].partition("+")[2]
    several, number = "," in match["nodes"], int(match["db"] or 0)
    return (
        (bool(kind) or not several)
        and (kind == "sentinel") == bool(match["service"])
        and not (kind == "cluster" and number)
    )


def _encode(text: str) -> str:
    return quote(unquote(text), safe="")
