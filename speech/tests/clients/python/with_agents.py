from __future__ import annotations

from typing import Any

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from cases import BASE_URL, KEY, MODEL, case, run
from openai import AsyncOpenAI
from pydantic import BaseModel

set_tracing_disabled(True)
client = AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
chat = OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
over_responses = OpenAIResponsesModel(model=MODEL, openai_client=client)
called: list[str] = []


class Person(BaseModel):
    name: str
    age: int


@function_tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    called.append(city)
    return f"sunny in {city}"


async def ask(text: str, model: Any, **more: Any) -> Any:
    called.clear()
    result = await Runner.run(Agent(name="agent", model=model, **more), text)
    return result.final_output


async def ask_streamed(text: str, model: Any, **more: Any) -> str:
    result = Runner.run_streamed(Agent(name="agent", model=model, **more), text)
    deltas = [
        event.data.delta
        async for event in result.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    assert "".join(deltas) == result.final_output
    return str(result.final_output)


FORCED = {"tools": [get_weather], "model_settings": ModelSettings(tool_choice="get_weather")}


@case
async def plain() -> Any:
    return await ask("plain", chat, instructions="Be brief.")


@case
async def streamed() -> Any:
    return await ask_streamed("streamed", chat)


@case
async def tools() -> Any:
    answer = await ask("tools", chat, tools=[get_weather])
    return [{"city": called[0]}, answer]


@case
async def forced() -> Any:
    await ask("forced", chat, **FORCED)
    return {"city": called[0]}


@case
async def structured() -> Any:
    return (await ask("structured", chat, output_type=Person)).model_dump()


@case
async def responses() -> Any:
    return await ask("responses", over_responses, instructions="Be brief.")


@case
async def responses_streamed() -> Any:
    return await ask_streamed("responses streamed", over_responses)


@case
async def responses_tools() -> Any:
    answer = await ask("responses tools", over_responses, tools=[get_weather])
    return [{"city": called[0]}, answer]


@case
async def responses_forced() -> Any:
    await ask("responses forced", over_responses, **FORCED)
    return {"city": called[0]}


@case
async def responses_structured() -> Any:
    return (await ask("responses structured", over_responses, output_type=Person)).model_dump()


run()
