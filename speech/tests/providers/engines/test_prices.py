"""The price of a voice is that of its model, whether it is named alone or in full."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from caching.pricing import prices
from caching.pricing.usage import Usage
from speech import providers
from speech.providers.base import SpeechRequest

pytestmark = pytest.mark.django_db
MILLION = Usage(characters=1_000_000)


@pytest.mark.parametrize(
    ("provider", "voice", "model", "dollars"),
    [
        ("deepgram", "", "", 30),
        ("deepgram", "aura-2-celeste-es", "", 30),
        ("deepgram", "aura-asteria-en", "", 15),
        ("deepgram", "thalia", "tts-1", 30),
        ("google", "", "", 30),
        ("google", "hi-IN-Chirp3-HD-Kore", "", 30),
        ("google", "en-US-Neural2-A", "", 16),
        ("google", "en-GB-Studio-B", "", 160),
        ("google", "cmn-CN-Standard-A", "", 4),
        ("google", "en-US-Wavenet-D", "", None),
    ],
)
def test_a_voice_costs_what_its_model_costs(
    settings: Any, provider: str, voice: str, model: str, dollars: int | None
) -> None:
    prices.forget()
    request = SpeechRequest(text="Hello.", voice=voice, model=model)
    prepared = providers.get(provider).prepare_speech(request)
    cost = prices.cost(provider, prepared.model, MILLION)
    assert (cost and cost.amount) == (dollars and Decimal(dollars))
