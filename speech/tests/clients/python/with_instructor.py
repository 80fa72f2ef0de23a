from __future__ import annotations

from typing import Any

import instructor
import openai
from cases import BASE_URL, KEY, MODEL, case, run
from pydantic import BaseModel

client = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)


class Person(BaseModel):
    name: str
    age: int


def extract(text: str, mode: Any) -> Any:
    person = instructor.from_openai(client, mode=mode).create(
        model=MODEL, messages=[{"role": "user", "content": text}], response_model=Person, max_retries=0
    )
    return person.model_dump()


@case
def structured_by_a_tool() -> Any:
    return extract("structured by a tool", instructor.Mode.TOOLS)


@case
def structured() -> Any:
    return extract("structured", instructor.Mode.JSON_SCHEMA)


@case
def structured_streamed() -> Any:
    parts = instructor.from_openai(client).create_partial(
        model=MODEL, messages=[{"role": "user", "content": "structured streamed"}], response_model=Person
    )
    return list(parts)[-1].model_dump()


run()
