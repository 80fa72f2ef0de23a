from __future__ import annotations

from typing import Any

from cases import BASE_URL, KEY, MODEL, case, run
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0))
chat = OpenAIChatModel(MODEL, provider=provider)
over_responses = OpenAIResponsesModel(MODEL, provider=provider)
called: list[str] = []


class Person(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """Weather of a city."""
    called.append(city)
    return f"sunny in {city}"


async def ask(text: str | None, model: Any, **more: Any) -> Any:
    called.clear()
    return (await Agent(model, **more).run(text)).output


async def ask_streamed(text: str, model: Any, **more: Any) -> Any:
    async with Agent(model, **more).run_stream(text) as result:
        return await result.get_output()


@case
async def plain() -> Any:
    return await ask("plain", chat)


@case
async def streamed() -> Any:
    return await ask_streamed("streamed", chat)


@case
async def tools() -> Any:
    answer = await ask("tools", chat, tools=[get_weather])
    return [{"city": called[0]}, answer]


@case
async def structured_by_a_tool() -> Any:
    return (await ask("structured by a tool", chat, output_type=ToolOutput(Person))).model_dump()


@case
async def structured() -> Any:
    return (await ask("structured", chat, output_type=NativeOutput(Person))).model_dump()


@case
async def greeting() -> Any:
    return await ask(None, chat, instructions="Greet the user.")


@case
async def responses() -> Any:
    return await ask("responses", over_responses)


@case
async def responses_streamed() -> Any:
    return await ask_streamed("responses streamed", over_responses)


@case
async def responses_tools() -> Any:
    answer = await ask("responses tools", over_responses, tools=[get_weather])
    return [{"city": called[0]}, answer]


@case
async def responses_structured() -> Any:
    return (await ask("responses structured", over_responses, output_type=NativeOutput(Person))).model_dump()


run()
