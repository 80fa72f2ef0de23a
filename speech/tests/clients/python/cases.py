"""Run by a client's own interpreter: `python with_CLIENT.py BASE_URL API_KEY` prints what each case came to, twice."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

BASE_URL, KEY = sys.argv[1:3]
MODEL = "gpt-6-luna"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}

_cases: dict[str, Callable[[], Any]] = {}


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    _cases[function.__name__] = function
    return function


def run() -> None:
    asyncio.run(_run())


async def _run() -> None:
    results = {name: [await _result(function) for _ in range(2)] for name, function in _cases.items()}
    # Some clients print warnings: the results are the last line.
    sys.stdout.write(f"\n{json.dumps(results)}\n")


async def _result(function: Callable[[], Any]) -> Any:
    try:
        result = function()
        return await result if inspect.isawaitable(result) else result
    except Exception as error:  # noqa: BLE001 (of whatever kind, it is the result)
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
