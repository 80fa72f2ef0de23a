from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from speech import providers


def ids(**options: Any) -> set[str]:
    return {str(message.id) for message in messages(**options)}


def messages(**options: Any) -> list[CheckMessage]:
    return [message for message in run_checks(**options) if message.id and message.id.startswith("speech.")]


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
    settings.PROVIDERS, settings.SEMANTIC_VERIFY_MODEL = {}, "openai/gpt"
    assert ids() == set()
    for name, value in switch.items():
        setattr(settings, name, value)
    assert ids() == {"speech.W002"}
    settings.PROVIDERS = {"openai": {"API_KEY": "sk-x"}}
    assert ids() == set()


@pytest.mark.django_db
def test_every_message_says_what_to_do(settings: Any) -> None:
    settings.PROVIDERS = {"sarvam": {"BASE_URL": "http://127.0.0.1:1", "API_KEY": "x"}, "openai": {"VOICE": "bob"}}
    settings.LLM_PROVIDER, settings.TTS_PROVIDER, settings.STT_PROVIDER = "demo", "sarvam", "nobody"
    settings.LLM_FALLBACK = ["openai"]
    hints = {message.id: message.hint for message in messages(include_deployment_checks=True)}
    assert hints.keys() == {"speech.E001", "speech.E002", "speech.E004", "speech.W001", "speech.W002"}
    assert all(hints.values()), hints


def test_a_judge_that_does_not_exist_is_an_error_even_while_reviews_are_off(settings: Any) -> None:
    settings.SEMANTIC_VERIFY_MODEL = "nobody/gpt"
    assert ids() == {"speech.E001"}


WRONG = {
    "URL": ["api.example.com", "ftp://api.example.com", "http://", "http://host:port", "https://host:99999999"],
    "API_KEY": ["sk-\n", "sk-clé", "a\tb"],
    "API_VERSION": ["a b"],
    "DELAY_MS": ["abc", "-1", "1.5", "9" * 5000],
    "MAX_TOKENS": ["0", "many", "9" * 5000],
    "RESPONSES_API": ["yes"],
    "SPEECH_FORMAT": ["mp3"],
    "BIN": ["/nowhere/espeak-ng"],
    "MODEL": ["gpt\x00", "gpt\n5"],
    "VOICE_ALIASES": ["nova", "nova=", "=alloy", "a=b=c", "a=b,b=c"],
    "VOICE_SUCCESSORS": ["meera", "a=b,b=c"],
    "VOICE": ["a\nb"],
}
# A part of a host name, which the service alone can tell from another one.
UNCHECKED = {("azure_speech", "REGION")}
VARIABLES = sorted(
    {(name, variable) for name in providers.names() for variable in providers.get(name).defaults} - UNCHECKED
)


@pytest.mark.parametrize(("name", "variable"), VARIABLES)
def test_a_wrong_value_of_any_variable_of_a_provider_is_an_error_that_names_it(
    settings: Any, name: str, variable: str
) -> None:
    wrong = next(values for ending, values in WRONG.items() if variable.endswith(ending))
    for value in wrong:
        settings.PROVIDERS = {name: {variable: value}}
        found = [message for message in run_checks() if message.id == "speech.E002"]
        assert [f"{name.upper()}_{variable}" in str(message.msg) for message in found] == [True], value
        assert "sk-" not in str(found)


@pytest.mark.parametrize(
    ("name", "values", "wrong"),
    [
        ("openai", {"VOICE": "bob"}, "OPENAI_VOICE"),
        ("openai", {"VOICE_ALIASES": "bob=ann"}, "OPENAI_VOICE_ALIASES"),
        ("openai", {"VOICE": "bob", "BASE_URL": "http://127.0.0.1:8880/v1"}, ""),
        ("sarvam", {"VOICE": "nobody"}, "SARVAM_VOICE"),
        ("sarvam", {"VOICE": "nova", "VOICE_ALIASES": "nova=priya"}, ""),
        ("sarvam", {"VOICE_SUCCESSORS": "meera=nobody"}, "SARVAM_VOICE_SUCCESSORS"),
        ("espeak", {"VOICE": "klingon"}, "ESPEAK_VOICE"),
        ("espeak", {"VOICE": "en-us+f3", "VOICE_ALIASES": "alloy=hi"}, ""),
        ("elevenlabs", {"VOICE": "A voice of this account"}, ""),
        ("anthropic", {"API_KEY": "one,two, three"}, ""),
    ],
)
def test_voices_are_asked_for_as_a_request_would(settings: Any, name: str, values: dict[str, str], wrong: str) -> None:
    settings.PROVIDERS = {name: values}
    found = [str(message.msg) for message in run_checks() if message.id == "speech.E002"]
    assert [wrong in message for message in found] == ([True] if wrong else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/v1", "connection refused"),
        ("http://nobody.invalid/v1", "its host name cannot be resolved"),
        ("https://LOOPBACK/v1", "this port does not speak TLS"),
        ("http://LOOPBACK/v1", ""),
    ],
)
def test_a_provider_that_cannot_be_reached_is_told(settings: Any, fake_openai: Any, url: str, reason: str) -> None:
    settings.TTS_PROVIDER = "espeak"
    url = url.replace("LOOPBACK", fake_openai.url.removeprefix("http://"))
    settings.PROVIDERS = {"openai": {"API_KEY": "sk-loopback-secret", "BASE_URL": url}}
    told = [str(found.msg) for found in run_checks(include_deployment_checks=True) if found.id == "speech.E004"]
    assert [reason in line for line in told] == [True] * bool(reason)
    assert "sk-loopback-secret" not in repr([seen.headers for seen in fake_openai.requests]) + repr(told)
