"""Generated answers, and ways to stream them: those of OpenAI and of the servers that differ from it.

Made from a seed: ten thousand of them are drawn piece by piece in minutes, and from a seed in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

Fields = dict[str, Any]


def text(random: Random) -> str:
    return "".join(random.choices('ab {}"\n', k=random.randrange(12)))


def anything(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(8 if depth < 3 else 6)
    if kind < 6:
        return [None, True, -3, "", "a", "in_progress"][kind]
    if kind == 6:
        return [anything(random, depth + 1) for _ in range(random.randrange(3))]
    names = random.sample(["index", "type", "text", "id", "x"], random.randrange(4))
    return {name: anything(random, depth + 1) for name in names}


def arguments(random: Random) -> str:
    return json.dumps({name: random.choice([text(random), {"n": 1}]) for name in ("city", "n")[: random.randrange(3)]})


def tool_call(random: Random) -> Fields:
    call: Fields = {"id": f"call_{random.getrandbits(64)}"}
    name = random.choice(["get_weather", "get_time"])
    if random.random() < 0.7:
        call |= {"type": "function", "function": {"name": name, "arguments": arguments(random)}}
    else:
        call |= {"type": "custom", "custom": {"name": name, "input": text(random)}}
    if random.random() < 0.3:
        call["extra_content"] = {"google": {"thought_signature": f"s{random.random()}"}}
    return call


def several(make: Callable[[int], Any], random: Random) -> list[Any]:
    return [make(number) for number in range(random.randrange(4))]


def citation(number: int) -> Fields:
    return {"type": "url_citation", "url_citation": {"url": f"https://example.org/{number}", "start_index": number}}


def image(number: int) -> Fields:
    return {"type": "image_url", "index": 0, "image_url": {"url": f"data:{number}"}}


def thinking(number: int) -> Fields:
    return {"type": "thinking", "thinking": "Hm. " * number, "signature": f"s{number}"}


def message(random: Random) -> Fields:
    parts = [{"type": "text", "text": text(random)} for _ in range(random.randrange(3))]
    made: Fields = {"role": "assistant", "content": random.choice([None, text(random), text(random), parts])}
    optional = {
        "refusal": random.choice([None, text(random)]),
        "reasoning_content": text(random),
        "reasoning": text(random),
        "annotations": several(citation, random),
        "function_call": {"name": "get_weather", "arguments": arguments(random)},
        "thinking_blocks": several(thinking, random),
        "images": several(image, random),
        "audio": {"id": "audio_1", "data": "UklGRg==", "transcript": text(random), "expires_at": 9},
        "x_unknown": anything(random),
    }
    made |= {name: value for name, value in optional.items() if random.random() < 0.25}
    if calls := [tool_call(random) for _ in range(random.choice([0, 0, 1, 2, 3]))]:
        made["tool_calls"] = calls
    return made


def choices(random: Random) -> list[Fields]:
    return [choice(random, index) for index in range(random.choice([1, 1, 2]))]


def choice(random: Random, index: int) -> Fields:
    tokens = [{"token": text(random), "logprob": -0.5, "bytes": None} for _ in range(random.randrange(4))]
    beside = {
        "logprobs": random.choice([None, {"content": tokens or None, "refusal": None}]),
        "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        "native_finish_reason": "STOP",
        "token_ids": several(lambda number: number // 2, random),
        "x_unknown": anything(random),
    }
    beside = {name: value for name, value in beside.items() if random.random() < 0.2}
    reason = random.choice(["stop", "tool_calls", "length", "eos"])
    return {"index": index, "message": message(random), "finish_reason": reason, **beside}


def other_fields(random: Random) -> Fields:
    """Fields of an answer beside OpenAI's own."""
    optional = {
        "system_fingerprint": random.choice([None, "fp_1"]),
        "service_tier": "default",
        "citations": several("https://example.org/{}".format, random),
        "search_results": several(lambda number: {"title": str(number)}, random),
        "x_groq": {"id": "req_1", "usage": {"total_tokens": 3}},
        "x_unknown": anything(random),
    }
    return {name: value for name, value in optional.items() if random.random() < 0.25}


def pieces(random: Random, whole: str) -> list[str]:
    """Cut a text anywhere; an empty one is one piece."""
    cuts = sorted({0, len(whole), *(random.randint(0, len(whole)) for _ in range(random.randrange(4)))})
    return [whole[start:end] for start, end in pairwise(cuts)] or [""]


def kind_of(call: Fields) -> tuple[str, str]:
    return ("function", "arguments") if "function" in call else ("custom", "input")


def as_openai(random: Random, calls: list[Fields]) -> list[Fields]:
    """An index for each call; its id and name once, and the pieces of all calls in any order."""
    parts = []
    for index, call in enumerate(calls):
        kind, name = kind_of(call)
        first = {**call, "index": index, kind: {**call[kind], name: ""}}
        parts.append([first, *({"index": index, kind: {name: piece}} for piece in pieces(random, call[kind][name]))])
    return shuffled(random, parts)


def as_gemini(random: Random, calls: list[Fields]) -> list[Fields]:
    """Whole calls, each with the index 0."""
    return [{**call, "index": 0} for call in calls]


def as_ollama(random: Random, calls: list[Fields]) -> list[Fields]:
    """Whole calls without an index."""
    return [dict(call) for call in calls]


def as_nim(random: Random, calls: list[Fields]) -> list[Fields]:
    """The name, and sometimes the id, in each delta; in some versions null in place of the index."""
    deltas = []
    indexed = random.random() < 0.5
    for index, call in enumerate(calls):
        kind, name = kind_of(call)
        for number, piece in enumerate(pieces(random, call[kind][name])):
            same = {} if number and random.random() < 0.5 else {"id": call["id"]}
            part = {kind: {"name": call[kind]["name"], name: piece}, "index": index if indexed else None}
            deltas.append({**(same if number else call), **part})
    return deltas


def shuffled(random: Random, queues: list[list[Any]]) -> list[Any]:
    """All items, those of each queue in their order."""
    mixed = []
    while queues := [queue for queue in queues if queue]:
        mixed.append(random.choice(queues).pop(0))
    return mixed


def stream_of(random: Random, said: list[Fields]) -> list[Fields]:
    """Chunks that say the same as these choices, in the manner of some server."""
    style = random.choice([as_openai, as_gemini, as_ollama, as_nim])
    queues = [parts_of(random, each, style) for each in said]
    return [{"id": "1", "model": "m", "choices": [part]} for part in shuffled(random, queues)]


def parts_of(random: Random, said: Fields, style: Callable[[Random, list[Fields]], list[Fields]]) -> list[Fields]:
    beside = {name: value for name, value in said.items() if name not in ("message", "logprobs")}
    deltas = deltas_of(random, said["message"], style)
    parts = [{"index": said["index"], "delta": delta, "finish_reason": None} for delta in deltas]
    if "logprobs" in said:
        tokens = (said["logprobs"] or {}).get("content") or []
        probabilities = [{"content": [token], "refusal": None} for token in tokens] or [said["logprobs"]]
        parts += [{"index": said["index"], "delta": {}, "logprobs": each} for each in probabilities]
    return [*parts, {**beside, "delta": {}}]


def deltas_of(random: Random, said: Fields, style: Callable[[Random, list[Fields]], list[Fields]]) -> list[Fields]:
    deltas: list[Fields] = [{"role": "assistant", "content": "" if said["content"] else said["content"]}]
    for name, value in said.items():
        if isinstance(value, str) and name not in ("role", "x_unknown"):
            deltas += [{name: piece} for piece in pieces(random, value)]
        elif name in ("annotations", "images", "thinking_blocks"):
            deltas += [{name: [item]} for item in value] or [{name: []}]
        elif name == "function_call":
            first, *rest = pieces(random, value["arguments"])
            deltas += [{name: {**value, "arguments": first}}, *({name: {"arguments": piece}} for piece in rest)]
        elif name == "audio":
            words = [{name: {"transcript": piece}} for piece in pieces(random, value["transcript"])]
            deltas += [{name: {"id": value["id"]}}, *words, {name: {"data": value["data"], "expires_at": 9}}]
        elif name not in ("role", "content", "tool_calls") or (isinstance(value, list) and name == "content"):
            deltas.append({name: value})
    return deltas + [{"tool_calls": [part]} for part in style(random, said.get("tool_calls", []))]
