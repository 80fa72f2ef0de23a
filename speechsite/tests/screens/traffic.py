"""Requests that leave something on every page."""

from __future__ import annotations

from pathlib import Path

from caching.maintenance.sample_requests import QUESTIONS
from speech.tests.loopback.answers import Answer, Seen, as_json
from speech.tests.loopback.openai import FakeOpenAI
from speechsite.tests.screens.pages import ASKED
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

PARCEL = "Where is my parcel?"
ANSWERS = {PARCEL: "It left our warehouse this morning and reaches you tomorrow between nine and noon."} | {
    question.text: question.answer for question in QUESTIONS
}
CURATED = """wordings,answer,language
Are you a robot?|Am I talking to a machine?,"Yes, I am an automated assistant. I can connect you to a colleague.",en
How do I reach you by mail?,Write to help at example dot com.,en
"""


class Shop(FakeOpenAI):
    """A provider that knows the shop's answers, and is overloaded when it is asked to fail."""

    def answer(self, seen: Seen) -> Answer:
        if not seen.path.endswith("/chat/completions"):
            return super().answer(seen)
        asked = str(seen.body["messages"][-1]["content"])
        if asked.startswith("Fail"):
            return self.errors["503"]
        message = {"role": "assistant", "content": ANSWERS.get(asked, ANSWERS[PARCEL])}
        return as_json(
            {
                "id": "chatcmpl-shop",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": seen.body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 412, "completion_tokens": 31, "total_tokens": 443},
            }
        )


def fill(server: Server, most: int = 3) -> None:
    """Send requests of every kind: misses, hits by the same and other words, speech, an error."""
    for question, answer in list(ANSWERS.items())[:most]:
        for _ in range(2):
            server.chat(question)
            server.speak(answer)
    server.chat_until_matched(ASKED)
    server.chat("where is my parcel please")
    server.chat("Fail, please.")


def curate(server: Server, directory: Path) -> None:
    file = directory / "curated.csv"
    file.write_text(CURATED)
    server.manage("curate", str(file), "--client", "demo")
    wait_until(lambda: server.chat("Are you a robot?").headers.get("X-Provider") == "curated", pause=0.3)
    server.chat("Am I talking to a machine?")
