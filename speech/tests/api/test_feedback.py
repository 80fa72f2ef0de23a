from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis
from rest_framework.test import APIClient

from caching import background
from caching.models import Judgement
from caching.semantic.cache import forget_tier
from caching.semantic.scoring.pair_verdicts import learned
from caching.tests.support.paraphrases import ASKED, PARAPHRASE, wait_for_the_index
from speech.models import Client, Receipt
from speech.tests.loopback import FakeOpenAI
from speech.tests.support.bad_requests import error_of

pytestmark = pytest.mark.usefixtures("fake_openai")


def chat(api: Any, query: str = ASKED, **fields: Any) -> Any:
    response = api.post("/api/chat/", {"query": query, "optimization_level": "speed", **fields}, format="json")
    assert response.status_code == 200
    return response


def say(api: Any, id: str, correct: Any = False, **fields: Any) -> Any:
    return api.post("/api/feedback/", {"id": id, "correct": correct, **fields}, format="json")


def kind(response: Any) -> str:
    return response.headers.get("X-Cache-Match", response.headers["X-Cache"])


@pytest.fixture
def alike(api: Any) -> Any:
    """The answer to PARAPHRASE, which was made for ASKED."""
    # What other tests asked must not come nearer.
    forget_tier()
    learned.steps = {"speed": -8}
    chat(api)
    wait_for_the_index()
    found = chat(api, PARAPHRASE)
    assert kind(found) == "semantic"
    background.run_submitted()
    return found


def test_a_wrong_paraphrase_is_not_answered_so_again(api: Any, alike: Any) -> None:
    response = say(api, alike.json()["id"], comment="That is another account")
    assert response.status_code == 202
    assert response.json() == {"id": alike.json()["id"], "correct": False, "removed": 1}
    assert kind(chat(api)) == "MISS", "what it was answered with is gone"
    assert kind(chat(api, PARAPHRASE)) == "MISS"
    row = Judgement.objects.get()
    assert (row.judge, row.verdict, row.level, row.client, row.comment) == (
        "client",
        "wrong",
        "speed",
        "tester",
        "That is another account",
    )


def test_the_pair_stays_apart_when_both_are_stored_anew(api: Any, alike: Any, redis_client: redis.Redis) -> None:
    say(api, alike.json()["id"])
    chat(api)
    redis_client.delete(*redis_client.keys("llm:semantic:*tell*"))
    for _ in range(3):
        assert kind(chat(api, f"please {PARAPHRASE}")) in ("MISS", "exact")


def test_right_changes_nothing(api: Any, alike: Any) -> None:
    assert say(api, alike.json()["id"], correct=True).json()["removed"] == 0
    assert kind(chat(api, PARAPHRASE)) == "semantic"
    assert Judgement.objects.get().verdict == "right"


@pytest.mark.parametrize("times", [1, 2])
def test_a_wrong_answer_to_its_own_question_is_removed(api: Any, times: int) -> None:
    ids = [chat(api).json()["id"] for _ in range(times)]
    assert say(api, ids[-1]).json()["removed"] == 1
    assert kind(chat(api)) == "MISS"


def test_it_may_be_sent_again(api: Any) -> None:
    id = chat(api).json()["id"]
    assert [say(api, id).status_code for _ in range(3)] == [202] * 3
    assert Judgement.objects.count() == 1


def test_openais_answers_can_be_judged_too(api: Any, fake_openai: FakeOpenAI) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": ASKED}]}
    whole = api.post("/v1/chat/completions", body, format="json")
    assert say(api, whole.json()["id"]).json()["removed"] == 1
    stream = api.post("/v1/chat/completions", {**body, "stream": True}, format="json")
    id = b"".join(stream.streaming_content).decode().partition('"id":"')[2].partition('"')[0]
    assert say(api, id).json()["removed"] == 1
    assert api.post("/v1/chat/completions", body, format="json").headers["X-Cache"] == "MISS"


def test_a_spoken_turn_is_judged_by_its_receipt(api: Any) -> None:
    turn = api.post("/api/converse/", {"query": ASKED}, format="json")
    b"".join(turn.streaming_content)
    assert say(api, turn.headers["X-Receipt-ID"]).json()["removed"] == 1
    receipt = api.get(f"/api/receipts/{turn.headers['X-Receipt-ID']}/").json()
    assert say(api, receipt["chat"]["id"]).json()["removed"] == 0


def test_only_who_got_the_answer_may_judge_it(api: Any, alike: Any, clients: Callable[..., tuple[Client, str]]) -> None:
    _, key = clients("other")
    stranger = APIClient()
    stranger.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    mine = Receipt.objects.create(client=Client.objects.get(name="tester"), body={"chat": {"id": alike.json()["id"]}})
    for id in (alike.json()["id"], str(mine.id)):
        refused = say(stranger, id)
        assert (refused.status_code, error_of(refused)["code"]) == (404, "not_found")
    assert not Judgement.objects.exists()
    assert kind(chat(api, PARAPHRASE)) == "semantic"
    assert say(APIClient(), alike.json()["id"]).status_code == 401


@pytest.mark.parametrize("id", ["chatcmpl-unknown", "", " ", str(uuid.UUID(int=7)), "chatcmpl-" + "A" * 83])
def test_an_unknown_id_is_not_found(api: Any, id: str) -> None:
    refused = say(api, id)
    assert refused.status_code == (404 if id.strip() else 400)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"id": "x"}, "correct"),
        ({"correct": True}, "id"),
        ({"id": "x", "correct": "yes"}, "correct"),
        ({"id": "x", "correct": 1}, "correct"),
        ({"id": "x", "correct": None}, "correct"),
        ({"id": 5, "correct": True}, "id"),
        ({"id": "x" * 201, "correct": True}, "id"),
        ({"id": "x", "correct": True, "comment": "y" * 1001}, "comment"),
        ({"id": "x", "correct": True, "wrong": 1}, "wrong"),
    ],
)
def test_a_body_that_says_something_else_is_refused(api: Any, body: dict[str, Any], param: str) -> None:
    refused = api.post("/api/feedback/", body, format="json")
    assert (refused.status_code, error_of(refused)["param"]) == (400, param)


def test_without_redis_it_is_remembered_all_the_same(api: Any, alike: Any, use_redis: Callable[[str], None]) -> None:
    use_redis("redis://127.0.0.1:1/0")
    assert say(api, alike.json()["id"]).status_code == 202
    assert Judgement.objects.get().pair and learned.verdict(Judgement.objects.get().pair) is False
