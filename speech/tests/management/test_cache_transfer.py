"""`cache_export` and `cache_import`: entries of one installation are hits in another."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from caching import background, embeddings, stt
from caching.models import ArchivedAudio, Installation
from caching.policy import Policy
from caching.redis import store
from caching.redis.serializers import JSONSerializer
from speech.api.authentication import known_keys
from speech.models import Client
from speech.privacy import shared_scope
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.refusal import refused
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

QUESTION = "What is the capital of France?"
SAME_MEANING = "um, what is the capital of France please?"
SPOKEN = "Good morning. How are you?"
line_of = JSONSerializer({}).dumps


@pytest.fixture
def move(settings: Any) -> Callable[[], None]:
    """Turn this process into another installation, whose clients have the same names and API keys."""

    def move() -> None:
        settings.SECRET_KEY = uuid.uuid4().hex * 2
        Installation.objects.update(identity=uuid.uuid4())
        for client in Client.objects.all():
            Client.objects.filter(pk=client.pk).update(identity=uuid.uuid4())
        known_keys.forget()

    return move


def ask(api: APIClient, question: str = QUESTION) -> str:
    return str(api.post("/api/chat/", {"query": question}, format="json").headers["X-Cache"])


def say(api: APIClient) -> tuple[str, bytes]:
    response = api.post("/api/tts/", {"text": SPOKEN, "language": "en", "codec": "wav"}, format="json")
    return response.headers["X-Cache"], response.content


def exported(path: Path, capsys: Any, **options: Any) -> str:
    call_command("cache_export", path, **options)
    return str(capsys.readouterr().out)


def imported(path: Path, capsys: Any, **options: Any) -> tuple[str, str]:
    call_command("cache_import", path, **options)
    out, err = capsys.readouterr()
    return out, err


@pytest.mark.parametrize("redises", [1, 2])
@pytest.mark.parametrize("name", ["entries.jsonl", "entries.gz"])
def test_what_one_installation_has_stored_hits_in_another(
    api: APIClient,
    move: Callable[[], None],
    tmp_path: Path,
    capsys: Any,
    redises: int,
    name: str,
    use_redis: Callable[[str], None],
) -> None:
    path = tmp_path / name
    first = ask(api), say(api)
    assert (first[0], first[1][0]) == ("MISS", "MISS")
    assert "Exported 4 entries" in exported(path, capsys), "an answer, its question and two sentences"
    assert path.stat().st_mode & 0o077 == 0

    move()
    assert ask(api, "Is it another installation?") == "MISS"
    with RedisServer() as other:
        if redises == 2:
            use_redis(other.url)
        out, err = imported(path, capsys)
        assert ("Imported 4 entries" in out, err) == (True, "")
        assert (ask(api), ask(api, SAME_MEANING), say(api)) == ("HIT", "HIT", ("HIT", first[1][1]))
        assert "4 already here" in imported(path, capsys)[0]


def test_transcripts_embeddings_and_shared_entries_go_along(
    clients: Callable[..., tuple[Client, str]], move: Callable[[], None], tmp_path: Path, capsys: Any
) -> None:
    clients("bot")

    def subjects() -> tuple[stt.Recording, list[embeddings.Passage]]:
        client = Client.objects.get(name="bot")
        heard = stt.Recording(client.private_scope, "openai", b"RIFF", {"language": "hi", "user": "ann"}, "bot")
        scopes = (client.private_scope, shared_scope.scope())
        return heard, [embeddings.Passage(scope, "openai", "m", "one", {}, "bot") for scope in scopes]

    heard, passages = subjects()
    assert stt.remember(heard, {"text": "Hello.", "billed": {}}, Policy())
    assert embeddings.remember(passages, [{"embedding": [n], "billed": {}} for n in (1, 2)], Policy())
    exported(tmp_path / "all", capsys)
    exported(tmp_path / "heard", capsys, kind=["stt"])
    move()
    heard, passages = subjects()
    assert "Imported 1 entries" in imported(tmp_path / "heard", capsys)[0]
    assert embeddings.lookup(passages, Policy()) == [None, None]
    assert "Imported 2 entries" in imported(tmp_path / "all", capsys)[0]
    found = stt.lookup(heard, Policy())
    assert found and found.value["text"] == "Hello."
    assert [each and each.value["embedding"] for each in embeddings.lookup(passages, Policy())] == [[1], [2]]


def test_the_archive_goes_along(
    api: APIClient, move: Callable[[], None], tmp_path: Path, capsys: Any, settings: Any, redis_client: redis.Redis
) -> None:
    settings.AUDIO_ARCHIVE = str(tmp_path / "first")
    sounds = [say(api)[1] for _ in range(2)]
    background.run_submitted()
    redis_client.flushall()
    assert "Exported 2 entries" in exported(tmp_path / "file", capsys)
    ends = set(ArchivedAudio.objects.values_list("expires", flat=True))
    ArchivedAudio.objects.all().delete()
    move()
    settings.AUDIO_ARCHIVE = ""
    assert "2 of an audio archive, which is off here" in imported(tmp_path / "file", capsys)[0]
    settings.AUDIO_ARCHIVE = str(tmp_path / "second")
    assert "Imported 2 entries" in imported(tmp_path / "file", capsys)[0]
    assert "2 already here" in imported(tmp_path / "file", capsys)[0]
    restored = set(ArchivedAudio.objects.values_list("expires", flat=True))
    pairs = zip(sorted(ends), sorted(restored), strict=True)
    assert all(abs((one - other).total_seconds()) < 1 for one, other in pairs)
    assert say(api) == ("HIT", sounds[0])


def test_who_is_not_stored_is_neither_exported_nor_imported(
    clients: Callable[..., tuple[Client, str]], api: APIClient, move: Callable[[], None], tmp_path: Path, capsys: Any
) -> None:
    ask(api)
    Client.objects.filter(name="tester").update(never_store=True)
    assert "2 of clients that are unknown or never stored" in exported(tmp_path / "none", capsys)
    with pytest.raises(CommandError, match="never stored"):
        exported(tmp_path / "named", capsys, client="tester")
    Client.objects.filter(name="tester").update(never_store=False)
    exported(tmp_path / "some", capsys, client="tester")
    Client.objects.filter(name="tester").update(never_store=True)
    assert "2 of client tester, which is unknown here or never stored" in imported(tmp_path / "some", capsys)[0]
    clients("other")
    move()
    assert "Imported 2 entries" in imported(tmp_path / "some", capsys, client="tester", new_name="other")[0]


def test_whose_entry_it_is_comes_before_whether_its_answer_is_there(
    api: APIClient, tmp_path: Path, capsys: Any, redis_client: redis.Redis
) -> None:
    ask(api)
    redis_client.delete(*redis_client.keys("llm:exact:*"))
    assert "1 whose answer has expired" in exported(tmp_path / "known", capsys)
    Client.objects.filter(name="tester").update(never_store=True)
    said = exported(tmp_path / "none", capsys)
    assert "1 of clients that are unknown or never stored" in said and "expired" not in said


def test_entries_of_another_installation_on_the_same_redis_are_left_out(
    api: APIClient, move: Callable[[], None], tmp_path: Path, capsys: Any
) -> None:
    ask(api)
    move()
    assert "2 of another installation or version" in exported(tmp_path / "file", capsys)


def change(line: bytes, **fields: Any) -> bytes:
    return line_of({**JSONSerializer({}).loads(line), **fields})


@pytest.mark.parametrize(
    ("damage", "said", "stored"),
    [
        (lambda lines: [lines[0], b"hello", *lines[1:]], "line 2: not an entry", 2),
        (lambda lines: [lines[0], lines[1].replace(b"client", b"clieNt"), *lines[2:]], "line 2: not an entry", 1),
        (lambda lines: [lines[0], lines[1][:-9], *lines[2:]], "line 2: not an entry", 1),
        (lambda lines: [lines[0], line_of({"a": 1}), *lines[1:]], "line 2: not an entry", 2),
        (lambda lines: [lines[0], change(lines[1], value=3), *lines[2:]], "line 2: not an entry", 1),
        (lambda lines: [lines[0], change(lines[1], expires="soon"), *lines[2:]], "line 2: not an entry", 1),
        (lambda lines: lines[:-1], "line 4: the end is missing", 2),
        (lambda lines: [lines[0], change(lines[1], key="session:1"), *lines[2:]], "", 1),
        (lambda lines: [lines[0], change(lines[1], key="llm:exact"), *lines[2:]], "1 not an entry", 1),
        (lambda lines: [lines[0], change(lines[1], audio="AAAA"), *lines[2:]], "1 incomplete", 1),
        (lambda lines: [lines[0], change(lines[1], expires=time.time()), *lines[2:]], "1 expired", 1),
    ],
)
def test_what_is_damaged_or_foreign_is_named_and_the_rest_is_stored(
    api: APIClient,
    move: Callable[[], None],
    tmp_path: Path,
    capsys: Any,
    damage: Callable[[list[bytes]], list[bytes]],
    said: str,
    stored: int,
) -> None:
    ask(api)
    exported(tmp_path / "file", capsys)
    lines = (tmp_path / "file").read_bytes().splitlines()
    # Exact before semantic, whatever the order of SCAN.
    lines[1:-1] = sorted(lines[1:-1])
    (tmp_path / "changed").write_bytes(b"\n".join(damage(lines)) + b"\n")
    move()
    out, err = imported(tmp_path / "changed", capsys)
    assert said in out + err
    assert f"Imported {stored} entries" in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a file of cache_export"),
        (b"\x00\x01", "not a file of cache_export"),
        (json.dumps({"format": "speech-gateway-cache", "version": 1}).encode(), "not a file of cache_export"),
        (line_of({"format": "other"}), "not a file of cache_export"),
        (line_of({"format": "speech-gateway-cache", "version": 2}), "version 2 of the format"),
        (line_of({"format": "speech-gateway-cache", "version": 1}) + b"\nhello\n", "no entry of the file"),
        (gzip.compress(b"hello", mtime=0), "not a file of cache_export"),
    ],
)
def test_another_file_is_refused(content: bytes, said: str, tmp_path: Path, db: None, redis_client: Any) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(CommandError, match=said):
        call_command("cache_import", tmp_path / "file")


def test_a_compressed_file_that_is_cut_off_is_read_up_to_there(
    api: APIClient, move: Callable[[], None], tmp_path: Path, capsys: Any
) -> None:
    ask(api)
    exported(tmp_path / "file.gz", capsys)
    whole = (tmp_path / "file.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[:-12])
    move()
    assert "cut off" in imported(tmp_path / "cut.gz", capsys)[1]


@pytest.mark.parametrize("command", ["scan", "get"])
def test_an_export_that_redis_refuses_a_part_of_fails(
    api: APIClient, tmp_path: Path, redis_client: Any, command: str, capsys: Any
) -> None:
    ask(api)
    with (
        refused(redis_client, command),
        pytest.raises(CommandError, match="is incomplete; then Redis failed: The Redis user"),
    ):
        exported(tmp_path / "entries", capsys)


@pytest.mark.parametrize("command", ["ttl", "set", "scan"])
def test_an_import_that_redis_refuses_a_part_of_fails_and_can_be_repeated(
    api: APIClient, move: Callable[[], None], tmp_path: Path, redis_client: Any, command: str, capsys: Any
) -> None:
    ask(api)
    exported(tmp_path / "entries", capsys)
    move()
    refusal = pytest.raises(CommandError, match=r"Imported \d entries; then Redis failed: The Redis user lacks")
    with refused(redis_client, command), refusal:
        imported(tmp_path / "entries", capsys)
    wait_until(lambda: not store._writes.paused)
    imported(tmp_path / "entries", capsys)
    assert (ask(api), ask(api, SAME_MEANING)) == ("HIT", "HIT")


def test_nothing_is_overwritten_and_mistakes_are_named(api: APIClient, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        exported(tmp_path / "file", capsys)
    with pytest.raises(CommandError, match="unknown client: nobody"):
        exported(tmp_path / "new", capsys, client="nobody")
    with pytest.raises(CommandError, match="cannot read"):
        imported(tmp_path / "new", capsys)
    with pytest.raises(CommandError, match="--as needs --client"):
        imported(tmp_path / "file", capsys, new_name="other")
