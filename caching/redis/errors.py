"""Failures of Redis in the user's terms, with remedies. `docs/redis.md` lists the same lines."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace

from redis import exceptions


@dataclass(frozen=True, slots=True)
class Advice:
    # Short stable name, used as a metric label.
    kind: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}"


REFUSED = Advice(
    "refused",
    "Connection refused",
    "Check host and port in REDIS_URL, that Redis is running and that no firewall blocks it",
)
UNKNOWN_HOST = Advice(
    "unknown_host",
    "The host name cannot be resolved",
    "Check the host in REDIS_URL, and that the name server of this machine answers",
)
UNREACHABLE = Advice(
    "unreachable", "No route to Redis", "Check the address in REDIS_URL, and the network and firewall between"
)
TOO_MANY_CLIENTS = Advice(
    "clients",
    "Redis takes no more connections",
    "Raise `maxclients`, or take a larger plan; or lower THREADS and WORKERS, which bound how many are opened",
)
TOO_MANY_FILES = Advice(
    "files", "The gateway may open no more files", "Raise its hard limit of open files (`ulimit -Hn`, `LimitNOFILE=`)"
)
PROTECTED = Advice(
    "protected",
    "Redis is in protected mode and serves only its own machine",
    "Set a password there (`requirepass`) and in REDIS_URL, or `bind` it to an address of a private network",
)
NO_AUTH = Advice(
    "authentication",
    "NOAUTH Authentication required",
    "Add the password: REDIS_URL=redis://:password@host:port/0 (note the colon before the password)",
)
WRONG_PASSWORD = Advice(
    "authentication", "Wrong user name or password", "Compare REDIS_URL with the credentials of your Redis provider"
)
TLS = Advice(
    "tls",
    "SSL connection failed",
    "Use rediss:// (double s) for a port that speaks TLS and redis:// for one that does not",
)
CERTIFICATE_FILE = Advice(
    "tls",
    "A certificate file that REDIS_URL names cannot be read",
    "Check the path and the content of ssl_ca_certs, ssl_certfile and ssl_keyfile: PEM files that the gateway may read",
)
WRONG_NAME = Advice(
    "tls",
    "The certificate of Redis is for another host name",
    "Write the host in REDIS_URL as the certificate names it, or get a certificate for this host",
)
EXPIRED = Advice("tls", "The certificate of Redis, or of its CA, has expired", "Renew it, and check the clock")
UNTRUSTED = Advice(
    "tls",
    "The certificate of Redis is not signed by a trusted CA",
    "For a private CA add ?ssl_ca_certs=/path/to/ca.pem; if it is there, compare it with the CA that signed",
)
TLS_WANTED = Advice("tls", "This port speaks TLS", "Use rediss:// (double s) in REDIS_URL")
NO_TLS_HERE = Advice("tls", "SSL connection failed: this port does not speak TLS", "Use redis:// in REDIS_URL")
NO_PASSWORD_WANTED = Advice(
    "authentication", "This Redis has no password", "Remove the password from REDIS_URL, or set one in Redis"
)
TIMEOUT = Advice(
    "timeout",
    "Connection timeout",
    "Check the network and the provider's IP allowlist; raise REDIS_TIMEOUT_MS if Redis is in another region",
)
OUT_OF_MEMORY = Advice(
    "out_of_memory",
    "Redis is full and refuses writes",
    "Set maxmemory-policy allkeys-lru, lower the TTLs, or use a larger Redis",
)
CANNOT_SAVE = Advice(
    "cannot_save",
    "Redis cannot save to its disk and refuses writes",
    'Make room on its disk, see its log, or turn snapshots off: CONFIG SET save ""',
)
FEW_REPLICAS = Advice(
    "few_replicas", "Redis has too few replicas and refuses writes", "Restore them, or lower `min-replicas-to-write`"
)
NO_PRIMARY = Advice(
    "no_primary",
    "This replica has lost its primary",
    "Wait for the failover, or point REDIS_URL at the primary",
)
READ_ONLY = Advice("read_only", "This Redis is a read-only replica", "Point REDIS_URL at the primary")
NO_PERMISSION = Advice(
    "no_permission",
    "The Redis user lacks a permission",
    "Allow it: +@read +@write +@keyspace +@connection +@scripting +@stream +time on the keys "
    "~llm:* ~tts:* ~stt:* ~emb:* ~flight:* ~limit:* ~asked:*",
)
LOADING = Advice("loading", "Redis is loading its data", "It will be used as soon as loading ends")
LOST = Advice(
    "connection",
    "Connection lost",
    "Check that Redis is running and whether its port requires rediss://",
)
NO_DATABASE = Advice(
    "no_database",
    "This database number does not exist",
    "End REDIS_URL with /0, or another number below `databases` in the server's configuration (16 unless changed)",
)
NO_SINGLE_REDIS = Advice(
    "cluster", "This Redis is a cluster node", "Write redis+cluster://host:port,host:port in REDIS_URL"
)
NO_CLUSTER = Advice("cluster", "This Redis is not a cluster", "Write redis:// instead of redis+cluster:// in REDIS_URL")
CLUSTER_DOWN = Advice(
    "cluster", "The cluster is down: some slots have no node", "Run redis-cli --cluster check HOST:PORT"
)
NO_SERVICE = Advice(
    "sentinel",
    "The sentinels know no primary with this name",
    "Compare the path in REDIS_URL with `sentinel monitor` in the sentinel configuration",
)
SENTINEL_LOGIN = Advice(
    "sentinel",
    "The sentinels reject the login",
    "Add ?sentinel_password=… to REDIS_URL, and &sentinel_username=… if they have users; "
    "the password before the @ is that of Redis",
)
SENTINELS_UNREACHABLE = Advice(
    "sentinel",
    "The sentinels cannot be reached, or those that can know no primary with this name",
    "Check the hosts in REDIS_URL, and compare its path with `sentinel monitor`",
)
# What to do if an announced address is no way to Redis, by kind of Redis.
_ANNOUNCE = {
    "cluster": "If Redis runs there, make it reachable, or let each node announce an address that is: "
    "`cluster-announce-ip` and `cluster-announce-port`",
    "sentinel": "If Redis runs there, make it reachable, or let it announce an address that is: `replica-announce-ip` "
    "and `replica-announce-port`",
}
_ANNOUNCE_NAMES = {
    "cluster": "Let each node announce the name in its certificate (`cluster-announce-hostname`, "
    "`cluster-preferred-endpoint-type hostname`)",
    "sentinel": "Let Redis announce the name in its certificate (`sentinel announce-hostnames yes`)",
}
OTHER = Advice("other", "Redis returned an error", "See the Redis server log")
# Of a message of Redis that no advice is known for, in characters.
MOST_WORDS = 120


# Advice by exception class or by phrase in the message. The first match wins: many errors match several.
_SIGNS: tuple[tuple[Advice, type[BaseException] | None, tuple[str, ...]], ...] = (
    (OUT_OF_MEMORY, exceptions.OutOfMemoryError, ()),
    (CANNOT_SAVE, None, ("misconf ",)),
    (FEW_REPLICAS, None, ("noreplicas ",)),
    (PROTECTED, None, ("running in protected mode",)),
    (TOO_MANY_CLIENTS, None, ("max number of clients",)),
    (TOO_MANY_FILES, None, ("too many open files",)),
    (NO_SINGLE_REDIS, exceptions.MovedError, ()),
    (NO_PRIMARY, exceptions.MasterDownError, ()),
    (CLUSTER_DOWN, exceptions.ClusterDownError, ()),
    (NO_CLUSTER, None, ("cluster support disabled", "cluster mode is not enabled")),
    (READ_ONLY, exceptions.ReadOnlyError, ()),
    (NO_PERMISSION, exceptions.NoPermissionError, ()),
    (LOADING, exceptions.BusyLoadingError, ()),
    (NO_PASSWORD_WANTED, None, ("without any password",)),
    (NO_DATABASE, None, ("db index is out of range",)),
    (NO_AUTH, None, ("authentication required",)),
    (WRONG_PASSWORD, exceptions.AuthenticationError, ()),
    # No other files are opened: REDIS_URL takes no Unix socket.
    (
        CERTIFICATE_FILE,
        None,
        ("no such file", "permission denied", "is a directory", "[x509", "pem lib", "no_start_line"),
    ),
    (WRONG_NAME, None, ("hostname mismatch", "ip address mismatch")),
    (EXPIRED, None, ("certificate has expired",)),
    (UNTRUSTED, None, ("certificate verify failed",)),
    (TLS, ssl.SSLError, ("ssl", "certificate")),
    (TIMEOUT, exceptions.TimeoutError, ("timed out", "timeout")),
    (
        UNKNOWN_HOST,
        None,
        ("name or service not known", "getaddrinfo", "nodename nor", "name resolution", "no address associated"),
    ),
    (UNREACHABLE, None, ("unreachable", "no route to host")),
    (REFUSED, None, ("refused",)),
    (LOST, exceptions.ConnectionError, ()),
)


def explain(error: BaseException) -> Advice:
    """Return the advice for `error`, or the general one."""
    if isinstance(error, exceptions.RedisClusterException) and error.__cause__:
        # It only says that no node can be used.
        return explain(error.__cause__)
    text = f"{error} {error.__cause__ or ''}".lower()
    if "no master found" in text:
        return _of_sentinels(text)
    return next(
        (
            advice
            for advice, kind, phrases in _SIGNS
            if (kind and isinstance(error, kind)) or any(phrase in text for phrase in phrases)
        ),
        _in_its_own_words(error),
    )


def announce(advice: Advice, kind: str) -> str:
    """Return the remedy if `advice` is of an address that a Redis of this `kind` announces; "" if that is not why."""
    if advice == WRONG_NAME:
        return f"{_ANNOUNCE_NAMES[kind]}, or add ?ssl_check_hostname=false to REDIS_URL"
    return _ANNOUNCE[kind] if advice in (REFUSED, TIMEOUT, UNREACHABLE, UNKNOWN_HOST) else ""


def _in_its_own_words(error: BaseException) -> Advice:
    """Add what Redis says, but for the arguments of a command, which may be users' texts."""
    words = str(error).partition(", with args")[0][:MOST_WORDS]
    return replace(OTHER, message=f"{OTHER.message}: {words}") if isinstance(error, exceptions.ResponseError) else OTHER


def _of_sentinels(text: str) -> Advice:
    """redis-py names in `text` each sentinel that it could not ask, with the reason."""
    if any(sign in text for sign in ("authenticationerror", "noauth", "wrongpass")):
        return SENTINEL_LOGIN
    return SENTINELS_UNREACHABLE if "connect" in text or "timeout" in text else NO_SERVICE
