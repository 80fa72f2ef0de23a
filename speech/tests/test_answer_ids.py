from __future__ import annotations

import base64

import pytest

from caching.policy import LEVELS
from caching.result import CacheResult
from caching.semantic.cache import Match
from speech import answer_ids
from speech.models import Client

BOT, OTHER = Client(pk=1, name="bot"), Client(pk=2, name="other")
KEY = "llm:exact:" + "0123456789abcdef" * 4
MATCH = Match(KEY, "q", "semantic", "ab" * 12, id="0123456789abcdef")


@pytest.mark.parametrize("level", LEVELS)
def test_an_id_says_which_answer_it_is_of(level: str) -> None:
    id = answer_ids.issue(BOT, CacheResult(None, "hit", KEY, match="semantic", matched=MATCH), level)  # type: ignore[arg-type]
    assert answer_ids.read(BOT, id) == answer_ids.AnswerID(MATCH.id, KEY, level, MATCH.pair)  # type: ignore[arg-type]


def test_an_answer_to_its_own_question_has_no_pair() -> None:
    found = answer_ids.read(BOT, answer_ids.issue(BOT, CacheResult(None, "miss", KEY), "balanced"))
    assert found is not None and (found.key, found.pair) == (KEY, "")


def test_every_id_is_new_and_looks_like_openais() -> None:
    ids = {answer_ids.issue(BOT, CacheResult(None, "hit", KEY), "speed") for _ in range(100)}
    assert len(ids) == 100
    assert ids and all(id.startswith("chatcmpl-") and id.isprintable() and len(id) <= 100 for id in ids)


def test_it_is_of_the_client_that_got_it() -> None:
    id = answer_ids.issue(BOT, CacheResult(None, "hit", KEY), "speed")
    assert answer_ids.read(BOT, id) and answer_ids.read(OTHER, id) is None


def test_one_that_was_changed_or_made_up_is_none() -> None:
    id = answer_ids.issue(BOT, CacheResult(None, "hit", KEY), "speed")
    changed = [id[:at] + ("A" if id[at] != "A" else "B") + id[at + 1 :] for at in range(len("chatcmpl-"), len(id) - 1)]
    for wrong in [*changed, id[:-4], id + "AAAA", "", "chatcmpl-", "chatcmpl-x", "chatcmpl-" + "0" * 32, "é", "a\0b"]:
        assert answer_ids.read(BOT, wrong) is None, wrong


def test_nobody_can_read_from_it_what_it_says() -> None:
    semantic = answer_ids.issue(BOT, CacheResult(None, "hit", KEY, match="semantic", matched=MATCH), "speed")
    exact = answer_ids.issue(BOT, CacheResult(None, "hit", KEY), "speed")
    assert len(semantic) == len(exact)
    digest = bytes.fromhex(KEY.removeprefix("llm:exact:"))
    for id in (semantic, exact):
        data = base64.urlsafe_b64decode(id.removeprefix("chatcmpl-") + "==")
        assert digest not in data and bytes(12) not in data and bytes.fromhex(MATCH.pair) not in data
