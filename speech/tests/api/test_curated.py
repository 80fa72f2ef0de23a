"""Curated answers as clients get them: with and without Redis, whole and streamed, and only for a single question."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from django.core.management import call_command

from caching.ledger.writer import writer
from caching.maintenance import erasure
from caching.models import CuratedAnswer, EntryHits, HourlyUsage
from speech.models import Client
from speech.tests.loopback import FakeOpenAI

QUESTION, ANSWER = "What is your refund policy?", "You get your money back within 30 days."
WORDINGS = (QUESTION, "How do refunds work?")
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
OTHER_REQUESTS: list[dict[str, Any]] = [
    {"messages": [{"role": "system", "content": "Be rude."}, {"role": "user", "content": QUESTION}]},
    {"messages": [{"role": "developer", "content": "Be rude."}, {"role": "user", "content": QUESTION}]},
    {
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": QUESTION},
        ]
    },
    {"messages": [{"role": "user", "content": QUESTION, "name": "Asha"}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]}]},
    {"messages": [{"role": "system", "content": QUESTION}]},
    {"messages": [{"role": "user", "content": QUESTION}], "tools": [TOOL]},
    {"messages": [{"role": "user", "content": QUESTION}], "response_format": {"type": "json_object"}},
    {"messages": [{"role": "user", "content": QUESTION}], "n": 2},
    {"messages": [{"role": "user", "content": QUESTION}], "stop": ["30"]},
    {"messages": [{"role": "user", "content": f"Translate: {QUESTION}"}]},
]


def curate(client: str = "tester", **fields: Any) -> CuratedAnswer:
    return CuratedAnswer.objects.create(
        **{"wordings": "\n".join(WORDINGS), "answer": ANSWER, "client": client, "language": "en", **fields}
    )


def chat(api: Any, query: str = QUESTION, level: str = "balanced", directive: str = "", **body: Any) -> Any:
    body = {"query": query, "optimization_level": level, **body}
    return api.post("/api/chat/", body, format="json", headers={"Cache-Control": directive})


def completion(api: Any, **body: Any) -> Any:
    return api.post("/v1/chat/completions", {"model": "m", **body}, format="json")


def test_two_hundred_imported_questions_with_three_wordings_survive_redis_and_need_no_provider(
    api: Any, fake_openai: FakeOpenAI, redis_client: Any, use_redis: Callable[[str], None], tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    wordings = [[f"What is part {n} for?", f"Tell me the use of part {n}", f"Part {n}: use?"] for n in range(200)]
    rows = [f"{'|'.join(each)},It is for {n}.,en" for n, each in enumerate(wordings)]
    file.write_text("\n".join(["wordings,answer,language", *rows]))
    call_command("curate", file, client="tester")
    redis_client.flushdb()

    def ask(n: int, wording: str) -> None:
        response = chat(api, wording, "quality")
        assert (response["X-Provider"], response.json()["text"]) == ("curated", f"It is for {n}.")

    for n, each in enumerate(wordings):
        for wording in each:
            ask(n, wording)
    use_redis("")
    ask(0, wordings[0][0])
    assert fake_openai.requests == []


@pytest.mark.parametrize("level", ["quality", "balanced", "speed"])
def test_every_wording_is_a_hit_that_costs_nothing_at_every_level(
    api: Any, fake_openai: FakeOpenAI, level: str
) -> None:
    curate()
    for wording in (*WORDINGS, f"  {QUESTION} "):
        response = chat(api, wording, level)
        told = {name: response[name] for name in ("X-Provider", "X-Cache", "X-Cache-Match", "X-Cost-USD", "Age")}
        assert told == {
            "X-Provider": "curated", "X-Cache": "HIT", "X-Cache-Match": "exact", "X-Cost-USD": "0", "Age": "0",
        }  # fmt: skip
        assert "X-Cost-Saved-USD" not in response.headers, "nobody knows"
        assert response.json()["text"] == ANSWER and response.json()["usage"]["total_tokens"] == 0
    assert fake_openai.requests == []


@pytest.mark.parametrize("text", ["Wann öffnet ihr am Südtor?", "यह दुकान क़रीब है?"])
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_letter_and_its_mark_are_the_character_that_they_make(
    api: Any, fake_openai: FakeOpenAI, text: str, forms: tuple[Literal["NFC", "NFD"], ...]
) -> None:
    wording, asked = (unicodedata.normalize(form, text) for form in forms)
    curate(wordings=wording, language="")
    assert chat(api, asked, "quality")["X-Provider"] == "curated"


@pytest.mark.parametrize("text", ["what's your refund policy", "Hey, what is your refund policy, please?"])
def test_the_same_words_are_found_below_quality_while_the_semantic_cache_is_on(
    api: Any, fake_openai: FakeOpenAI, settings: Any, text: str
) -> None:
    curate()
    assert [chat(api, text, level)["X-Provider"] for level in ("balanced", "speed")] == ["curated"] * 2
    assert chat(api, text, "quality")["X-Provider"] == "openai"
    settings.SEMANTIC_MODE = "off"
    assert chat(api, text)["X-Provider"] == "openai"


@pytest.mark.parametrize("body", OTHER_REQUESTS)
def test_a_request_that_asks_for_more_than_its_text_goes_to_the_provider(
    api: Any, fake_openai: FakeOpenAI, body: dict[str, Any]
) -> None:
    curate()
    response = completion(api, **body)
    assert (response.status_code, response["X-Provider"]) == (200, "openai")


@pytest.mark.parametrize("params", [{"temperature": 0.2, "max_tokens": 50}, {"user": "u1"}, {"n": 1, "tools": []}])
def test_parameters_that_leave_the_question_as_it_is_do_not_matter(
    api: Any, fake_openai: FakeOpenAI, params: dict[str, Any]
) -> None:
    curate()
    body = completion(api, messages=[{"role": "user", "content": QUESTION}], **params)
    assert body["X-Provider"] == "curated"
    [choice] = body.json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (ANSWER, "stop")


def test_a_stream_has_the_whole_answer(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    response = completion(api, messages=[{"role": "user", "content": QUESTION}], stream=True)
    lines = b"".join(response.streaming_content).decode().split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    assert "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"]) == ANSWER
    assert (response["X-Provider"], lines[-2]) == ("curated", "data: [DONE]")


@pytest.mark.parametrize("stream", [False, True])
def test_the_responses_api_serves_them_too(api: Any, fake_openai: FakeOpenAI, stream: bool) -> None:
    curate()
    response = api.post("/v1/responses", {"model": "m", "input": QUESTION, "stream": stream}, format="json")
    body = b"".join(response.streaming_content) if stream else response.content
    assert response["X-Provider"] == "curated" and ANSWER.encode() in body
    told = {"model": "m", "input": QUESTION, "instructions": "Be rude."}
    assert api.post("/v1/responses", told, format="json")["X-Provider"] == "openai"


def test_a_voice_turn_speaks_it(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    response = api.post("/api/converse/", {"query": QUESTION, "tts_provider": "espeak"}, format="json")
    assert b"".join(response.streaming_content)
    receipt = api.get(f"/api/receipts/{response['X-Receipt-ID']}/").json()
    assert (receipt["text"], receipt["chat"]["provider"]) == (ANSWER, "curated") and fake_openai.requests == []


def test_a_client_that_calls_it_wrong_is_heard_and_the_answer_stays(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    said = {"id": chat(api).json()["id"], "correct": False}
    assert api.post("/api/feedback/", said, format="json").json()["removed"] == 0
    assert chat(api)["X-Provider"] == "curated"


def test_an_answer_is_for_its_client_or_for_those_that_share(api: Any, fake_openai: FakeOpenAI) -> None:
    curate("another")
    assert chat(api)["X-Provider"] == "openai"
    curate("")
    assert chat(api)["X-Provider"] == "openai"


def test_clients_that_share_get_shared_answers_and_their_own_first(
    clients: Any, api: Any, fake_openai: FakeOpenAI
) -> None:
    _, key = clients("sharing", shared_scope=True)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    curate("")
    assert chat(api).json()["text"] == ANSWER
    curate("sharing", answer="My own.")
    assert chat(api).json()["text"] == "My own."


def test_a_request_for_another_language_is_not_given_it(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    assert chat(api, language="hi")["X-Provider"] == "openai"
    assert chat(api, language="en-IN")["X-Provider"] == "curated"
    curate(language="hi", answer="30 दिन में।")
    assert chat(api, language="hi").json()["text"] == "30 दिन में।"
    assert chat(api)["X-Provider"] == "openai", "nobody knows which is meant"


def test_two_answers_to_the_same_words_are_no_answer(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    curate(answer="Other.", wordings="what is your refund policy")
    assert chat(api).json()["text"] == ANSWER
    assert chat(api, "what's your refund policy")["X-Provider"] == "openai"


def test_of_two_answers_to_the_same_text_the_first_is_served(api: Any, fake_openai: FakeOpenAI) -> None:
    curate(wordings="Wann öffnet ihr?")
    curate(answer="Other.", wordings="Wann o\u0308ffnet ihr?")
    assert [chat(api, text).json()["text"] for text in ("Wann öffnet ihr?", "Wann o\u0308ffnet ihr?")] == [ANSWER] * 2


def test_a_change_is_seen_at_once_by_the_worker_that_made_it(api: Any, fake_openai: FakeOpenAI) -> None:
    answer = curate()
    assert chat(api).json()["text"] == ANSWER
    answer.answer = "Changed."
    answer.save()
    assert chat(api).json()["text"] == "Changed."
    answer.enabled = False
    answer.save()
    assert chat(api)["X-Provider"] == "openai"


def test_no_cache_asks_the_provider_and_only_if_cached_is_answered(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    assert chat(api, directive="no-cache")["X-Provider"] == "openai"
    assert chat(api, directive="only-if-cached")["X-Provider"] == "curated"


def test_the_ledger_counts_a_hit_of_the_provider_curated(api: Any, fake_openai: FakeOpenAI) -> None:
    curate()
    chat(api)
    chat(api)
    writer.flush()
    [row] = HourlyUsage.objects.all()
    assert (row.provider, row.outcome, row.requests, row.unpriced, row.cost) == ("curated", "exact", 2, 0, 0)
    assert [(hits.question, hits.hits) for hits in EntryHits.objects.all()] == [(QUESTION, 2)]


def test_a_forgotten_client_leaves_none_of_its_answers_and_no_trace_of_their_hits(
    api: Any, fake_openai: FakeOpenAI
) -> None:
    curate()
    curate("")
    chat(api)
    writer.flush()
    traces = erasure.forget("tester", Client.objects.get(name="tester").holder)
    assert (traces.curated, traces.hits) == (1, 1)
    assert list(CuratedAnswer.objects.values_list("client")) == [("",)] and not EntryHits.objects.exists()
