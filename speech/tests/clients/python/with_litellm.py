from __future__ import annotations

import json
import os
from typing import Any

# Else its table of models is fetched when it is imported.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from cases import BASE_URL, KEY, MODEL, WEATHER, case, run
from pydantic import BaseModel

litellm.telemetry = False


class Person(BaseModel):
    name: str
    age: int


def ask(text: str, **more: Any) -> Any:
    messages = more.pop("messages", [{"role": "user", "content": text}])
    return litellm.completion(
        model=f"openai/{MODEL}", messages=messages, api_base=BASE_URL, api_key=KEY, num_retries=0, **more
    )


@case
def plain() -> Any:
    return ask("plain").choices[0].message.content


@case
def streamed() -> Any:
    return "".join(chunk.choices[0].delta.content or "" for chunk in ask("streamed", stream=True))


@case
def tools() -> Any:
    messages: list[Any] = [{"role": "user", "content": "tools"}]
    message = ask("", messages=messages, tools=[WEATHER]).choices[0].message
    call = message.tool_calls[0]
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    answer = ask("", messages=messages, tools=[WEATHER])
    return [json.loads(call.function.arguments), answer.choices[0].message.content]


@case
def forced() -> Any:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    answer = ask("forced", tools=[WEATHER], tool_choice=choice)
    return json.loads(answer.choices[0].message.tool_calls[0].function.arguments)


@case
def structured() -> Any:
    return json.loads(ask("structured", response_format=Person).choices[0].message.content)


@case
def responses() -> Any:
    answer = litellm.responses(model=f"openai/{MODEL}", input="responses", api_base=BASE_URL, api_key=KEY)
    return answer.output[0].content[0].text


@case
def embeddings() -> Any:
    answer = litellm.embedding(
        model="openai/text-embedding-3-small", input=["embeddings", "of two texts"], api_base=BASE_URL, api_key=KEY
    )
    return [len(item["embedding"]) for item in answer.data]


run()
