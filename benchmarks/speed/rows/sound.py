"""Row 15: a voice turn, a second of synthesized sound, and a sentence that was spoken before as a part of a text."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.speed.alternate import measure, p50
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.load import Ask
from benchmarks.speed.moments import SOUND_BYTES, moment_in_sound
from benchmarks.speed.processes import cpu_seconds
from benchmarks.speed.yardstick import Yardstick
from speechsite.tests.support.server import Server

# Between two measurements of the limit.
TURNS = 15
SENTENCES = 5
# Of each length, so that their CPU is many ticks of the kernel's clock, which are 10 ms.
TEXTS = 20
SHORT, LONG = 40, 700
SPOKEN = "Your parcel is on its way."
# Older stamps are of sound from the cache.
FRESH_SECONDS = 5.0


def run(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(bench.redis(), bench.provider())
    yardstick = Yardstick(bench)
    _first_sound_ms(gateway, bench.fresh_numbers())
    delays: list[float] = []
    for _ in range(1 if bench.quick else 4):
        yardstick.measure()
        delays += (_first_sound_ms(gateway, bench.fresh_numbers()) for _ in range(TURNS))
    added = statistics.median(delays)
    yield from yardstick.at_most(15, "a voice turn's first audio, after the first sound was sent: p50", added, 10)
    cpu_ms = [_cpu_of_a_second_ms(bench, gateway) for _ in range(2 if bench.quick else 4)][1:]
    yield at_most(15, "CPU of a second of synthesized sound", statistics.median(cpu_ms), "ms", 1)
    ask = _spoken_before(gateway)
    rounds = measure(bench, {"limit": yardstick.ask, "sentence": ask}, 1)
    spoken_before = "a sentence that was spoken before: p50"
    yield plain(15, spoken_before, rounds.median("sentence").p50_ms, "ms")
    yield at_most(15, f"{spoken_before}, in limits", rounds.ratio("sentence", "limit", p50), "limits", 3)


def _first_sound_ms(gateway: Server, number: int) -> float:
    """Time from the provider's first byte of sound until it is here."""
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    body = json.dumps({"query": f"What is {number}?", "codec": "pcm"})
    connection.request("POST", "/api/converse/", body, _headers(gateway))
    response = connection.getresponse()
    first = response.read(SOUND_BYTES)
    now = time.monotonic()
    response.read()
    connection.close()
    waited = now - moment_in_sound(first)
    if not 0 < waited < FRESH_SECONDS:
        raise RuntimeError(f"the turn does not begin with a provider's sound: {response.status}, {first!r}")
    return waited * 1000


def _cpu_of_a_second_ms(bench: Bench, gateway: Server) -> float:
    """CPU of what long sentences have more than short ones, of which there are as many."""
    spent, sound = [], []
    for length in (SHORT, LONG):
        before = cpu_seconds(gateway.process.pid)
        sound.append(sum(_spoken_seconds(gateway, _new_text(bench, length)) for _ in range(TEXTS)))
        spent.append(cpu_seconds(gateway.process.pid) - before)
    return 1000 * (spent[1] - spent[0]) / (sound[1] - sound[0])


def _new_text(bench: Bench, length: int) -> str:
    """Return sentences of `length` letters, none of which is in the cache."""
    return " ".join(f"{bench.fresh_numbers():08} ".ljust(length, "o") + "." for _ in range(SENTENCES))


def _spoken_seconds(gateway: Server, text: str) -> float:
    body = json.dumps({"input": text, "response_format": "pcm"})
    response = gateway.request("POST", "/v1/audio/speech", body=body, headers=_headers(gateway))
    if response.status != 200:
        raise RuntimeError(response.data.decode())
    return len(response.data) / 48_000


def _spoken_before(gateway: Server) -> Ask:
    """Return a request for sound that is in the cache as a part of a longer text."""
    gateway.speak(f"{SPOKEN} It arrives on Monday.", codec="wav")
    again = gateway.speak(SPOKEN, codec="wav")
    if again.headers.get("X-Cache") != "HIT":
        raise RuntimeError("the sentence was not found")
    return Ask(f"{gateway.url}/api/tts/", json.dumps({"text": SPOKEN, "codec": "wav"}), _headers(gateway))


def _headers(gateway: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
