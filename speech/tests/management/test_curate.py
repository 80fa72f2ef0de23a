"""Curated answers that name a voice are spoken ahead, so that a spoken request hits."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from caching import background
from caching.models import CuratedAnswer
from speech.models import Client

QUESTION, ANSWER = "When do you close?", "We close at nine. On Sundays we close at six."
CSV = f"wordings,answer,language,voice\n{QUESTION},{ANSWER},en,espeak:en-us\n"

pytestmark = pytest.mark.django_db(transaction=True)


def curate(file: Path | None = None, **options: Any) -> str:
    said = StringIO()
    call_command("curate", *([file] if file else []), stdout=said, stderr=StringIO(), **options)
    return said.getvalue()


def speak(api: Any, text: str, level: str) -> str:
    asked = {"text": text, "provider": "espeak", "voice": "en-us", "language": "en", "optimization_level": level}
    return str(api.post("/api/tts/", asked, format="json")["X-Cache"])


def test_what_is_spoken_ahead_is_a_hit_also_with_a_new_redis(
    api: Any, redis_client: redis.Redis, settings: Any, tmp_path: Path
) -> None:
    settings.AUDIO_ARCHIVE = str(tmp_path / "archive")
    file = tmp_path / "answers.csv"
    file.write_text(CSV)
    assert "1 spoken ahead" in curate(file, client="tester")
    assert CuratedAnswer.objects.get().voice == "espeak:en-us"
    background.run_submitted()
    redis_client.flushdb()
    turn = {"query": QUESTION, "language": "en", "voice": "en-us", "tts_provider": "espeak"}
    response = api.post("/api/converse/", turn, format="json")
    assert response.status_code == 200
    b"".join(response.streaming_content)
    receipt = api.get(f"/api/receipts/{response['X-Receipt-Id']}").json()
    assert receipt["chat"]["provider"] == "curated"
    assert [sentence["cached"] for sentence in receipt["sentences"]] == [True, True]
    assert [speak(api, ANSWER, level) for level in ("speed", "quality")] == ["HIT", "HIT"]
    exported = tmp_path / "exported.csv"
    curate(exported, client="tester", export=True)
    assert exported.read_text(encoding="utf-8-sig").splitlines() == CSV.splitlines()
    with pytest.raises(CommandError, match=r"answers\.csv exists already"):
        curate(file, client="tester", export=True)


def test_a_voice_that_cannot_be_used_is_refused_with_a_reason(api: Any, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    for row, client, said in (
        ("q,a,en,loud", "tester", "lines are bad"),
        ("q,a,en,espeak:en-us", "", "lines are bad"),
        ("q,a,en,nobody:x", "tester", "nobody"),
    ):
        file.write_text(f"wordings,answer,language,voice\n{row}\n")
        with pytest.raises(CommandError, match=said):
            curate(file, client=client)
    with pytest.raises(CommandError, match="name a file"):
        curate()
    assert Client.objects.filter(name="tester").exists()


def test_speaking_alone_says_how_many_answers_were_spoken(api: Any, tmp_path: Path) -> None:
    assert curate(client="tester", speak=True).strip() == "No curated answer names a voice"
    file = tmp_path / "answers.csv"
    file.write_text(CSV)
    curate(file, client="tester")
    assert curate(client="tester", speak=True).strip() == "1 spoken ahead"
