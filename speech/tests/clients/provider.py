"""A loopback OpenAI that calls the tools it is offered and fills in the schema it is given."""

from __future__ import annotations

import json
import threading
from typing import Any

from speech.tests.gateway.scripted import ScriptedOpenAI, choice
from speech.tests.loopback import Answer, Seen

TEXT = "The capital of Norway is Oslo."


class ToolingOpenAI(ScriptedOpenAI):
    def __init__(self) -> None:
        super().__init__()
        self._answering = threading.Lock()

    def answer(self, seen: Seen) -> Answer:
        if not seen.path.endswith("/chat/completions"):
            return super().answer(seen)
        with self._answering:
            self.choices = [_choice(seen.body)]
            return super().answer(seen)


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("tool_choice")
    if body.get("tools") and wanted != "none" and body["messages"][-1]["role"] != "tool":
        # OpenAI ends a call that was forced with "stop".
        return choice(_call(body, wanted), end="tool_calls" if wanted in (None, "auto") else "stop")
    return choice({"role": "assistant", "content": _text(body), "refusal": None})


def _call(body: dict[str, Any], wanted: Any) -> dict[str, Any]:
    name = wanted["function"]["name"] if isinstance(wanted, dict) else body["tools"][0]["function"]["name"]
    [function] = [tool["function"] for tool in body["tools"] if tool["function"]["name"] == name]
    arguments = json.dumps(sample_of(function.get("parameters", {})))
    call = {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _text(body: dict[str, Any]) -> str:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(sample_of(wanted["json_schema"]["schema"]))
    return TEXT


def sample_of(schema: dict[str, Any], within: dict[str, Any] | None = None) -> Any:
    """Return a value that fits a JSON schema."""
    within = within or schema
    if reference := schema.get("$ref"):
        for name in reference.removeprefix("#/").split("/"):
            schema = within[name] if schema.get("$ref") else schema[name]
        return sample_of(schema, within)
    if options := schema.get("anyOf"):
        return sample_of(next(each for each in options if each.get("type") != "null"), within)
    if "properties" in schema:
        return {name: sample_of(each, within) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [sample_of(schema["items"], within)]
    return {"integer": 7, "number": 0.5, "boolean": True, "string": "Oslo"}.get(schema.get("type", ""), {})
