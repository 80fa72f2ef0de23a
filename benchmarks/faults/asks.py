"""Requests with known answers: the loopback providers derive their answer from the question."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable
from dataclasses import dataclass

import urllib3

from benchmarks.faults.site import Site
from speech.tests.loopback.answers import tone

# Repeated questions; all others are new.
POOL = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    # `right`; `wrong`: an answer to another question; `rejected`: a gateway error; `failed`: anything else.
    kind: str
    # X-Cache.
    cache: str = ""
    # Cache-Status.
    status: str = ""
    provider: str = ""


Ask = Callable[[Site, int], Verdict]


def known_chat(site: Site, number: int) -> Verdict:
    return _chat(site, question(number % POOL))


def new_chat(site: Site, number: int) -> Verdict:
    return _chat(site, question(POOL + number))


def uncached_chat(site: Site, number: int) -> Verdict:
    return _chat(site, question(number), {"Cache-Control": "no-store"})


def known_speech(site: Site, number: int) -> Verdict:
    return _speech(site, number % POOL)


def new_speech(site: Site, number: int) -> Verdict:
    return _speech(site, POOL + number)


def new_stream(site: Site, number: int) -> Verdict:
    """Streams in OpenAI's format. An error event counts as rejected; a stream without its end as failed."""
    text = question(POOL + number)
    body = {"model": "balanced", "stream": True, "messages": [{"role": "user", "content": text}]}
    try:
        response = site.server.request("POST", "/v1/chat/completions", json=body)
    except urllib3.exceptions.HTTPError:
        return Verdict("failed")
    if response.status != 200:
        return _judged(response, right=False)
    events = [line[6:] for line in response.data.decode().splitlines() if line.startswith("data: ")]
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    if any("error" in chunk for chunk in chunks):
        return Verdict("rejected")
    if not events or events[-1] != "[DONE]":
        return Verdict("failed")
    said = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    return _judged(response, right=said.strip() == answer(text))


def question(number: int) -> str:
    return f"What is item {number} on the list?"


def answer(text: str) -> str:
    return f"You said: {text}. That is all."


def _chat(site: Site, text: str, headers: dict[str, str] | None = None) -> Verdict:
    try:
        response = site.server.request("POST", "/api/chat/", json={"query": text}, headers=headers or {})
    except urllib3.exceptions.HTTPError:
        return Verdict("failed")
    return _judged(response, right=response.status == 200 and response.json()["text"] == answer(text))


def _speech(site: Site, number: int) -> Verdict:
    text = f"Please read item {number} aloud."
    try:
        response = site.server.speak(text, language="en")
    except urllib3.exceptions.HTTPError:
        return Verdict("failed")
    return _judged(response, right=response.status == 200 and _samples(response.data) == tone(text))


def _samples(wav: bytes) -> bytes:
    with wave.open(io.BytesIO(wav)) as audio:
        return audio.readframes(audio.getnframes())


def _judged(response: urllib3.BaseHTTPResponse, *, right: bool) -> Verdict:
    about = (response.headers.get("X-Cache", ""), response.headers.get("Cache-Status", ""))
    provider = response.headers.get("X-Provider", "")
    if response.status == 200:
        return Verdict("right" if right else "wrong", *about, provider)
    return Verdict("rejected" if _is_ours(response) else "failed", *about, provider)


def _is_ours(response: urllib3.BaseHTTPResponse) -> bool:
    """True for 502 to 504 with code and message; a 500 never counts."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return False
    return response.status in (502, 503, 504) and bool(error["code"] and error["message"])
