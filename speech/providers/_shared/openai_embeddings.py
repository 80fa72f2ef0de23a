"""Embeddings in OpenAI's wire format."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from caching.pricing.usage import Usage
from speech.exceptions import ProviderBadAnswer
from speech.providers.base import EmbeddingRequest, Embeddings


def body(request: EmbeddingRequest) -> dict[str, Any]:
    [first, *others] = request.inputs
    # One text alone is sent as a text, which every server reads.
    inputs = first if isinstance(first, str) and not others else list(request.inputs)
    return {"model": request.model, "input": inputs, **request.params}


def read(provider: str, answer: Mapping[str, Any], request: EmbeddingRequest) -> Embeddings:
    """Raises ProviderBadAnswer unless there is a vector of finite numbers for each input."""
    items = answer.get("data")
    if not isinstance(items, list) or len(items) != len(request.inputs):
        raise ProviderBadAnswer(f"{provider} did not return an embedding for each input")
    if not all(isinstance(item, dict) and _is_vector(item.get("embedding"), request) for item in items):
        raise ProviderBadAnswer(f"{provider} returned an embedding that is not a vector of finite numbers")
    return Embeddings(
        [{name: value for name, value in item.items() if name not in ("index", "object")} for item in _ordered(items)],
        model=str(answer.get("model") or request.model),
        billed=_billed(usage := answer.get("usage")),
        usage=usage if isinstance(usage, dict) else None,
    )


def _ordered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order by `index` where that is a permutation; some servers send zeros or none."""
    indexes = [item.get("index") for item in items]
    if not all(isinstance(index, int) for index in indexes) or {*indexes} != {*range(len(items))}:
        return items
    return sorted(items, key=lambda item: int(item["index"]))


def _is_vector(value: Any, request: EmbeddingRequest) -> bool:
    if isinstance(value, list):
        # A model of tokens sends a vector for each (ColBERT).
        flat = [number for row in value for number in row] if value and isinstance(value[0], list) else value
        return bool(flat) and all(map(_is_number, flat))
    if not isinstance(value, str) or not value:
        return False
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    if not request.is_plain:
        return bool(data)
    return bool(data) and len(data) % 4 == 0 and bool(np.isfinite(np.frombuffer(data, "<f4")).all())


def _is_number(value: Any) -> bool:
    return (isinstance(value, float) and math.isfinite(value)) or (isinstance(value, int) and abs(value) < 2**53)


def _billed(usage: Any) -> Usage | None:
    """Return the input tokens; Voyage and others name only the total."""
    if not isinstance(usage, Mapping):
        return None
    tokens = usage.get("prompt_tokens", usage.get("total_tokens"))
    return Usage.from_billed({"input_tokens": tokens})
