"""The nine requests, each with what has to happen first so that it ends as its name says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CHAT, SPEECH, COMPLETIONS = "/api/chat/", "/api/tts/", "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Call:
    path: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    # The last call is traced. `warm_up` is the same with other words.
    calls: tuple[Call, ...]
    warm_up: tuple[Call, ...]
    # X-Cache and X-Cache-Match of the last answer.
    cache: str
    match: str = ""


def chats(*queries: str) -> tuple[Call, ...]:
    return tuple(Call(CHAT, {"query": query, "optimization_level": "balanced"}) for query in queries)


def streams(*queries: str) -> tuple[Call, ...]:
    asked = ([{"role": "user", "content": query}] for query in queries)
    return tuple(Call(COMPLETIONS, {"model": "demo", "messages": messages, "stream": True}) for messages in asked)


def spoken(noun: str, codec: str) -> tuple[Call, ...]:
    text = f"The {noun} has been sent to your house. It arrives there on Monday."
    return (Call(SPEECH, {"text": text, "codec": codec}),)


SCENARIOS = (
    Scenario(
        "exact chat hit",
        chats(*["What is the tallest mountain?"] * 2),
        chats(*["How are violins made?"] * 2),
        "HIT",
        "exact",
    ),
    Scenario(
        "chat miss, stored",
        chats("Which rivers flow through Vienna?"),
        chats("Why is the sky blue at noon?"),
        "MISS",
    ),
    Scenario(
        "equal-once-normalised hit",
        chats("Where does the night train stop?", "where does the night train stop"),
        chats("When was this museum opened?", "when was this museum opened"),
        "HIT",
        "semantic",
    ),
    Scenario(
        "semantic hit",
        chats("How do I register my modem?", "How can I register my modem?"),
        chats("How do I return my order?", "How can I return my order?"),
        "HIT",
        "semantic",
    ),
    Scenario("TTS miss, 2 sentences", spoken("parcel", "mp3"), spoken("letter", "mp3"), "MISS"),
    Scenario("TTS hit (mp3)", spoken("invoice", "mp3") * 2, spoken("voucher", "mp3") * 2, "HIT"),
    Scenario("TTS hit (wav, 2 sentences)", spoken("ticket", "wav") * 2, spoken("router", "wav") * 2, "HIT"),
    Scenario(
        "/v1 streamed miss",
        streams("Who painted the ceiling of the chapel?"),
        streams("What do hedgehogs eat in winter?"),
        "MISS",
    ),
    Scenario(
        "/v1 streamed hit",
        streams(*["Which planets have rings?"] * 2),
        streams(*["Who invented the telescope?"] * 2),
        "HIT",
    ),
)
