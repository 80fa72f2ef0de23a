from __future__ import annotations

from typing import Any

from cases import BASE_URL, KEY, MODEL, case, run
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

model = OpenAILike(
    model=MODEL,
    api_base=BASE_URL,
    api_key=KEY,
    is_chat_model=True,
    is_function_calling_model=True,
    max_retries=0,
)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"sunny in {city}"


weather = FunctionTool.from_defaults(get_weather)


@case
def plain() -> Any:
    return model.chat([ChatMessage("plain")]).message.content


@case
def streamed() -> Any:
    return "".join(part.delta or "" for part in model.stream_chat([ChatMessage("streamed")]))


@case
def tool_call() -> Any:
    return call_of(model.chat_with_tools([weather], "tool call"))


@case
def forced() -> Any:
    return call_of(model.chat_with_tools([weather], "forced", tool_required=True))


@case
def structured_by_a_tool() -> Any:
    return model.as_structured_llm(Person).chat([ChatMessage("structured by a tool")]).raw.model_dump()


def call_of(answer: Any) -> Any:
    return model.get_tool_calls_from_response(answer)[0].tool_kwargs


run()
