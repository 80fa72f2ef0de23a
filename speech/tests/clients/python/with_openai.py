from __future__ import annotations

import json
from typing import Any

import openai
from cases import BASE_URL, KEY, MODEL, WEATHER, case, run
from pydantic import BaseModel

client = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)


class Person(BaseModel):
    name: str
    age: int


def ask(text: str, **more: Any) -> Any:
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}], **more)


@case
def plain() -> Any:
    return ask("plain").choices[0].message.content


@case
def streamed() -> Any:
    chunks = list(ask("streamed", stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@case
def tools() -> Any:
    messages: list[Any] = [{"role": "user", "content": "tools"}]
    message = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    call = message.tool_calls[0]
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    return [json.loads(call.function.arguments), answer.choices[0].message.content]


@case
def tools_streamed() -> Any:
    with client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": "tools streamed"}], tools=[WEATHER]
    ) as stream:
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    return json.loads(call.function.arguments)


@case
def forced() -> Any:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    return json.loads(
        ask("forced", tools=[WEATHER], tool_choice=choice).choices[0].message.tool_calls[0].function.arguments
    )


@case
def structured() -> Any:
    messages = [{"role": "user", "content": "structured"}]
    answer = client.chat.completions.parse(model=MODEL, messages=messages, response_format=Person)
    return answer.choices[0].message.parsed.model_dump()


@case
def responses() -> Any:
    return client.responses.create(model=MODEL, input="responses").output_text


@case
def responses_streamed() -> Any:
    with client.responses.stream(model=MODEL, input="responses streamed") as stream:
        return stream.get_final_response().output_text


@case
def responses_structured() -> Any:
    answer = client.responses.parse(model=MODEL, input="responses structured", text_format=Person)
    return answer.output_parsed.model_dump()


@case
def greeting() -> Any:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "system", "content": "Greet the user."}]
    return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content


@case
def aider() -> Any:
    """Its first request: prompt, examples as turns, files, the question, and a reminder as last system message."""
    messages = [
        {"role": "system", "content": "Act as an expert software developer. " + "Rules. " * 1500},
        {"role": "user", "content": "Change get_factorial() to use math.factorial"},
        {
            "role": "assistant",
            "content": "mathweb/flask/app.py\n```python\n<<<<<<< SEARCH\n=======\nimport math\n>>>>>>> REPLACE\n```",
        },
        {"role": "user", "content": "I have *added these files to the chat*\n\napp.py\n```\nprint(1)\n```"},
        {"role": "assistant", "content": "Ok, any changes I propose will be to those files."},
        {"role": "user", "content": "add a docstring"},
        {"role": "system", "content": "# *SEARCH/REPLACE block* Rules:\nEvery block must use this format."},
    ]
    stream = client.chat.completions.create(model=MODEL, messages=messages, temperature=0, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@case
def embeddings() -> Any:
    answer = client.embeddings.create(model="text-embedding-3-small", input=["embeddings", "of two texts"])
    return [len(item.embedding) for item in answer.data]


@case
def models() -> Any:
    return client.models.retrieve("groq/llama-3.3-70b-versatile").id


run()
