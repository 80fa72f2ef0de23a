"""A loopback OpenAI that also sits in judgement, as a model would: it looks for its two words in its instructions."""

from __future__ import annotations

import json
import re
from typing import Any

from speech.tests.loopback import Answer, FakeOpenAI, Seen
from speech.tests.loopback.answers import as_json


class JudgingOpenAI(FakeOpenAI):
    def __init__(self, verdict: str = "right") -> None:
        """`verdict`: `right`, `wrong`, or the very words to say instead."""
        super().__init__()
        self.verdict = verdict

    def answer(self, seen: Seen) -> Answer:
        if not is_case(seen):
            return super().answer(seen)
        says = words_of(seen).get(self.verdict, self.verdict)
        choice = {"index": 0, "message": {"role": "assistant", "content": says}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 200, "completion_tokens": 5, "total_tokens": 205}
        return as_json({"model": seen.body["model"], "choices": [choice], "usage": usage})

    @property
    def cases(self) -> list[Seen]:
        return [seen for seen in list(self.requests) if is_case(seen)]


def is_case(seen: Seen) -> bool:
    messages = seen.body.get("messages") or [{}]
    return "You check a cache of answers" in str(messages[0].get("content"))


def words_of(seen: Seen) -> dict[str, str]:
    instructions = seen.body["messages"][0]["content"]
    return {"right": re.findall(r"FITS-\w+", instructions)[0], "wrong": re.findall(r"DIFFERS-\w+", instructions)[0]}


def data_of(seen: Seen) -> dict[str, Any]:
    """What was shown to the judge."""
    mark, data, end = seen.body["messages"][1]["content"].split("\n")
    assert mark == end and mark in seen.body["messages"][0]["content"]
    found: dict[str, Any] = json.loads(data)
    return found
