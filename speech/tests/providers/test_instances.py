"""Several providers of one adapter: each with its own address, keys, prices, breaker and books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from caching.ledger.writer import writer
from caching.models import HourlyUsage
from speech import providers
from speech.api.openai.model_names import resolve
from speech.providers._shared import presets
from speech.providers._shared.api_keys import ApiKeys, keys_of
from speech.routing.breaker import breaker_of
from speech.tests.loopback import FakeOpenAI
from speechsite.conf import env

ADAPTERS = ("openai", "sarvam")
LEVELS = ("quality", "balanced", "speed")
NAMES = ("groq", "gemini", "eu-west")


@pytest.fixture
def three(settings: Any) -> Iterator[dict[str, FakeOpenAI]]:
    """`groq`, `gemini` and `eu-west`, each a loopback server with a key of its own."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(FakeOpenAI()) for name in NAMES}
        _configure(settings, servers)
        keys_of.cache_clear()
        yield servers
    keys_of.cache_clear()


def _configure(settings: Any, servers: dict[str, FakeOpenAI]) -> None:
    settings.PROVIDER_INSTANCES = dict.fromkeys(NAMES, "openai")
    settings.PROVIDERS = settings.PROVIDERS | {
        name: {"API_KEY": f"key-of-{name}", "BASE_URL": f"{server.url}/v1", "CHAT_MODEL": f"model-of-{name}"}
        for name, server in servers.items()
    }
    settings.LLM_PROVIDER, settings.LLM_FALLBACK = "groq", ["gemini"]
    settings.SEMANTIC_MODE = "off"


def ask(api: Any, model: str, text: str = "What is a cache?") -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return api.post("/v1/chat/completions", body, format="json")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_asked_at_its_own_address_with_its_own_key(api: Any, three: dict[str, FakeOpenAI], name: str) -> None:
    response = ask(api, f"{name}/llama-9")
    assert (response.status_code, response.headers["X-Provider"]) == (200, name)
    [seen] = three[name].requests
    assert (seen.headers["authorization"], seen.body["model"]) == (f"Bearer key-of-{name}", "llama-9")
    assert not any(three[other].requests for other in NAMES if other != name)


@pytest.mark.parametrize(
    "name", ["openai/gpt-oss-120b", "anthropic/claude-sonnet-5", "google/gemini-3-flash", "meta-llama/llama-9"]
)
def test_a_model_of_a_vendor_that_is_not_configured_is_asked_of_the_default_as_it_is(
    api: Any, three: dict[str, FakeOpenAI], settings: Any, name: str
) -> None:
    del_key(settings, "openai")
    response = ask(api, name)
    assert (response.status_code, response.headers["X-Provider"]) == (200, "groq")
    assert three["groq"].requests[-1].body["model"] == name
    assert api.get(f"/v1/models/{name}").json()["owned_by"] == "groq"


def test_a_vendor_that_is_configured_is_asked_itself_unless_another_has_the_model(
    api: Any, three: dict[str, FakeOpenAI], settings: Any
) -> None:
    vendor = {"API_KEY": "k", "BASE_URL": f"{three['eu-west'].url}/v1"}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": vendor}
    assert ask(api, "openai/gpt-oss-120b").headers["X-Provider"] == "openai"
    groq = settings.PROVIDERS["groq"] | {"CHAT_MODEL": "openai/gpt-oss-120b"}
    settings.PROVIDERS = settings.PROVIDERS | {"groq": groq}
    response = ask(api, "openai/gpt-oss-120b", "Another?")
    assert (response.headers["X-Provider"], three["groq"].requests[-1].body["model"]) == ("groq", "openai/gpt-oss-120b")
    assert ask(api, "openai/gpt-oss-20b", "Another?").headers["X-Provider"] == "openai"


@pytest.mark.parametrize("default", ["openai", "sarvam", "demo"])
def test_where_the_default_has_its_own_models_only_a_vendor_is_asked_though_it_has_no_key(
    three: dict[str, FakeOpenAI], settings: Any, default: str
) -> None:
    settings.LLM_PROVIDER = default
    del_key(settings, "openai")
    assert resolve("anthropic/claude-sonnet-5", "chat") == ("anthropic", "claude-sonnet-5", "")
    assert resolve("openai/gpt-oss-120b", "chat") == ("openai", "gpt-oss-120b", "")


def del_key(settings: Any, provider: str) -> None:
    settings.PROVIDERS = {name: values for name, values in settings.PROVIDERS.items() if name != provider}


def test_an_answer_of_one_is_no_answer_of_another(api: Any, three: dict[str, FakeOpenAI]) -> None:
    assert ask(api, "groq/llama-9").headers["X-Cache"] == "MISS"
    assert ask(api, "gemini/llama-9").headers["X-Cache"] == "MISS"
    assert ask(api, "groq/llama-9").headers["X-Cache"] == "HIT"


def test_another_address_of_the_same_name_never_serves_the_answers_of_the_old_one(
    api: Any, three: dict[str, FakeOpenAI], settings: Any
) -> None:
    ask(api, "groq/llama-9")
    moved = settings.PROVIDERS["groq"] | {"BASE_URL": f"{three['gemini'].url}/v1"}
    settings.PROVIDERS = settings.PROVIDERS | {"groq": moved}
    assert ask(api, "groq/llama-9").headers["X-Cache"] == "MISS"


def test_one_stands_in_for_another_under_its_own_name(api: Any, three: dict[str, FakeOpenAI]) -> None:
    three["groq"].behave("500")
    response = ask(api, "")
    assert (response.status_code, response.headers["X-Provider"]) == (200, "gemini")
    writer.flush()
    booked = set(HourlyUsage.objects.filter(requests__gt=0).values_list("provider", flat=True))
    assert "gemini" in booked


def test_each_has_a_breaker_of_its_own(three: dict[str, FakeOpenAI]) -> None:
    assert breaker_of("groq", "chat") is not breaker_of("gemini", "chat")


def test_the_list_of_models_names_each(api: Any, three: dict[str, FakeOpenAI]) -> None:
    listed = {model["id"] for model in api.get("/v1/models").json()["data"]}
    assert {f"{name}/model-of-{name}" for name in NAMES} <= listed


def test_keys_are_used_in_turn(api: Any, three: dict[str, FakeOpenAI], settings: Any) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {"groq": settings.PROVIDERS["groq"] | {"API_KEY": "one, two"}}
    for number in range(4):
        ask(api, "groq/llama-9", f"Question {number}?")
    used = [seen.headers["authorization"] for seen in three["groq"].requests]
    assert sorted(used) == ["Bearer one", "Bearer one", "Bearer two", "Bearer two"]


@pytest.mark.parametrize("refusal", ["quota", "401", "429"])
def test_a_key_that_is_refused_is_left_out_and_the_request_goes_on_with_the_other(
    api: Any, three: dict[str, FakeOpenAI], settings: Any, refusal: str
) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {"groq": settings.PROVIDERS["groq"] | {"API_KEY": "one,two"}}
    settings.LLM_FALLBACK = []
    three["groq"].behave(refusal, "ok")
    assert ask(api, "groq/llama-9").status_code == 200
    first, second = (seen.headers["authorization"] for seen in three["groq"].requests)
    assert first != second
    for number in range(3):
        ask(api, "groq/llama-9", f"Question {number}?")
    assert {seen.headers["authorization"] for seen in three["groq"].requests[1:]} == {second}


def test_where_all_keys_are_refused_the_failure_is_told(api: Any, three: dict[str, FakeOpenAI], settings: Any) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {"groq": settings.PROVIDERS["groq"] | {"API_KEY": "one,two"}}
    settings.LLM_FALLBACK = []
    three["groq"].behave("quota")
    response = ask(api, "groq/llama-9")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "provider_quota_exceeded")
    assert len(three["groq"].requests) == 2


def test_the_key_that_is_usable_soonest_is_used_where_all_are_left_out() -> None:
    keys = ApiKeys()
    keys.refused("one", 30)
    keys.refused("two", 10)
    assert keys.next_of(["one", "two"]) == "two"
    assert keys.next_of(["one", "two", "three"]) == "three"


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_is_an_address_and_names_no_model_of_openai(settings: Any, name: str) -> None:
    settings.PROVIDER_INSTANCES = {name: "openai"}
    provider = providers.get(name)
    assert provider.setting("BASE_URL").startswith("https://" if presets.is_hosted(name) else "http://127.0.0.1:")
    assert "gpt" not in "".join(provider.models())
    variable = f"{name.upper()}_API_KEY"
    assert provider.missing_settings == ([variable] if presets.is_hosted(name) else [])


def test_without_a_default_model_the_request_must_name_one(
    api: Any, three: dict[str, FakeOpenAI], settings: Any
) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {"groq": settings.PROVIDERS["groq"] | {"CHAT_MODEL": ""}}
    response = ask(api, "")
    assert response.status_code == 400
    assert "GROQ_CHAT_MODEL" in response.json()["error"]["message"]


def test_instances_are_read_from_one_variable() -> None:
    assert env.provider_instances("PROVIDERS", ["groq:openai", "eu-west:sarvam"], ADAPTERS, LEVELS) == {
        "groq": "openai",
        "eu-west": "sarvam",
    }
    values = {"EU_WEST_API_KEY": " key ", "EU_WEST_EMPTY": "", "EU_OTHER": "x"}
    assert env.provider_settings(values, "eu-west") == {"API_KEY": "key"}


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        (["groq"], "must look like groq:openai"),
        (["groq:acme"], "must look like groq:openai"),
        (["Groq:openai"], "must look like groq:openai"),
        (["openai:openai"], "'openai', which exists already"),
        (["groq:openai", "groq:sarvam"], "'groq', which exists already"),
        (["balanced:openai"], "'balanced', which is an optimization level"),
    ],
)
def test_a_wrong_list_of_instances_is_an_error_that_names_it(items: list[str], complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint):
        env.provider_instances("PROVIDERS", items, ADAPTERS, LEVELS)
