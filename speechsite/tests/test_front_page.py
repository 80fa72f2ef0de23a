from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from speechsite.front_page import health_in_words

UP = {"status": "ok"}


@pytest.mark.django_db
def test_it_says_what_this_is_whether_it_works_and_where_to_go(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "Never pay twice" in page and "All systems operational" in page
    for address in ("/admin/", "/admin/playground/", "/api/docs/", "http://testserver/v1/chat/completions"):
        assert address in page


@pytest.mark.django_db
def test_it_can_only_be_read(client: Client) -> None:
    assert client.post("/").status_code == 405


@pytest.mark.parametrize(
    ("change", "colour", "sentence"),
    [
        ({}, "good", "All systems operational"),
        ({"redis": {"status": "off"}}, "fair", "Caching is off: every request is paid for"),
        ({"redis": {"status": "down", "reason": "Connection refused"}}, "fair", "Redis is disconnected"),
        ({"database": {"status": "down"}}, "bad", "The database is disconnected"),
        ({"database": {"status": "not migrated", "missing": ["speech.0014"]}}, "bad", "run manage.py migrate"),
        (
            {"llm": {"name": "openai", "status": "not configured", "missing": ["OPENAI_API_KEY"]}},
            "bad",
            "need openai fail",
        ),
        ({"tts": {"name": "x", "status": "unknown"}}, "bad", "need x fail"),
        ({"llm": {"name": "openai", "status": "circuit open", "seconds": 4.2}}, "bad", "need openai fail"),
    ],
)
def test_health_is_put_into_words(change: dict[str, Any], colour: str, sentence: str) -> None:
    used = {use: change.get(use, {"name": "demo", "status": "ok"}) for use in ("llm", "tts")}
    found = health_in_words({"database": UP, "redis": UP, "providers": used, **change})
    assert (found.colour, sentence in found.sentence) == (colour, True)
    assert all(state for _, state in found.parts)
