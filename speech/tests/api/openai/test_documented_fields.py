"""The lists of fields and choices in docs/ are those of the code."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from rest_framework import serializers

from speech.api.fields import SAMPLE_RATES
from speech.api.openai.transcriptions import TranscriptionSerializer
from speech.api.serializers import (
    CONVERSE_CODECS,
    ChatRequestSerializer,
    ConverseRequestSerializer,
    SpeechRequestSerializer,
)
from speech.audio import formats


@pytest.mark.parametrize(
    ("endpoint", "serializer"),
    [
        ("/api/chat/", ChatRequestSerializer),
        ("/api/tts/", SpeechRequestSerializer),
        ("/api/converse/", ConverseRequestSerializer),
    ],
)
def test_the_fields_of_an_endpoint(endpoint: str, serializer: type[serializers.Serializer[Any]]) -> None:
    row = between("docs/api.md", rf"\| `POST {endpoint}` \|", r"\n")
    without_choices = re.sub(r"\(`[^)]*\)", "", row)
    assert names_in(without_choices) == {*serializer().fields}


@pytest.mark.parametrize(
    ("document", "before", "choices"),
    [
        ("docs/api.md", r"`codec` \(", formats.names()),
        ("docs/api.md", r"`sample_rate` \(", SAMPLE_RATES),
        ("docs/openai.md", r"`response_format` \(", formats.names()),
        ("docs/streaming.md", r"\(`codec`: ", CONVERSE_CODECS),
    ],
)
def test_the_choices_of_a_field(document: str, before: str, choices: tuple[object, ...]) -> None:
    assert names_in(between(document, before, r"\)")) == {*map(str, choices)}


def test_the_formats_of_a_transcript() -> None:
    row = between("docs/openai.md", r"`POST /v1/audio/transcriptions` \|", r"`stream`")
    field: Any = TranscriptionSerializer().fields["response_format"]
    assert {*field.choices} <= names_in(row)


def between(document: str, before: str, after: str) -> str:
    found = re.search(rf"(?s){before}(.*?){after}", (settings.BASE_DIR / document).read_text())
    assert found, f"{document} has no {before}"
    return found[1]


def names_in(text: str) -> set[str]:
    """Words in backticks, but for the names of files."""
    return set(re.findall(r"`([\w]+)`", text))
