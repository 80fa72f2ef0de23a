"""Server-sent events of a response: generated live from an answer's chunks, or from a finished response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from caching.llm.entry import Answer
from caching.llm.merging import Unassembled
from caching.llm.stream import Chunk, joined
from speech.api.errors import as_gateway_error
from speech.api.openai.compact_json import compact
from speech.api.openai.responses.answer import Names, ResponseWriter
from speech.api.openai.responses.items import Event
from speech.api.openai.responses.response import Response
from speech.exceptions import GatewayError

# Codes of ours that the Responses API calls `rate_limit_exceeded`.
_RATE_LIMITED = {"rate_limit_exceeded", "provider_rate_limited", "provider_quota_exceeded", "insufficient_quota"}

# Fields of a choice that cannot contradict those of another chunk.
_END_OF_CHOICE = ("index", "finish_reason")


def written(
    response: Response,
    chunks: Iterator[Chunk],
    keep: Callable[[Response], Response],
    *,
    wants_encrypted_content: bool = False,
    names: Names | None = None,
) -> Iterator[Event]:
    """Yield the events of an answer as it is generated. `keep` is called before the last one.

    If it fails, `response` has as `output` what was written.
    """
    first = next(chunks)
    begun = {**response, "model": first.get("model") or response["model"]}
    writer = ResponseWriter(begun, wants_encrypted_content=wants_encrypted_content, names=names)
    seen = []
    try:
        yield from writer.start()
        for chunk in chain([first], chunks):
            seen.append(chunk)
            for choice in chunk.get("choices") or ():
                if not choice.get("index"):
                    yield from writer.write(choice)
        *events, last = writer.end(_sum(seen))
        yield from events
    except Exception:
        response["output"] = writer.unfinished
        raise
    yield {**last, "response": keep(last["response"])}


def _sum(chunks: list[Chunk]) -> Answer:
    """Return the answer; of one whose fields contradict each other, its end and usage."""
    try:
        return joined(chunks)
    except Unassembled:
        return joined(
            {
                "model": chunk.get("model"),
                "usage": chunk.get("usage"),
                "choices": [{name: part.get(name) for name in _END_OF_CHOICE} for part in chunk.get("choices") or ()],
            }
            for chunk in chunks
        )


def as_sse(events: Iterator[Event], response: Response, *, after: int = -1) -> Iterator[bytes]:
    """Number and encode events, leaving out those up to the number `after`.

    A failure is an event too: `error`, and `response.failed` as the last one.
    """
    number = -1
    try:
        for number, event in enumerate(events):
            if number > after:
                yield _encoded(event, number)
    except Exception as raised:  # noqa: BLE001 (a stream never ends without a word)
        error = as_gateway_error(raised)
        yield _encoded(
            {"type": "error", "code": error.code, "message": error.message, "param": error.param}, number + 1
        )
        failure = {"code": _code_of(error), "message": error.message}
        failed = {**response, "status": "failed", "error": failure}
        yield _encoded({"type": "response.failed", "response": failed}, number + 2)
    finally:
        if close := getattr(events, "close", None):
            close()


def _code_of(error: GatewayError) -> str:
    """Return the code that clients of the Responses API know, of which there are few."""
    if error.code in _RATE_LIMITED:
        return "rate_limit_exceeded"
    # OpenAI sends it too, although its types do not have it; Codex shortens the conversation then.
    return error.code if error.code == "context_length_exceeded" else "server_error"


def _encoded(event: Mapping[str, Any], number: int) -> bytes:
    data = compact({**event, "sequence_number": number})
    return f"event: {event['type']}\ndata: {data}\n\n".encode()
