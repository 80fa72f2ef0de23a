from __future__ import annotations

from typing import Any

from cases import BASE_URL, KEY, MODEL, case, run
from langchain.agents import create_agent
from langchain_core.messages import SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

model = ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key=KEY, max_retries=0)
over_responses = ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key=KEY, max_retries=0, use_responses_api=True)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"sunny in {city}"


@case
def plain() -> Any:
    return model.invoke("plain").content


@case
def streamed() -> Any:
    return "".join(chunk.content for chunk in model.stream("streamed"))


@case
def tools() -> Any:
    messages = create_agent(model, [get_weather]).invoke({"messages": [("user", "tools")]})["messages"]
    return [messages[1].tool_calls[0]["args"], messages[-1].text]


@case
def tools_streamed() -> Any:
    whole = None
    for chunk in model.bind_tools([get_weather]).stream("tools streamed"):
        whole = chunk if whole is None else whole + chunk
    return whole.tool_calls[0]["args"]


@case
def forced() -> Any:
    return model.bind_tools([get_weather], tool_choice="get_weather").invoke("forced").tool_calls[0]["args"]


@case
def structured() -> Any:
    return model.with_structured_output(Person, method="json_schema").invoke("structured").model_dump()


@case
def structured_by_a_tool() -> Any:
    return model.with_structured_output(Person, method="function_calling").invoke("structured by a tool").model_dump()


@case
def responses() -> Any:
    return over_responses.invoke("responses").text


@case
def responses_streamed() -> Any:
    return "".join(chunk.text for chunk in over_responses.stream("responses streamed"))


@case
def greeting() -> Any:
    return model.invoke([SystemMessage("Greet the user.")]).content


@case
def embeddings() -> Any:
    embedder = OpenAIEmbeddings(
        model="text-embedding-3-small", base_url=BASE_URL, api_key=KEY, check_embedding_ctx_length=False
    )
    return [len(vector) for vector in embedder.embed_documents(["embeddings", "of two texts"])]


run()
