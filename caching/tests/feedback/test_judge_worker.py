"""Answers that a model judges in the background: which, how many, at whose expense, and what follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import redis

from caching import background, metrics
from caching.feedback import judge_worker
from caching.feedback.judge_worker import worker
from caching.feedback.types import Case, Opinion
from caching.models import Call, HourlyUsage, Judgement, Price
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.semantic.cache import Match, SemanticQuery, forget_tier, tier
from caching.semantic.scoring.pair_verdicts import learned
from caching.tests.support.asking import Provider, ask, spoken
from caching.tests.support.paraphrases import ASKED, PARAPHRASE, question, wait_for_the_index
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db

LOW, HIGH = -8, 12
"""Steps of the threshold with which PARAPHRASE surely hits, or surely misses."""


class Model:
    """Says what it is told to say, and remembers what it was asked."""

    def __init__(self, right: bool | None, usage: Usage | None = Usage(input_tokens=100)) -> None:  # noqa: B008
        self.right, self.usage = right, usage
        self.cases: list[Case] = []

    def __call__(self, case: Case) -> Opinion:
        self.cases.append(case)
        return Opinion(self.right, "acme", "judge-1", self.usage)


@pytest.fixture(autouse=True)
def stored(redis_client: redis.Redis) -> redis.Redis:
    forget_tier()
    answered(ASKED)
    wait_for_the_index()
    return redis_client


@pytest.fixture
def everything(settings: Any) -> None:
    """All that may be judged is."""
    settings.SEMANTIC_VERIFY_SHARE, settings.SEMANTIC_PROMOTE = 1.0, True


def answered(text: str, policy: Policy = Policy("speed"), **change: Any) -> Any:  # noqa: B008
    return ask(question(text, **change), policy, Provider(spoken(f"Answer to {text}")))


def judged_by(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setattr(worker, "ask_model", model)
    return model


def test_by_default_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    assert answered(PARAPHRASE).match == "semantic"
    assert worker.work_off() == 0 and model.cases == []


@pytest.mark.usefixtures("everything")
def test_a_hit_is_judged_after_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    result = answered(PARAPHRASE)
    assert result.match == "semantic" and model.cases == [], "the answer did not wait for it"
    assert worker.work_off() == 1
    (case,) = model.cases
    assert (case.asked.text, case.match.question, case.answer) == (PARAPHRASE, ASKED, f"Answer to {ASKED}")
    row = Judgement.objects.get()
    assert (row.match, row.judge, row.verdict, row.level) == (result.matched.id, "model", "right", "speed")
    assert row.pair == result.matched.pair and learned.verdict(row.pair) is True


@pytest.mark.usefixtures("everything")
def test_a_hit_that_the_model_finds_wrong_is_never_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(False), monkeypatch)
    learned.steps = {"speed": LOW}
    assert answered(PARAPHRASE).match == "semantic"
    worker.work_off()
    assert answered(PARAPHRASE).status == "miss"
    answered(ASKED)
    wait_for_the_index()
    store.delete([question(PARAPHRASE).key])
    assert answered(f"um, {PARAPHRASE}").value.choices != spoken(f"Answer to {ASKED}").choices


@pytest.mark.usefixtures("everything")
def test_a_model_that_says_nothing_clear_is_paid_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(None), monkeypatch)
    learned.steps = {"speed": LOW}
    unclear = metrics.JUDGEMENTS.labels("speed", "model", "unclear")
    before = unclear._value.get()
    answered(PARAPHRASE)
    worker.work_off()
    assert not Judgement.objects.exists() and unclear._value.get() == before + 1
    assert HourlyUsage.objects.get(outcome="judged").requests == 1


@pytest.mark.usefixtures("everything")
def test_a_confirmed_near_miss_is_a_sure_hit_once_its_own_answer_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": HIGH}
    assert answered(PARAPHRASE).status == "miss"
    assert worker.work_off() == 1
    assert Judgement.objects.get().judge == "promotion"
    forget_answer_to(PARAPHRASE)
    result = answered(PARAPHRASE)
    assert (result.match, result.matched.tier, result.matched.probability) == ("semantic", "confirmed", 1.0)
    assert result.value.choices == spoken(f"Answer to {ASKED}").choices


@pytest.mark.usefixtures("everything")
def test_a_near_miss_whose_own_answer_was_not_stored_becomes_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": HIGH}
    ask(question(PARAPHRASE), Policy("speed"), Provider(spoken("cut sh", "length")))
    worker.work_off()
    background.run_submitted()
    result = answered(f"um, {PARAPHRASE}", Policy("balanced"))
    assert (result.match, result.key) == ("semantic", question(ASKED).key)


@pytest.mark.usefixtures("everything")
def test_a_refused_near_miss_is_not_asked_about_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judged_by(Model(False), monkeypatch)
    learned.steps = {"speed": HIGH}
    for _ in range(2):
        assert answered(PARAPHRASE).status == "miss"
        worker.work_off()
        forget_answer_to(PARAPHRASE)
    assert len(model.cases) == 1


def test_near_misses_are_not_judged_unless_asked_for(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEMANTIC_VERIFY_SHARE = 1.0
    model = judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": HIGH}
    answered(PARAPHRASE)
    assert worker.work_off() == 0 and model.cases == []


@pytest.mark.usefixtures("everything")
def test_a_question_that_must_leave_no_trace_is_shown_to_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    assert answered(PARAPHRASE, Policy("speed", write=False)).match == "semantic"
    assert worker.work_off() == 0


def test_what_does_not_fit_is_dropped_and_counted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without SEMANTIC_PROMOTE: with it a scope has its limit of reviews long before the queue is full.
    settings.SEMANTIC_VERIFY_SHARE = 1.0
    model = judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    dropped = metrics.JUDGEMENTS_DROPPED.labels("model")
    before = dropped._value.get()
    for _ in range(judge_worker.MAX_WAITING + 3):
        assert answered(PARAPHRASE).match == "semantic"
    assert worker.work_off() == judge_worker.MAX_WAITING == len(model.cases)
    assert dropped._value.get() == before + 3


@pytest.mark.usefixtures("everything")
def test_a_hit_outside_the_sample_is_selected_too(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEMANTIC_VERIFY_SHARE = 0.0
    model = judged_by(Model(False), monkeypatch)
    learned.steps = {"speed": LOW}
    assert answered(PARAPHRASE).match == "semantic"
    assert worker.work_off() == 1 and len(model.cases) == 1
    assert Judgement.objects.get().judge == "promotion"
    assert answered(PARAPHRASE).status == "miss"


@pytest.mark.usefixtures("everything")
def test_cases_that_wait_together_stay_within_5_reviews_in_100_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    for _ in range(10):
        assert answered(PARAPHRASE).match == "semantic"
    worker.work_off()
    assert len(model.cases) == 1


@pytest.mark.usefixtures("everything")
def test_near_misses_leave_room_for_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(None), monkeypatch)
    learned.steps = {"speed": HIGH}
    for _ in range(judge_worker.MAX_WAITING):
        answered(PARAPHRASE)
        forget_answer_to(PARAPHRASE)
    assert worker.work_off() == judge_worker.MAX_WAITING // 2


@pytest.mark.usefixtures("everything")
def test_its_cost_is_spent_by_the_cache_and_taken_off_what_it_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    Price.objects.create(provider="acme", model="*", unit="input_tokens", amount="0.01", per=1, source="a test")
    judged_by(Model(True), monkeypatch)
    learned.steps = {"speed": LOW}
    overhead = metrics.OVERHEAD.labels("llm", "acme", "USD")
    before = overhead._value.get()
    answered(PARAPHRASE)
    worker.work_off()
    rows = HourlyUsage.objects.filter(outcome="judged", provider="acme", model="judge-1", level="speed")
    assert sum(row.cost for row in rows) == sum(row.overhead for row in rows) == Decimal(1)
    assert sum(row.saved for row in rows) == Decimal(-1) and sum(row.input_tokens for row in rows) == 100
    assert overhead._value.get() == before + 1
    call = Call.objects.get(outcome="judged")
    assert (call.cost, call.overhead, call.saved, call.client) == (Decimal(1), Decimal(1), Decimal(-1), "tester")


@pytest.mark.usefixtures("everything")
def test_a_judgement_without_a_price_is_unpriced_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_by(Model(True, usage=None), monkeypatch)
    learned.steps = {"speed": LOW}
    answered(PARAPHRASE)
    worker.work_off()
    assert Call.objects.get(outcome="judged").cost is None
    assert HourlyUsage.objects.get(outcome="judged").unpriced == 1


def test_in_shadow_mode_what_would_have_been_given_is_counted_and_judged(
    settings: Any, everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEMANTIC_MODE = "shadow"
    model = judged_by(Model(False), monkeypatch)
    learned.steps = {"speed": LOW}
    assert answered(PARAPHRASE).status == "miss"
    worker.work_off()
    assert [case.match.question for case in model.cases] == [ASKED]
    call = Call.objects.get(outcome="shadow")
    assert (call.question, call.matched, call.level) == (PARAPHRASE, ASKED, "speed")
    assert call.match == Judgement.objects.get().match
    assert store.get(question(ASKED).key), "nobody got it, so it stays for those who ask just that"


def test_the_thread_goes_on_after_a_case_that_fails(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEMANTIC_VERIFY_SHARE, settings.SEMANTIC_JUDGEMENTS_PER_MINUTE = 1.0, 6000
    asked: list[Case] = []

    def fail(case: Case) -> Opinion:
        asked.append(case)
        raise OSError("nobody there")

    own = judge_worker.JudgeWorker()
    own._worker.name = "of this test"
    own.ask_model = fail
    case = Case(
        SemanticQuery("s", PARAPHRASE),
        Match("llm:exact:1", ASKED, "semantic", "a" * 24),
        "Ten.",
        [],
        "speed",
        "bot",
        60,
    )
    own.offer(case)
    own.offer(case)
    wait_until(lambda: len(asked) == 2)


def _keys() -> list[str]:
    return [key.decode() for key in store.connection().keys("llm:*")]  # type: ignore[union-attr]


def forget_answer_to(text: str) -> None:
    """As if it had been asked so long ago that its answer has expired."""
    tier().forget(question(text).key)
    names = [key for key in _keys() if key.startswith("llm:semantic:") and "tell" in key]
    store.delete([question(text).key, *names])
    wait_for_the_index()
