"""A finished response as the events that it would have been streamed as."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from speech.api.openai.responses.items import CALLS, KINDS, Event
from speech.api.openai.responses.response import Response

_WORD = re.compile(r"\s*\S+\s*|\s+")


def replayed(response: Response) -> Iterator[Event]:
    """Yield the events, which assemble to `response`. Items of hosted tools come in one piece."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    begun.pop("completed_at", None)
    for state in ("created", "in_progress"):
        yield {"type": f"response.{state}", "response": begun}
    for index, item in enumerate(response["output"]):
        yield from _item(item, index)
    yield {"type": f"response.{response['status']}", "response": response}


def _item(item: Mapping[str, Any], index: int) -> Iterator[Event]:
    kind = item.get("type")
    grows = kind in ("message", "reasoning") or kind in CALLS
    empty: dict[str, Any] = {name: [] for name in ("content", "summary") if grows and item.get(name)}
    status = {"status": "in_progress"} if grows and "status" in item else {}
    place = {"item_id": item.get("id"), "output_index": index}
    if kind in CALLS:
        field, name = CALLS[kind]
        yield _added({**item, **status, field: ""}, index)
        yield {"type": f"{name}.delta", **place, "delta": item[field]}
        yield {"type": f"{name}.done", **place, field: item[field]}
    else:
        yield _added({**item, **status, **empty}, index)
        for field in empty:
            for position, part in enumerate(item[field]):
                yield from _part(part, place, position)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _added(item: Mapping[str, Any], index: int) -> Event:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _part(part: Mapping[str, Any], place: Mapping[str, Any], position: int) -> Iterator[Event]:
    kind = KINDS.get(str(part.get("type")))
    if kind is None:
        return
    at = {**place, kind.position: position}
    logprobs = {"logprobs": part.get("logprobs") or []} if part["type"] == "output_text" else {}
    empty: dict[str, Any] = {name: [] for name in ("annotations", "logprobs") if name in part}
    yield {"type": f"response.{kind.part}.added", **at, "part": {**part, **empty, kind.text: ""}}
    text = part.get(kind.text) or ""
    # Log probabilities belong to tokens, which cannot be told from words.
    pieces = [text] if part.get("logprobs") else _WORD.findall(text)
    for piece in pieces:
        yield {"type": f"response.{kind.delta}.delta", **at, "delta": piece, **logprobs}
    for number, annotation in enumerate(part.get("annotations") or ()):
        added = {"annotation_index": number, "annotation": annotation}
        yield {"type": "response.output_text.annotation.added", **at, **added}
    yield {"type": f"response.{kind.delta}.done", **at, kind.text: text, **logprobs}
    yield {"type": f"response.{kind.part}.done", **at, "part": part}
