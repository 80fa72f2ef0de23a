from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks


def ids(**options: Any) -> set[str]:
    found = [message for message in run_checks(**options) if message.id and message.id.startswith("speech.")]
    assert all(message.hint for message in found)
    return {str(message.id) for message in found}


def test_a_fresh_checkout_has_nothing_to_complain_of() -> None:
    assert ids() == set()


@pytest.mark.django_db
def test_the_demo_in_production_is_a_warning(settings: Any) -> None:
    assert ids(include_deployment_checks=True) == {"speech.W001"}
    settings.LLM_PROVIDER = "openai"
    assert "speech.W001" not in ids(include_deployment_checks=True)


@pytest.mark.parametrize(
    ("variable", "name"), [("LLM_PROVIDER", "espeak"), ("TTS_PROVIDER", "demo"), ("STT_PROVIDER", "espeak")]
)
def test_a_provider_that_does_not_do_it_is_an_error(settings: Any, variable: str, name: str) -> None:
    setattr(settings, variable, name)
    assert ids() == {"speech.E001"}
    setattr(settings, variable, "nobody")
    assert ids() == {"speech.E001"}


def test_a_provider_without_its_key_is_a_warning(settings: Any) -> None:
    settings.PROVIDERS = {}
    settings.LLM_PROVIDER = "openai"
    assert ids() == {"speech.W002"}
    settings.PROVIDERS = {"openai": {"API_KEY": "sk-x"}}
    assert ids() == set()


@pytest.mark.parametrize("switch", [{"SEMANTIC_VERIFY_SHARE": 0.02}, {"SEMANTIC_PROMOTE": True}])
def test_a_judge_that_cannot_be_asked_is_reported_where_one_is_wanted(settings: Any, switch: dict[str, Any]) -> None:
    settings.SEMANTIC_VERIFY_MODEL = "nobody/gpt"
    assert ids() == set()
    for name, value in switch.items():
        setattr(settings, name, value)
    assert ids() == {"speech.E001"}
    settings.PROVIDERS, settings.SEMANTIC_VERIFY_MODEL = {}, "openai/gpt"
    assert ids() == {"speech.W002"}
    settings.PROVIDERS = {"openai": {"API_KEY": "sk-x"}}
    assert ids() == set()
