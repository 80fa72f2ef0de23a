"""Names that no other installation has: those of another database or another SECRET_KEY on the same Redis differ."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from django.conf import settings

from caching import keys
from caching.background import PeriodicWorker
from caching.models import Installation
from caching.redis import store

ANNOUNCE_SECONDS = 600
# An installation that was not seen for so long has ended.
SEEN_SECONDS = 3600
KEPT_SECONDS = 86_400


def sealed(name: str) -> str:
    """Return 32 hexadecimal digits for `name` that only who knows SECRET_KEY can compute."""
    key = hashlib.sha512(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(name.encode(), key=key, person=b"installation", digest_size=16).hexdigest()


def installation_id() -> str:
    """Return the name of this database and SECRET_KEY. Raises django.db.Error at the first call without a database."""
    return _id(settings.SECRET_KEY)


@lru_cache(1)
def _id(secret: str) -> str:
    return sealed(str(Installation.objects.get_or_create(pk=1)[0].identity))


@dataclass(frozen=True, slots=True)
class OtherInstallation:
    """Another installation that uses the same Redis without a prefix, or with the same one."""

    host: str
    database: str
    seconds_ago: float


def start_announcing() -> None:
    """Tell other installations every ANNOUNCE_SECONDS that this one uses the Redis."""
    _worker.start()


@store.fail_open(None)
def announce() -> None:
    told = {"host": platform.node(), "database": _database(), "seen": time.time()}
    pipeline = store.connection().pipeline(transaction=False)
    pipeline.hset(_key(), installation_id(), json.dumps(told))
    pipeline.expire(_key(), KEPT_SECONDS)
    pipeline.execute()


@store.fail_open([])
def neighbours() -> list[OtherInstallation]:
    own = installation_id().encode()
    found = cast("dict[bytes, bytes]", store.connection().hgetall(_key()))
    others = [_neighbour(told) for name, told in found.items() if name != own]
    return [other for other in others if other and other.seconds_ago < SEEN_SECONDS]


def _neighbour(told: bytes) -> OtherInstallation | None:
    try:
        fields = json.loads(told)
        return OtherInstallation(fields["host"], fields["database"], max(0.0, time.time() - fields["seen"]))
    except (ValueError, TypeError, KeyError):
        # Of another version.
        return None


def _database() -> str:
    """Return where the database is, without user and password."""
    config: dict[str, Any] = settings.DATABASES["default"]
    port = f":{config['PORT']}" if config.get("PORT") else ""
    return f"{config['HOST']}{port}/{config['NAME']}" if config.get("HOST") else str(config["NAME"])


def _key() -> str:
    return keys.make_key(keys.INSTALLATIONS, settings.CACHE_KEY_PREFIX, 1)


_worker = PeriodicWorker("installation", announce, ANNOUNCE_SECONDS, at_once=True)
