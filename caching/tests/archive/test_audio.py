from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.utils import timezone

from caching import background, tts
from caching.archive import audio as archive
from caching.archive import files
from caching.maintenance import browse, flush
from caching.maintenance.selection import Selection
from caching.models import ArchivedAudio
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.tests.test_tts import AUDIO, BILLED, UTTERANCE
from speechsite.tests.support.waiting import wait_until

OTHER = replace(UTTERANCE, text="Another text.", scope="client:2", asked_by="another client")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket on an S3-compatible server."""
    server = pytest.importorskip("moto.server", reason="moto is in requirements-dev.txt")
    boto3 = pytest.importorskip("boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    set_by_test = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    os.environ.update(set_by_test)
    boto3.client("s3").create_bucket(Bucket="voices")
    yield "s3://voices/kept"
    running.stop()
    for name in set_by_test:
        del os.environ[name]


@pytest.fixture(params=["folder", "bucket"], autouse=True)
def where(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, db: None, redis_client: redis.Redis) -> str:
    settings.AUDIO_ARCHIVE = str(tmp_path / "kept") if request.param == "folder" else request.getfixturevalue("bucket")
    archive._kept.clear()
    return str(settings.AUDIO_ARCHIVE)


def stored_files(where: str) -> list[str]:
    if where.startswith("s3://"):
        import boto3

        listed = boto3.client("s3").list_objects_v2(Bucket="voices", Prefix="kept/")
        return [entry["Key"] for entry in listed.get("Contents", ())]
    return [str(path) for path in Path(where).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def empty_bucket(where: str, settings: Any) -> Iterator[None]:
    yield
    settings.AUDIO_ARCHIVE = where
    archive.delete(ArchivedAudio.objects.all())


def empty(redis_client: redis.Redis) -> None:
    """Empty Redis. With the answer to the second command, this process has been told to drop its own copies."""
    redis_client.flushall()
    redis_client.ping()


def speak_twice(utterance: tts.Utterance = UTTERANCE) -> None:
    assert tts.remember(utterance, AUDIO, Policy(), BILLED)
    assert tts.lookup([utterance], Policy()) != [None]
    background.run_submitted()


def test_what_was_asked_for_twice_survives_a_flushed_redis(redis_client: redis.Redis, where: str) -> None:
    speak_twice()
    empty(redis_client)
    [entry] = tts.lookup([UTTERANCE], Policy("speed"))
    assert entry is not None
    assert (entry.value, entry.usage) == (AUDIO, BILLED)
    assert 290 < redis_client.ttl(UTTERANCE.key) <= 300
    assert len(stored_files(where)) == 1


def test_what_was_asked_for_once_does_not_unless_it_was_warmed(redis_client: redis.Redis, where: str) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    tts.remember(OTHER, AUDIO, Policy(archive=True), BILLED)
    background.run_submitted()
    empty(redis_client)
    found = tts.lookup([UTTERANCE, OTHER], Policy())
    assert [entry is not None for entry in found] == [False, True]


@pytest.mark.parametrize("policy", [Policy(write=False), Policy(seconds=60), Policy(read=False)])
def test_what_may_not_be_stored_for_long_is_not_archived(policy: Policy, where: str) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED)
    tts.lookup([UTTERANCE], policy)
    background.run_submitted()
    assert stored_files(where) == []


def test_the_true_age_counts_for_a_caller_that_names_one(redis_client: redis.Redis) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), BILLED, age=100)
    tts.lookup([UTTERANCE], Policy())
    background.run_submitted()
    empty(redis_client)
    assert tts.lookup([UTTERANCE], Policy(max_age=50)) == [None]

    def is_as_old_and_back() -> bool:
        found = tts.find(UTTERANCE, Policy("speed"))
        return found is not None and 100 <= found.age < 130 and 290 < found.ttl <= 300

    for _ in range(2):  # from the archive, once the worker's own copy is gone, then from Redis
        wait_until(is_as_old_and_back)
    assert tts.lookup([UTTERANCE], Policy(max_age=50)) == [None], "it is in Redis again, and as old as before"
    assert tts.lookup([UTTERANCE], Policy(max_age=200)) != [None]


def test_another_client_s_text_is_another_entry(redis_client: redis.Redis) -> None:
    speak_twice()
    empty(redis_client)
    assert tts.lookup([replace(UTTERANCE, scope="client:2")], Policy()) == [None]


@pytest.mark.parametrize("content", [b"", b"TTS2", b"RIFF....WAVE", "another"])
def test_broken_and_foreign_files_are_misses_and_go(redis_client: redis.Redis, where: str, content: Any) -> None:
    speak_twice()
    speak_twice(OTHER)
    empty(redis_client)
    row, other = ArchivedAudio.objects.get(key=UTTERANCE.key), ArchivedAudio.objects.get(key=OTHER.key)
    files.write(row.file, files.read(other.file) or b"" if content == "another" else content)
    found = tts.lookup([UTTERANCE, OTHER], Policy())
    assert [entry is not None for entry in found] == [False, True]
    assert len(stored_files(where)) == ArchivedAudio.objects.count() == 1


def test_it_is_deleted_with_its_days_with_a_flush_and_from_the_key_page(redis_client: Any, where: str) -> None:
    for selection, left in (
        (Selection(client=OTHER.asked_by), 1),
        (Selection(kinds=("llm:exact",)), 2),
        (Selection(pattern="tts:espeak:*"), 0),
        (Selection(level="speed"), 2),
        (Selection(older_than=3600), 2),
    ):
        speak_twice()
        speak_twice(OTHER)
        *_, progress = flush.flush(selection)
        assert (progress.archived, len(stored_files(where))) == (2 - left, left)
    browse.remove([UTTERANCE.key])
    assert len(stored_files(where)) == 1
    ArchivedAudio.objects.update(expires=timezone.now() - timedelta(seconds=1))
    empty(redis_client)
    wait_until(lambda: tts.lookup([OTHER], Policy()) == [None])
    call_command("prune_ledger")
    assert stored_files(where) == []


def test_a_folder_that_cannot_be_used_is_a_miss_and_is_said(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.AUDIO_ARCHIVE = str(tmp_path / "file" / "below")
    speak_twice()
    assert ArchivedAudio.objects.count() == 0
    assert not files.available()
    with pytest.raises(CommandError, match="error"):
        call_command("cache_doctor")


def test_off_it_is_not_asked(settings: Any, redis_client: redis.Redis, django_assert_num_queries: Any) -> None:
    speak_twice()
    empty(redis_client)
    settings.AUDIO_ARCHIVE = ""
    with django_assert_num_queries(0):
        assert tts.lookup([UTTERANCE], Policy()) == [None]


def test_many_threads_that_find_the_same_entry_archive_it_once(where: str) -> None:
    tts.remember(UTTERANCE, AUDIO, Policy(), Usage())
    threads = [threading.Thread(target=tts.lookup, args=([UTTERANCE], Policy())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    background.run_submitted()
    assert len(stored_files(where)) == 1
