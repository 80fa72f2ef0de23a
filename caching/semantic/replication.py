"""Replicate index changes to every worker with a Redis stream."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple, cast

from django.conf import settings

from caching import keys
from caching.background import PeriodicWorker
from caching.redis import store

logger = logging.getLogger(__name__)

BATCH = 250
# Polling interval: a new entry must be known to all workers within one second.
POLL_SECONDS = 0.1
CHECK_EVERY = 10

# As one text: in an answer of many small ones each event takes this client three times as long.
_FROM = """
local events = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
if #events == 0 then return nil end
local told, vectors, carried = {}, {}, false
for at, event in ipairs(events) do
  local fields = event[2]
  told[at], vectors[at] = '', ''
  for name = 1, #fields, 2 do
    if fields[name] == 'e' then told[at] = fields[name + 1] end
    if fields[name] == 'v' then vectors[at], carried = fields[name + 1], true end
  end
end
return {events[#events][1], table.concat(told, ARGV[3]), carried and vectors or {}}
"""
# Never in UTF-8.
_BETWEEN = b"\xff"
_decode = json.JSONDecoder().decode


class IndexEvent(NamedTuple):
    """One entry that came, or went."""

    # The key of the answer.
    id: str
    scope: str = ""
    # The question; empty to remove the entry.
    text: str = ""
    expires: float = 0.0
    # Identity of the one that made `vector`.
    embedder: str = ""
    # See caching.semantic.event_vectors; empty if every worker computes its own.
    vector: bytes = b""
    # Client.
    by: str = ""


class _Read(NamedTuple):
    # Known events.
    events: list[IndexEvent]
    # Id of the last one that was read.
    last: bytes
    # True if there may be more.
    full: bool


def publishing(event: IndexEvent) -> store.Command:
    """Commands that publish events to every worker. The stream keeps as many events as an index keeps entries."""
    return lambda redis: redis.xadd(_name(), _fields(event), maxlen=settings.SEMANTIC_MAX_ENTRIES, approximate=True)


@store.fail_open(None)
def publish_all(events: Iterable[IndexEvent]) -> None:
    """Tell all workers, in one round trip."""
    pipeline = store.connection().pipeline(transaction=False)
    for event in events:
        publishing(event)(pipeline)
    pipeline.execute()


def read_all() -> Iterator[list[IndexEvent]]:
    """Everything that the stream holds, in its order and in batches; ends early where Redis goes away."""
    last = b"0"
    while read := _read(last):
        yield read.events
        last = read.last


@store.fail_open(0)
def erase_events(*, by: str, dry_run: bool = False) -> int:
    """Take the questions of one client out of the stream; how many there were. Indexes are not told."""
    last, erased = b"-", 0
    while found := cast("list[Any]", store.connection().xrange(_name(), min=last, count=BATCH)):
        theirs = [
            identifier for identifier, fields in found if (event := _event(fields.get(b"e", b""))) and event.by == by
        ]
        if theirs and not dry_run:
            store.connection().xdel(_name(), *theirs)
        erased += len(theirs)
        last = _next(found[-1][0])
    return erased


class IndexFollower:
    """Follows the stream in a thread of its own, until it is stopped."""

    def __init__(self, apply: Callable[[list[IndexEvent]], None], forget_all: Callable[[], None]) -> None:
        """`apply` gets the events in their order, in batches; what it raises is logged and the batch is lost.

        `forget_all` is called when the stream has gone: the entries that it told of have gone with it.
        """
        self._apply = apply
        self._forget_all = forget_all
        self._last = _oldest_id()
        self._polls = 0
        # Set once everything that was there at the start has been applied.
        self.caught_up = threading.Event()
        self._worker = PeriodicWorker("query-index", self._read_on, POLL_SECONDS, at_once=True)
        self._worker.start()

    def stop(self) -> None:
        """Do not read on; a read that is under way ends first."""
        self._worker.stop()

    def _read_on(self) -> None:
        while not self._worker.stopping:
            read = _read(self._last)
            if read:
                self._apply_safely(read.events)
                self._last = read.last
            if not read or not read.full:
                self.caught_up.set()
                self._notice_a_new_stream()
                return

    def _apply_safely(self, events: list[IndexEvent]) -> None:
        try:
            self._apply(events)
        except Exception:
            # One bad batch must not end the thread: this worker would miss all later entries.
            logger.exception("Cannot apply %d events of the query index", len(events))

    def _notice_a_new_stream(self) -> None:
        """Start over when somebody emptied Redis; a new stream may even begin in the past if a clock was set back."""
        self._polls += 1
        if self._polls % CHECK_EVERY:
            return
        newest = _newest()
        if (newest is None and store.available()) or (newest and _as_numbers(newest) < _as_numbers(self._last)):
            self._forget_all()
            self._last = b"0"


def _name() -> str:
    return keys.make_key(keys.QUERY_INDEX, settings.CACHE_KEY_PREFIX, 1)


def _oldest_id() -> bytes:
    """Nothing older than the longest time to live can still be answered."""
    return str(int((time.time() - max(settings.LLM_CACHE_TTL.values())) * 1000)).encode()


def _as_numbers(identifier: bytes) -> tuple[int, ...]:
    return tuple(map(int, identifier.split(b"-")))


def _next(identifier: bytes) -> bytes:
    """The first id after this one: Redis takes `(` and an id only from 6.2 on, and XREAD in scripts from 6.0 on."""
    milliseconds, _, number = identifier.partition(b"-")
    return b"%s-%d" % (milliseconds, int(number or 0) + 1)


@store.fail_open(None)
def _newest() -> bytes | None:
    found = cast("list[Any]", store.connection().xrevrange(_name(), count=1))
    return found[0][0] if found else None


@store.fail_open(None)
def _read(after: bytes) -> _Read | None:
    """Return the events after this id, or None if there are none."""
    found = cast("Any", store.connection().eval(_FROM, 1, _name(), _next(after), BATCH, _BETWEEN))
    if not found:
        return None
    last, told, vectors = found
    texts = told.split(_BETWEEN)
    events = (_event(text, vector) for text, vector in zip_longest(texts, vectors, fillvalue=b""))
    return _Read([event for event in events if event], last, len(texts) == BATCH)


def _fields(event: IndexEvent) -> dict[Any, Any]:
    if event.vector:
        return {b"e": _encoded(event), b"v": event.vector}
    return {b"e": _encoded(event)}


def _encoded(event: IndexEvent) -> bytes:
    told = {name: value for name, value in event._asdict().items() if value and name != "vector"}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _event(told: bytes, vector: bytes = b"") -> IndexEvent | None:
    try:
        return IndexEvent(**_decode(told.decode()), vector=vector)
    except (TypeError, ValueError):
        # Written by another version, or by somebody else.
        return None
