"""Which rule holds for a request, and what it leaves of the caller's policy."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from caching import redaction
from caching.llm.request import ChatQuery
from caching.models import CacheRule, QuestionKind
from caching.policy import Policy
from caching.redaction import forget_texts
from caching.rules import engine
from caching.rules.engine import apply_to_answer, apply_to_speech

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bot(clients: Callable[..., Any]) -> None:
    clients("bot")


ASKED: dict[str, Any] = {
    "asked_by": "bot",
    "provider": "openai",
    "model": "gpt-5-mini",
    "language": "",
    "text": "Where is my order?",
}


def answer(policy: Policy = Policy(), temperature: object = None, **change: Any) -> Policy:  # noqa: B008 (frozen)
    about = {**ASKED, **change}
    messages = [{"role": "user", "content": about.pop("text")}]
    return apply_to_answer(policy, ChatQuery("scope", messages=messages, params={"temperature": temperature}, **about))


def speech(policy: Policy = Policy(), text: str = "Where is my order?") -> Policy:  # noqa: B008 (frozen)
    return apply_to_speech(policy, "bot", "openai", SimpleNamespace(model="gpt-5-mini", language="", text=text))


def rule(name: str = "A rule", **fields: Any) -> CacheRule:
    fields = fields if fields.keys() & {"never_store", "level_at_most", "threshold"} else {"ttl": 7, **fields}
    new = CacheRule(name=name, **fields)
    new.full_clean()
    new.save()
    return new


def test_without_rules_a_policy_stays_the_same_object() -> None:
    policy = Policy("speed", max_age=3)
    assert answer(policy) is policy
    assert speech(policy) is policy


@pytest.mark.parametrize(
    ("conditions", "fitting", "other"),
    [
        ({"client": "bot"}, {}, {"asked_by": "robot"}),
        ({"provider": "openai"}, {}, {"provider": "sarvam"}),
        ({"model": "gpt-5-mini"}, {}, {"model": "gpt-5"}),
        ({"model": "gpt-5*"}, {}, {"model": "gpt-4o"}),
        ({"model": "*"}, {"model": ""}, None),
        ({"language": "hi"}, {"language": "hi"}, {"language": "en"}),
        ({"language": "hi"}, {"text": "मेरा ऑर्डर कहां है"}, {}),
        ({"language": "hi"}, {"text": "बैंक बैलेंस"}, {"text": "दुकान उघडे आहे का"}),
        ({"language": "hi"}, {"text": "mera order kahan hai bhai"}, {}),
        ({"language": "hi"}, {"language": "hi-IN"}, {"language": "en-IN"}),
        ({"language": "DE"}, {"language": "de-AT"}, {"language": "nl"}),
        ({"language": "en-IN"}, {}, {"text": "मेरा ऑर्डर कहां है"}),
        ({"text_match": "contains", "text": "ORDER"}, {}, {"text": "Where is my parcel?"}),
        ({"text_match": "contains", "text": "straße"}, {"text": "Welche STRASSE?"}, {}),
        ({"text_match": "begins", "text": "öffnen"}, {"text": "O\u0308ffnen Sie heute?"}, {"text": "Offnen Sie?"}),
        ({"text_match": "contains", "text": "u\u0308ber"}, {"text": "Geht es Über Köln?"}, {"text": "uber"}),
        ({"text_match": "begins", "text": "where is"}, {"text": "  Where is it?"}, {"text": "So where is it?"}),
        ({"kind": "moment"}, {"text": "What time is it?"}, {}),
        ({"kind": "chance"}, {"text": "Roll a die"}, {"text": "What time is it?"}),
        ({"applies_to": "llm"}, {}, None),
        ({}, {}, None),
    ],
)
def test_a_rule_holds_where_all_its_conditions_fit(
    conditions: dict[str, str], fitting: dict[str, Any], other: dict[str, Any] | None
) -> None:
    rule("A rule", ttl=7, **conditions)
    assert (found := answer(**fitting)).rule == "A rule" and found.ttl("llm") == 7
    if other is not None:
        assert answer(**other).rule != "A rule"


def test_the_first_rule_that_fits_holds() -> None:
    rule("second", position=2, ttl=20)
    rule("first", position=1, ttl=10, client="bot")
    rule("off", position=0, ttl=5, enabled=False)
    assert answer().rule == "first" and answer(asked_by="another").rule == "second"


def test_a_new_rule_comes_last() -> None:
    assert [rule(name).position for name in ("a", "b", "c")] == [1, 2, 3]
    assert rule("first", position=0).position == 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ({"never_store": True}, Policy("speed"), Policy("speed", read=False, write=False)),
        ({"ttl": 60}, Policy("speed", max_age=3), Policy("speed", max_age=3, seconds=60)),
        ({"level_at_most": "balanced"}, Policy("speed"), Policy("balanced")),
        ({"level_at_most": "balanced"}, Policy("quality"), Policy("quality")),
        ({"level_at_most": "quality", "ttl": 9}, Policy("balanced"), Policy("quality", seconds=9)),
        ({"threshold": 0.99}, Policy("balanced"), Policy("balanced", threshold=0.99)),
    ],
)
def test_an_action_changes_the_policy(action: dict[str, Any], before: Policy, after: Policy) -> None:
    rule("A rule", **action)
    found = answer(before)
    assert found == Policy(**{name: getattr(after, name) for name in after.__slots__} | {"rule": "A rule"})


@pytest.mark.parametrize(("text", "kind"), [("What time is it?", "moment"), ("सिक्का उछालो", "chance")])
def test_by_default_such_questions_are_neither_looked_up_nor_stored(text: str, kind: Any, settings: Any) -> None:
    assert answer(text=text) == Policy(read=False, write=False, rule=QuestionKind(kind).label)
    settings.CACHED_KINDS = {**settings.CACHED_KINDS, kind: True}
    assert answer(text=text) == Policy()


@pytest.mark.parametrize(
    ("temperature", "stored"), [(1.5, False), (2, False), (1.49, True), (0, True), (None, True), ("2", True)]
)
def test_a_high_temperature_is_chance(temperature: object, stored: bool) -> None:
    assert answer(temperature=temperature).write is stored


def test_only_a_rule_that_names_the_kind_lifts_the_default() -> None:
    rule("for all of this client", client="bot", ttl=600)
    assert answer(text="What time is it?").rule == QuestionKind("moment").label
    rule("the clock", kind="moment", ttl=5, position=0)
    engine.forget()
    assert answer(text="What time is it?") == Policy(rule="the clock", seconds=5)
    assert answer(text="Roll a die").rule == QuestionKind("chance").label
    assert answer(text="What time is it?", temperature=1.9).rule == QuestionKind("chance").label


def test_a_rule_that_never_stores_gives_its_own_name() -> None:
    rule("nothing of this client", client="bot", never_store=True)
    assert answer(text="What time is it?").rule == "nothing of this client"


def test_what_leaves_no_trace_already_needs_no_rule() -> None:
    rule("A rule")
    policy = Policy(read=False, write=False)
    assert answer(policy) is policy


def test_speech_is_of_no_kind_and_follows_the_other_conditions() -> None:
    assert speech(text="What time is it?") == Policy()
    rule("answers", applies_to="llm", ttl=5)
    rule("of a kind", kind="moment", ttl=6)
    rule("speech", text_match="contains", text="order", never_store=True)
    assert speech() == Policy(read=False, write=False, rule="speech")
    assert speech(text="What time is it?") == Policy()


@pytest.mark.parametrize("text", ["", "\x00", "🎲" * 400, "x" * 50_000, "' OR 1=1 --", "%s {}"])
def test_odd_texts_are_compared_like_others(text: str) -> None:
    rule("A rule", text_match="contains", text="%s {}")
    assert (answer(text=text).rule == "A rule") is ("%s {}" in text)


def test_a_change_holds_at_once_in_its_process() -> None:
    changed = rule("A rule")
    assert answer().rule == "A rule"
    changed.delete()
    assert answer().rule == ""


class Text(str):
    """A text of which a test can tell if it is still in memory."""


def test_texts_that_rules_were_looked_up_for_are_forgotten_though_the_rules_stay() -> None:
    rule(text="order", text_match="contains")
    book, text = engine.rule_book(), Text("Where is my order?")
    request = engine.Request("llm", "bot", "openai", "gpt-5-mini", "", text)
    assert book.find(request) and book.find(request)
    kept = weakref.ref(text)
    del text, request
    assert kept(), "the same question is looked up once"
    forget_texts()
    assert kept() is None
    assert engine.rule_book() is book


def test_a_book_that_is_read_again_leaves_nothing_in_the_list_of_caches() -> None:
    gc.collect()
    before = len(redaction._memos)
    for _ in range(3):
        engine.RuleBook([])
    gc.collect()
    assert len(redaction._memos) <= before
