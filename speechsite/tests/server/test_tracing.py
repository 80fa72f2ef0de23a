"""One server that sends traces to a receiver, and calls a provider that shows what it was sent."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from caching import tracing
from speech.tests.loopback import FakeOpenAI
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="requirements-otel.txt is not installed")

CHAT = "POST /v1/chat/completions"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Any]:
    from speechsite.tests.support.otlp import OtlpReceiver

    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as loopback:
        yield loopback


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, receiver: Any, provider: FakeOpenAI) -> Iterator[Server]:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "LOG_FORMAT": "json",
        "LLM_PROVIDER": "openai",
        "OPENAI_API_KEY": "sk-loopback",
        "OPENAI_BASE_URL": f"{provider.url}/v1",
        "REDIS_URL": os.environ["REDIS_URL"],
        "CACHE_KEY_PREFIX": "traced",
    }
    server = Server(tmp_path_factory.mktemp("traced"), environment, workers=1)
    yield server
    server.stop()


@pytest.fixture
def ask(traced: Server, receiver: Any) -> Any:
    """Ask, and return the spans by name, the request's first, with those of each parent in their order."""

    def ask(path: str, name: str, body: dict[str, Any]) -> list[Any]:
        trace_id, parent = uuid.uuid4().hex, "00f067aa0ba902b7"
        headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
        assert traced.request("POST", path, json=body, headers=headers).status == 200
        spans = receiver.trace(trace_id, ended_by=name)
        root = next(span for span in spans if span.name == name)
        assert root.parent_id == parent
        assert {span.parent_id for span in spans} <= {parent, *(span.span_id for span in spans)}
        return [root, *(span for span in spans if span is not root)]

    return ask


def question(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize("stream", [False, True])
def test_a_miss_is_a_trace_with_a_span_for_each_step(ask: Any, provider: FakeOpenAI, stream: bool) -> None:
    root, *steps = ask("/v1/chat/completions", CHAT, question(f"Is the tower tall? {stream}", stream=stream))
    call = "chat gpt-6-luna"
    assert [step.name for step in steps] == [
        "cache.lookup",
        "cache.lookup",
        "single_flight.acquire",
        call,
        "cache.store",
    ]
    assert [step.attributes.get("gateway.tier") for step in steps[:2]] == ["exact", "semantic"]
    called = steps[3]
    assert called.attributes["gen_ai.operation.name"] == "chat"
    assert called.attributes["gen_ai.provider.name"] == "openai"
    assert called.attributes["gen_ai.usage.output_tokens"] > 0
    assert called.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert provider.requests[-1].headers["traceparent"] == f"00-{root.trace_id}-{called.span_id}-01"
    about = root.attributes
    assert (about["gateway.outcome"], about["gen_ai.request.model"]) == ("miss", "gpt-6-luna")
    assert about["gateway.cost_usd"] > 0
    assert (about["http.route"], about["http.response.status_code"]) == ("/v1/chat/completions", 200)
    assert "tower" not in repr(root) + repr(steps)


def test_a_trace_that_its_client_leaves_out_has_no_span_here_and_none_is_asked_of_the_provider(
    ask: Any, traced: Server, receiver: Any, provider: FakeOpenAI
) -> None:
    trace_id = uuid.uuid4().hex
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-00"}
    assert traced.request("POST", "/v1/chat/completions", json=question("Left out?"), headers=headers).status == 200
    version, same, _, sampled = provider.requests[-1].headers["traceparent"].split("-")
    assert (version, same, sampled) == ("00", trace_id, "00")
    ask("/v1/chat/completions", CHAT, question("And this one?"))
    assert not [span for span in receiver.spans if span.trace_id == trace_id]


@pytest.fixture
def captured(settings: Any) -> Any:
    from speechsite import tracing as otel

    def captured(choices: list[dict[str, Any]], *, texts: bool) -> dict[str, Any]:
        settings.OTEL_CAPTURE_TEXTS = texts
        return otel._attributes({"choices": choices})

    return captured


CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Pune"}'}}


@pytest.mark.parametrize(
    ("message", "reason", "told"),
    [
        ({"content": "Yes."}, "stop", [{"type": "text", "content": "Yes."}]),
        ({"content": None, "refusal": "No."}, "stop", [{"type": "text", "content": "No."}]),
        (
            {"content": None, "tool_calls": [CALL]},
            "tool_call",
            [{"type": "tool_call", "id": "call_1", "name": "weather", "arguments": '{"city": "Pune"}'}],
        ),
        ({"content": [{"type": "text"}], "tool_calls": [None, {"function": 3}]}, "", []),
    ],
)
def test_an_answer_has_the_attributes_of_the_conventions(
    captured: Any, message: dict[str, Any], reason: str, told: list[dict[str, Any]]
) -> None:
    choices = [{"index": 0, "message": message, "finish_reason": reason and f"{reason}{'s' * (reason != 'stop')}"}]
    reasons = {"gen_ai.response.finish_reasons": [reason]}
    assert captured(choices, texts=False) == reasons
    found = captured(choices, texts=True)
    messages = json.loads(found.pop("gen_ai.output.messages"))
    assert (found, messages) == (reasons, [{"role": "assistant", "parts": told, "finish_reason": reason}])


def test_a_hit_says_how_it_was_found(ask: Any, traced: Server) -> None:
    ask("/v1/chat/completions", CHAT, question("What is a cache?"))
    exact, *steps = ask("/v1/chat/completions", CHAT, question("What is a cache?"))
    assert exact.attributes["gateway.outcome"] == "exact"
    assert exact.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert [step.attributes["gateway.hit"] for step in steps] == [True]
    # A worker knows what it stored a moment later.
    wait_until(lambda: _is_stored(traced, "Could you please tell me, what is a cache?"))
    similar, *steps = ask("/v1/chat/completions", CHAT, question("Please tell me, what is a cache?"))
    assert similar.attributes["gateway.outcome"] == "semantic"
    assert 0.9 < steps[1].attributes["gateway.probability"] <= 1
    other, *steps = ask("/v1/chat/completions", CHAT, question("What is 1 cache?"))
    assert other.attributes["gateway.outcome"] == "miss"
    assert "numbers" in steps[1].attributes["gateway.vetoes"]


def _is_stored(server: Server, text: str) -> bool:
    only_if_cached = {"Cache-Control": "only-if-cached"}
    reply = server.request("POST", "/v1/chat/completions", json=question(text), headers=only_if_cached)
    return reply.status == 200


def test_each_sentence_is_a_step_with_its_synthesis(ask: Any) -> None:
    root, *steps = ask("/api/tts/", "POST /api/tts", {"text": "The train leaves. It is green.", "provider": "espeak"})
    sentences = [step for step in steps if step.name == "tts.sentence"]
    assert {step.parent_id for step in sentences} == {root.span_id}
    for sentence in sentences:
        below = [step.name for step in steps if step.parent_id == sentence.span_id]
        assert below == ["single_flight.acquire", "speech espeak-ng", "cache.store"]
    assert len(sentences) == 2


def test_log_lines_are_json_with_the_ids_of_the_trace(ask: Any, traced: Server) -> None:
    root, *_ = ask("/v1/chat/completions", CHAT, question("Where is the log?"))
    lines = [json.loads(line) for line in traced.log.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line.get("trace_id") == root.trace_id]
    assert line["message"] == "LLM cache miss for query: Where is the log?"
    assert line.keys() == {"timestamp", "level", "logger", "message", "trace_id", "span_id"}
    assert line["span_id"] == root.span_id


def test_without_a_tracer_nothing_is_wrapped() -> None:
    items = iter([1])
    assert tracing.stepwise(items, "name") is items
    assert tracing.bound(len) is len
    assert (tracing.headers(), tracing.ids()) == ({}, {})
