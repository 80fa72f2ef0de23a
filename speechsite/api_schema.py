"""Tags, summaries, examples and nullable fields of the OpenAPI schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_QUESTION = [{"role": "user", "content": "What is a cache?"}]
_ANSWER = "A cache keeps what was computed once, so that it need not be computed again."
_USAGE = {"prompt_tokens": 12, "completion_tokens": 17, "total_tokens": 29}
_FAILED = {
    "message": "Invalid, expired or revoked API key.",
    "type": "authentication_error",
    "param": None,
    "code": "authentication_failed",
}


# Of a response that can come from the cache. Costs come with a miss that is not streamed, and with every hit.
_CACHED = {
    "X-Cache": "HIT, MISS or BYPASS",
    "X-Cache-Match": "exact or semantic, of a hit",
    "X-Cache-Similarity": "0 to 1, of a semantic hit",
    "Cache-Status": "the same by RFC 9211",
    "Age": "seconds since the entry was stored, of a hit",
    "X-Cost-USD": "cost of this response",
    "X-Cost-Saved-USD": "cost that the cache saved",
}
_RECEIPT = {"X-Receipt-ID": "id for /api/receipts/ and /api/feedback/"}


@dataclass(frozen=True, slots=True)
class Operation:
    tag: str
    summary: str
    # Body of a request that can be sent as it stands, and of the answer to it; None if it has no JSON.
    request: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    # Headers of a successful response, each with its description.
    headers: Mapping[str, str] = field(default_factory=dict)


GATEWAY, OPENAI, AUDIO = "Gateway", "OpenAI: chat and embeddings", "OpenAI: audio"
TAGS = [
    {
        "name": GATEWAY,
        "description": "Questions, speech and voice turns, with the cache status and cost in each answer.",
    },
    {
        "name": OPENAI,
        "description": "OpenAI's wire format. For an SDK set only the base URL, ending with /v1, and the key.",
    },
    {"name": AUDIO, "description": "OpenAI's speech, transcriptions and translations, with every provider."},
]
OPERATIONS = {
    "post /api/chat/": Operation(
        GATEWAY,
        "Answer a question",
        {"query": "What is a cache?", "optimization_level": "balanced"},
        {
            "id": "chatcmpl-liNvA-liUmIb_YnGqAFp1Dlm9GfGgzk13Uj0ieGY",
            "text": _ANSWER,
            "provider": "openai",
            "model": "gpt-6-luna",
            "optimization_level": "balanced",
            "finish_reason": "stop",
            "usage": _USAGE,
            "cost": {"usd": "0", "saved_usd": "0.000057"},
            "cache": {
                "status": "hit",
                "match": "exact",
                "age": 12,
                "ttl": 1788,
                "stored": True,
                "key": "llm:exact:08f39cf8ce957189ecfc76985f5b281753a2b917be6454c5e57bde92c9818879",
            },
        },
        headers=_CACHED,
    ),
    "post /api/tts/": Operation(
        GATEWAY,
        "Speak a text",
        {"text": "Hello from the cache.", "language": "en", "codec": "wav"},
        headers=_CACHED,
    ),
    "post /api/converse/": Operation(
        GATEWAY,
        "Answer a question with speech",
        {"query": "What is a cache?", "language": "en", "codec": "wav"},
        headers=_RECEIPT,
    ),
    "get /api/receipts/{id}/": Operation(GATEWAY, "Receipt of a voice turn"),
    "post /api/feedback/": Operation(
        GATEWAY,
        "Report a right or a wrong answer",
        {
            "id": "chatcmpl-liNvA-liUmIb_YnGqAFp1Dlm9GfGgzk13Uj0ieGY",
            "correct": False,
            "comment": "About another order.",
        },
    ),
    "post /v1/chat/completions/": Operation(
        OPENAI,
        "Create a chat completion",
        {"model": "balanced", "messages": _QUESTION},
        {
            "id": "chatcmpl-wtVm58BRGc0AGdWTnGQVZQO5CjWq2Y0",
            "object": "chat.completion",
            "created": 1796005308,
            "model": "gpt-6-luna",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": _ANSWER}, "finish_reason": "stop"},
            ],
            "usage": _USAGE,
        },
        headers=_CACHED,
    ),
    "post /v1/responses/": Operation(
        OPENAI, "Create a response", {"model": "balanced", "input": "What is a cache?"}, headers=_CACHED
    ),
    "get /v1/responses/{id}/": Operation(OPENAI, "Retrieve a response"),
    "delete /v1/responses/{id}/": Operation(OPENAI, "Delete a response"),
    "get /v1/responses/{id}/input_items/": Operation(OPENAI, "List the input of a response"),
    "post /v1/embeddings/": Operation(
        OPENAI,
        "Embed texts",
        {"model": "text-embedding-3-small", "input": ["Where is my parcel?", "Where is it?"]},
        headers=_CACHED,
    ),
    "get /v1/models/": Operation(OPENAI, "List models"),
    "get /v1/models/{name}/": Operation(OPENAI, "Retrieve a model"),
    "post /v1/audio/speech/": Operation(
        AUDIO,
        "Create speech",
        {"model": "tts-1", "voice": "alloy", "input": "Hello from the cache.", "response_format": "wav"},
        headers=_CACHED,
    ),
    "post /v1/audio/transcriptions/": Operation(AUDIO, "Transcribe audio", headers=_CACHED),
    "post /v1/audio/translations/": Operation(AUDIO, "Translate audio into English", headers=_CACHED),
    "get /v1/audio/voices/": Operation(AUDIO, "List voices"),
}


def describe(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Complete the schema and put it in the order of OPERATIONS (a hook of drf-spectacular)."""
    order = [name.partition(" ")[2] for name in OPERATIONS]
    for path, methods in result["paths"].items():
        for method, found in methods.items():
            if operation := OPERATIONS.get(f"{method} {path}"):
                _describe(found, operation)
            _allow_null(found, result["components"]["schemas"])
    # Paths without a description come last.
    places = {path: place for place, path in reversed(list(enumerate(order)))}
    paths = sorted(result["paths"].items(), key=lambda item: places.get(item[0], len(order)))
    return {**result, "paths": dict(paths)}


def _describe(found: dict[str, Any], operation: Operation) -> None:
    responses = dict(sorted(found["responses"].items()))
    found |= {"tags": [operation.tag], "summary": operation.summary, "responses": responses}
    body = found.get("requestBody", {}).get("content", {}).get("application/json")
    if body and operation.request:
        body["example"] = operation.request
    for status, response in responses.items():
        if status == "200" and operation.headers:
            response["headers"] = {
                name: {"description": text, "schema": {"type": "string"}} for name, text in operation.headers.items()
            }
        content = response.get("content", {}).get("application/json")
        if content and status == "200" and operation.response:
            content["example"] = operation.response
        elif content and status == "401":
            content["example"] = {"error": _FAILED}


def _allow_null(found: dict[str, Any], schemas: dict[str, Any]) -> None:
    # `null` is an absent field in every JSON request (PreparedSerializer), so that typed clients may send it.
    body = found.get("requestBody", {}).get("content", {}).get("application/json")
    if not body:
        return
    schema = schemas[body["schema"]["$ref"].rpartition("/")[2]]
    for name, field_ in schema["properties"].items():
        if name not in schema.get("required", ()) and not field_.get("nullable"):
            schema["properties"][name] = _nullable(field_)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    # OpenAPI 3.0 ignores what stands beside a reference, and wants null among the values of an enum.
    if not schema.keys() - {"description"}:
        return schema
    if "$ref" in schema:
        return {"allOf": [schema], "nullable": True}
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **values, "nullable": True}
