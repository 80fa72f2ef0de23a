"""Streams of OpenAI's `chat.completion.chunk` objects: assemble one into an answer, replay an answer as one."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from caching.llm.entry import WholeAnswer, later_usage
from caching.llm.merging import (
    HOLDERS_OF_TEXTS,
    Unassembled,
    copied,
    is_text,
    joined_base64,
    joined_text,
    merged,
    rule_of,
)
from caching.llm.tool_calls import KINDS, ToolCalls, extended

Chunk = dict[str, Any]

# Fields of a message that are replayed word by word, in this order.
TEXTS = ("reasoning_content", "reasoning", "content", "refusal")
# Fields of a chunk that are no part of the answer, or have a place of their own in it.
ENVELOPE = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation"})
# Beside its `delta`, Perplexity sends the `message` so far.
_OF_CHOICE = frozenset({"index", "delta", "message", "finish_reason"})
# Fields that take the place of the content.
_WITHOUT_CONTENT = ("tool_calls", "function_call", "refusal", "audio")
# Characters in one delta. An event with more than 64 KiB ends the streams of many clients (aiohttp, Go's scanners), and
# a character may take twelve bytes of it. Base64 is cut at whole groups of four.
_LARGEST_PIECE = 4096
_WORD = re.compile(r"\s{0,1024}\S{1,2048}\s{0,1024}|\s{1,1024}")


def joined(chunks: Iterable[Mapping[str, Any]]) -> WholeAnswer:
    """Return the answer that `chunks` add up to. A choice that has not ended has no `finish_reason`.

    Raises Unassembled. The law: what it returns, replayed and joined again, is the same.
    """
    choices: dict[int, _Choice] = {}
    model, usage = "", None
    extra: dict[str, Any] = {}
    try:
        for chunk in chunks:
            if not (chunk.get("choices") or chunk.get("usage") or says_more(chunk)):
                continue
            model = model or chunk.get("model") or ""
            usage = later_usage(usage, counted) if (counted := chunk.get("usage")) else usage
            for part in chunk.get("choices") or ():
                index = part.get("index") or 0
                choice = choices.get(index)
                if choice is None:
                    choice = choices[index] = _Choice(index)
                choice.add(part)
            for name, value in chunk.items():
                if name not in ENVELOPE and (name not in extra or extra[name] != value):
                    extra[name] = merged(name, extra.get(name), value, "state")
        return WholeAnswer([choice.whole() for _, choice in sorted(choices.items())], model, usage, extra)
    except (AttributeError, RecursionError, TypeError) as error:
        raise Unassembled("a chunk has another form than OpenAI's") from error


def says_more(chunk: Mapping[str, Any]) -> bool:
    """Return True if a chunk tells more of the answer than its choices: Azure's filters, xAI's citations.

    One that has texts alone beside no choices is a sign of life (`{"type": "ping"}`).
    """
    return any(isinstance(value, dict | list) and value for name, value in chunk.items() if name not in ENVELOPE)


def replay(
    choices: list[dict[str, Any]],
    *,
    model: str,
    usage: Mapping[str, Any] | None,
    id: str,
    extra: Mapping[str, Any] | None = None,
    cut: Callable[[str], list[str]] = _WORD.findall,
) -> Iterator[Chunk]:
    """Yield an answer as chunks: role, words, tool calls, finish reason; last the usage, without choices.

    Of the `extra` fields of the answer, lists and objects come in the first chunk, the others in each. `cut`: makes the
    pieces of a text.
    """
    head = {"id": id, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    large = {name: value for name, value in (extra or {}).items() if isinstance(value, dict | list)}
    head |= {name: value for name, value in (extra or {}).items() if name not in large}
    for choice in choices:
        index = choice["index"]
        for delta, beside in _deltas(choice, cut):
            yield {**head, **large, "choices": [{"index": index, "delta": delta, "finish_reason": None, **beside}]}
            large = {}
    if usage:
        yield {**head, "choices": [], "usage": usage}


def is_replayable(answer: Any) -> bool:
    """Return True if the replay of an answer assembles to itself."""
    try:
        # Texts in one piece: the law holds wherever they are cut, and this is done for each answer that is stored.
        chunks = replay(answer.choices, model="", usage=None, id="", extra=answer.extra, cut=lambda text: [text])
        again = joined(chunks)
    except (AttributeError, KeyError, RecursionError, TypeError, Unassembled):
        return False
    return again.choices == [_comparable(choice) for choice in answer.choices] and again.extra == answer.extra


class _Choice:
    """One choice of a streamed answer."""

    def __init__(self, index: int) -> None:
        self._head = {"index": index}
        self._message: dict[str, Any] = {"role": None, "content": None}
        self._texts: dict[str, list[str]] = {}
        # Sound may have thousands of pieces, equal ones among them.
        self._sound: list[str] = []
        self._calls: ToolCalls | None = None
        self._finish_reason: str | None = None
        self._rest: dict[str, Any] = {}

    def add(self, part: Mapping[str, Any]) -> None:
        for name, value in (part.get("delta") or {}).items():
            pieces = self._texts.get(name)
            if pieces is not None and value.__class__ is str:
                pieces.append(value)
            else:
                self._add_field(name, value)
        if reason := part.get("finish_reason"):
            self._finish_reason = reason
        for name, value in part.items():
            if name not in _OF_CHOICE and (value is not None or name not in self._rest):
                self._rest[name] = _merged_beside(name, self._rest.get(name), value)

    def whole(self) -> dict[str, Any]:
        message = {**self._message, **{name: joined_text(pieces) for name, pieces in self._texts.items()}}
        message["role"] = message["role"] or "assistant"
        if self._sound:
            message["audio"] = {**message["audio"], "data": joined_base64(self._sound)}
        if self._calls:
            message["tool_calls"] = self._calls.finished()
        message["content"] = _content_of(message)
        return _with_logprobs({**self._head, "message": message, "finish_reason": self._finish_reason, **self._rest})

    def _add_field(self, name: str, value: Any) -> None:
        message, old = self._message, self._message.get(name)
        if name == "tool_calls" and value:
            self._calls = self._calls or ToolCalls()
            self._calls.add(value)
        elif name in self._texts:
            if value is not None:
                # A text that goes on as a list of parts.
                message[name] = merged(name, joined_text(self._texts.pop(name)), value, "text")
        elif old is None and isinstance(value, str) and is_text(name):
            self._texts[name] = [value]
        elif name == "audio" and isinstance(value, dict) and isinstance(value.get("data"), str):
            self._sound.append(value["data"])
            rest = {key: item for key, item in value.items() if key != "data"}
            message[name] = merged(name, old or {}, rest, "audio")
        elif name == "function_call" and isinstance(old, dict) and value is not None:
            message[name] = extended(old, value, text="arguments")
        else:
            message[name] = merged(name, old, value, rule_of(name))


def _merged_beside(name: str, old: Any, new: Any) -> Any:
    """Return the value of a field beside the delta. Of `logprobs` every list goes on, as two tokens may be equal."""
    if isinstance(old, str) and isinstance(new, str) and is_text(name):
        # Together sends the text of the delta here too.
        return joined_text((old, new))
    if name != "logprobs" or old is None or new is None:
        return merged(name, old, new, "state")
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise Unassembled("logprobs have another form than OpenAI's")
    for kind, tokens in new.items():
        known = old.get(kind)
        if isinstance(known, list) and isinstance(tokens, list):
            known += copied(tokens)
        else:
            old[kind] = merged(kind, known, tokens, "state")
    return old


def _deltas(
    choice: Mapping[str, Any], cut: Callable[[str], list[str]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield deltas, each with the fields beside it; the last one is empty and ends the choice."""
    message = choice["message"]
    texts = {name: text for name in TEXTS if isinstance(text := message.get(name), str) and text}
    rest = {name: value for name, value in message.items() if name not in texts and name != "role"}
    # Calls of another form than OpenAI's are passed on as they are.
    calls = rest.pop("tool_calls") if _are_calls(message.get("tool_calls")) else ()
    empty = {name: rest.pop(name) for name in list(rest) if not rest[name]}
    yield {"role": message.get("role") or "assistant", **({"content": ""} if "content" in texts else {}), **empty}, {}
    if blocks := {name: rest.pop(name) for name in list(rest) if name in HOLDERS_OF_TEXTS}:
        yield blocks, {}
    beside = {name: value for name, value in choice.items() if name not in _OF_CHOICE}
    for name, text in texts.items():
        if name in ("content", "refusal") and beside.get("logprobs"):
            yield from _tokens(name, text, beside.pop("logprobs"))
        else:
            yield from (({name: piece}, {}) for piece in cut(text))
    more = _taken_from_sound(rest)
    if rest:
        yield rest, {}
    yield from (({"audio": {"data": piece}}, {}) for piece in more)
    yield from (({"tool_calls": [part]}, {}) for part in _parts_of_calls(calls))
    yield {}, {"finish_reason": choice["finish_reason"], **beside}


def _tokens(name: str, text: str, logprobs: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield a text token by token, each with its probabilities; in one piece where the tokens do not add up to it."""
    found = logprobs.get(name) if isinstance(logprobs, dict) else None
    tokens = found if isinstance(found, list) else []
    if not (words := _words_of(tokens, text)):
        yield {name: text}, {"logprobs": logprobs}
        return
    for word, token in zip(words, tokens, strict=True):
        yield {name: word}, {"logprobs": {**logprobs, name: [token]}}
        logprobs = dict.fromkeys(logprobs)


def _words_of(tokens: Iterable[Any], text: str) -> list[str]:
    """Return the text of each token, nothing if they do not add up to `text`.

    A character in several tokens, such as an emoji, is told by their `bytes` alone, and comes with the last of them.
    """
    words = [_word_of(token) for token in tokens]
    if "".join(words) != text:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            words = [decoder.decode(bytes([*token["bytes"]])) for token in tokens]
        except (KeyError, TypeError, ValueError):
            return []
    return words if "".join(words) == text else []


def _word_of(token: Any) -> str:
    word = token.get("token") if isinstance(token, dict) else None
    return word if isinstance(word, str) else ""


def _taken_from_sound(message: dict[str, Any]) -> list[str]:
    """Leave the first piece of the audio in `message`, and return the others."""
    sound = message.get("audio")
    data = sound.get("data") if isinstance(sound, dict) else None
    if not isinstance(sound, dict) or not isinstance(data, str) or len(data) <= _LARGEST_PIECE:
        return []
    first, *others = _pieces(data)
    message["audio"] = {**sound, "data": first}
    return others


def _pieces(text: str) -> list[str]:
    return [text[at : at + _LARGEST_PIECE] for at in range(0, len(text), _LARGEST_PIECE)]


def _are_calls(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(call, dict) for call in value)


def _parts_of_calls(calls: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for position, call in enumerate(calls):
        kind = next((kind for kind in KINDS if isinstance(call.get(kind), dict)), "")
        text = call[kind].get(KINDS[kind]) if kind else None
        if not (isinstance(text, str) and text):
            yield {**call, "index": position}
            continue
        yield {**call, "index": position, kind: {**call[kind], KINDS[kind]: ""}}
        yield from ({"index": position, kind: {KINDS[kind]: piece}} for piece in _pieces(text))


def _content_of(message: Mapping[str, Any]) -> Any:
    """Return the content; a stream's first delta may say "" where a whole answer says null."""
    content = message["content"]
    return None if content == "" and any(map(message.get, _WITHOUT_CONTENT)) else content


def _with_logprobs(choice: dict[str, Any]) -> dict[str, Any]:
    logprobs = choice.get("logprobs")
    return {**choice, "logprobs": complete_logprobs(logprobs)} if logprobs else choice


def complete_logprobs(logprobs: Any) -> Any:
    """Return log probabilities with both fields that OpenAI's types require, those of another form as they are."""
    return {"content": None, "refusal": None, **logprobs} if isinstance(logprobs, dict) else logprobs


def _comparable(choice: Mapping[str, Any]) -> dict[str, Any]:
    """Return a choice without what belongs to streams, and which some servers send in whole answers too."""
    message = {**choice["message"], "content": _content_of(choice["message"])}
    if calls := message.get("tool_calls"):
        calls = [{name: value for name, value in call.items() if name != "index"} for call in calls]
        message = {**message, "tool_calls": calls}
    rest = {name: value for name, value in choice.items() if name != "delta"}
    return _with_logprobs({**rest, "message": message})
