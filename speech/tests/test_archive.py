"""A conversation's sounds over Redis' end, and a client's right to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from caching import background
from caching.ledger.writer import writer
from speech import providers
from speech.management import forgetting
from speech.tests.support.voices import OPENAI_VOICES

PHRASES = [f"Phrase number {number}." for number in range(20)]


def say(api: APIClient, text: str, codec: str = "wav") -> Any:
    response = api.post("/api/tts/", {"text": text, "voice": OPENAI_VOICES[0], "codec": codec}, format="json")
    assert response.status_code == 200
    return response


@pytest.fixture
def folder(settings: Any, tmp_path: Path, db: None, redis_client: redis.Redis) -> Path:
    settings.AUDIO_ARCHIVE = str(tmp_path / "kept")
    return tmp_path / "kept"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_phrases_survive_an_emptied_redis_without_a_provider_and_go_with_their_client(
    api: APIClient, folder: Path, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        sounds = [say(api, text).content for text in PHRASES]
    background.run_submitted()
    redis_client.flushall()
    monkeypatch.setattr(type(providers.get("espeak")), "speak", None)
    again = [say(api, text) for text in PHRASES]
    assert [response.content for response in again] == sounds
    assert {response.headers["X-Cache"] for response in again} == {"HIT"}
    assert len(files(folder)) == len(PHRASES)

    monkeypatch.setattr(forgetting, "NOTICED_SECONDS", 0.0)
    call_command("forget", client="tester", yes=True)
    assert files(folder) == []


def test_an_encoded_whole_is_archived_too(api: APIClient, folder: Path, redis_client: redis.Redis) -> None:
    sounds = [say(api, "One is here. Two is there.", "mp3").content for _ in range(2)]
    background.run_submitted()
    redis_client.flushall()
    response = say(api, "One is here. Two is there.", "mp3")
    assert (response.headers["X-Cache"], response.content) == ("HIT", sounds[0])


# Warming writes from threads of its own, which would wait for rows of the test's transaction.
@pytest.mark.django_db(transaction=True)
def test_what_was_spoken_most_is_warmed_from_the_ledger(
    api: APIClient, folder: Path, redis_client: redis.Redis, settings: Any
) -> None:
    for number, text in enumerate(PHRASES[:4]):
        for _ in range(number + 1):
            say(api, text)
    assert writer.flush()
    call_command("cache_flush", tts=True, yes=True)
    redis_client.flushall()
    call_command("cache_warm", from_ledger=True, top=2, client="tester", yes=True)
    assert [say(api, text).headers["X-Cache"] for text in PHRASES[:4]] == ["MISS", "MISS", "HIT", "HIT"]
    with pytest.raises(CommandError):
        call_command("cache_warm", client="tester", yes=True)


def test_what_is_warmed_is_archived_at_once(api: APIClient, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "phrases.csv"
    file.write_text("text\n" + "\n".join(PHRASES[:3]))
    call_command("cache_warm", str(file), client="tester", yes=True)
    background.run_submitted()
    assert len(files(folder)) == 3
