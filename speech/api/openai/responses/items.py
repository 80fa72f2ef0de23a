"""Output items while they are generated: each yields the events of its growth and renders itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from caching.llm.merging import joined_text

Event = dict[str, Any]


class TextKind(NamedTuple):
    """A text within an item, and its names in the events."""

    # Field of the item that lists its parts, and the field of a part that holds the text.
    parts: str
    text: str
    # Events are called `{delta}.delta`, `{delta}.done`, `{part}.added` and `{part}.done`.
    delta: str
    part: str
    position: str


KINDS = {
    "output_text": TextKind("content", "text", "output_text", "content_part", "content_index"),
    "refusal": TextKind("content", "refusal", "refusal", "content_part", "content_index"),
    "reasoning_text": TextKind("content", "text", "reasoning_text", "content_part", "content_index"),
    "summary_text": TextKind("summary", "text", "reasoning_summary_text", "reasoning_summary_part", "summary_index"),
}
# Type of a call: the field that the model writes, and the events of its growth.
CALLS = {
    "function_call": ("arguments", "response.function_call_arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input"),
}


@dataclass
class ContentPart:
    kind: str
    text: str = ""
    annotations: list[Any] = field(default_factory=list)
    logprobs: list[Any] = field(default_factory=list)

    def rendered(self) -> dict[str, Any]:
        rendered: dict[str, Any] = {"type": self.kind, KINDS[self.kind].text: self.text}
        if self.kind == "output_text":
            rendered |= {"annotations": self.annotations, "logprobs": self.logprobs}
        return rendered


class TextItem:
    """A message, or the reasoning before it."""

    def __init__(self, kind: str, id: str, index: int) -> None:
        self.kind, self.id, self.index = kind, id, index
        self.extras: dict[str, Any] = {}
        self._parts: list[ContentPart] = []

    def rendered(self, status: str) -> dict[str, Any]:
        head: dict[str, Any] = {"role": "assistant"} if self.kind == "message" else {"summary": []}
        lists: dict[str, list[Any]] = {"content": []}
        for part in self._parts:
            lists.setdefault(KINDS[part.kind].parts, []).append(part.rendered())
        return {**self.extras, "id": self.id, "type": self.kind, "status": status, **head, **lists}

    def begun(self) -> Iterator[Event]:
        yield _item_event("added", self.index, self.rendered("in_progress"))

    def write(self, kind: str, text: str, logprobs: list[Any]) -> Iterator[Event]:
        if not self._parts or self._parts[-1].kind != kind:
            yield from self._part_ended()
            self._parts.append(ContentPart(kind))
            yield self._part_event("added", self._parts[-1].rendered())
        part = self._parts[-1]
        part.text = joined_text((part.text, text))
        part.logprobs += logprobs
        rest = {"logprobs": logprobs} if kind == "output_text" else {}
        yield self._event(f"response.{KINDS[kind].delta}.delta", delta=text, **rest)

    def annotate(self, annotation: Any) -> Iterator[Event]:
        if self._parts[-1].kind != "output_text":
            yield from self.write("output_text", "", [])
        part = self._parts[-1]
        number = len(part.annotations)
        part.annotations.append(annotation)
        added = {"annotation": annotation, "annotation_index": number}
        yield self._event("response.output_text.annotation.added", **added)

    def ended(self, status: str) -> Iterator[Event]:
        yield from self._part_ended()
        yield _item_event("done", self.index, self.rendered(status))

    def _part_ended(self) -> Iterator[Event]:
        if not self._parts:
            return
        part = self._parts[-1]
        kind, rendered = KINDS[part.kind], part.rendered()
        rest = {"logprobs": part.logprobs} if part.kind == "output_text" else {}
        yield self._event(f"response.{kind.delta}.done", **{kind.text: part.text}, **rest)
        yield self._part_event("done", rendered)

    def _part_event(self, what: str, rendered: Mapping[str, Any]) -> Event:
        return self._event(f"response.{KINDS[self._parts[-1].kind].part}.{what}", part=rendered)

    def _event(self, type: str, **fields: Any) -> Event:
        kind = KINDS[self._parts[-1].kind]
        position = sum(KINDS[part.kind].parts == kind.parts for part in self._parts) - 1
        return {"type": type, "item_id": self.id, "output_index": self.index, kind.position: position, **fields}


class CallItem:
    """A call of a function or of a custom tool."""

    def __init__(self, kind: str, id: str, index: int, call_id: str, name: tuple[str, str]) -> None:
        """`name`: the namespace, empty if there is none, and the name in it."""
        self.id, self.index = id, index
        self.extras: dict[str, Any] = {}
        self.written = ""
        namespace, own = name
        self._head = {"type": kind, "call_id": call_id, "name": own, **({"namespace": namespace} if namespace else {})}
        self._field, self._events = CALLS[kind]

    def rendered(self, status: str) -> dict[str, Any]:
        return {**self.extras, "id": self.id, **self._head, self._field: self.written, "status": status}

    def begun(self) -> Iterator[Event]:
        yield _item_event("added", self.index, {**self.rendered("in_progress"), self._field: ""})

    def write(self, text: str) -> Iterator[Event]:
        self.written += text
        yield self._event("delta", delta=text)

    def ended(self, status: str) -> Iterator[Event]:
        yield self._event("done", **{self._field: self.written})
        yield _item_event("done", self.index, self.rendered(status))

    def _event(self, what: str, **fields: Any) -> Event:
        return {"type": f"{self._events}.{what}", "item_id": self.id, "output_index": self.index, **fields}


def _item_event(what: str, index: int, item: Mapping[str, Any]) -> Event:
    return {"type": f"response.output_item.{what}", "output_index": index, "item": dict(item)}
