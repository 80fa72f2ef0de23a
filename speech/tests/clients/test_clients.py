"""Client libraries against the real server: each case twice, the second time from the cache.

Each runs in its own interpreter, because they cannot be installed beside each other. `make clients` installs them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from speech.tests.clients.provider import TEXT, ToolingOpenAI
from speechsite.tests.support.server import Server

HERE = Path(__file__).parent
SECONDS = 240
PYTHON = {
    "openai3": ("openai", "langchain", "agents", "pydantic_ai", "litellm"),
    "openai2": ("instructor", "llama_index"),
}
NODE = ("openai", "vercel")

TOOL_CALL, SAMPLE = {"city": "Oslo"}, {"name": "Oslo", "age": 7}
# By the name of a case, without the API that it goes over.
RIGHT: dict[str, Any] = {
    **dict.fromkeys(("", "plain", "streamed", "greeting", "aider"), TEXT),
    **dict.fromkeys(("tool_call", "tools_streamed", "forced"), TOOL_CALL),
    **dict.fromkeys(("structured", "structured_streamed", "structured_by_a_tool"), SAMPLE),
    "tools": [TOOL_CALL, TEXT],
    "embeddings": [8, 8],
    "models": "groq/llama-3.3-70b-versatile",
    "upload": "I am 32044 bytes long.",
}


def command(kind: str, client: str) -> list[str]:
    """Return the command that runs the cases of `client`, or nothing if it is not installed."""
    if kind == "node":
        program, installed = shutil.which("node"), (HERE / "node/node_modules").is_dir()
        script = HERE / f"node/with_{client}.mjs"
    else:
        environment = settings.BASE_DIR / ".venv" / f"clients-{kind}"
        program, installed = str(environment / "bin/python"), (environment / "installed").exists()
        script = HERE / f"python/with_{client}.py"
    return [program, str(script)] if program and installed else []


def case(kind: str, client: str) -> Any:
    """Return the parameters of a test, skipped by a mark: the gateway would start before a test skips itself."""
    missing = pytest.mark.skipif(not command(kind, client), reason=f"{client} ({kind}) is not installed: make clients")
    return pytest.param(kind, client, marks=missing)


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize(
    ("kind", "client"),
    [case(kind, client) for kind, clients in [*PYTHON.items(), ("node", NODE)] for client in clients],
)
def test_it_works_and_the_second_time_it_is_a_hit(
    gateway: Server, provider: ToolingOpenAI, kind: str, client: str
) -> None:
    run = [*command(kind, client), f"{gateway.url}/v1", gateway.key]
    done = subprocess.run(run, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results = json.loads(done.stdout.strip().splitlines()[-1])
    expected = {name: [RIGHT[_without_api(name)]] * 2 for name in results}
    assert results == expected, done.stderr[-4000:]
    calls = Counter(json.dumps([seen.path, seen.body], sort_keys=True, default=len) for seen in provider.requests)
    assert calls and [call for call, times in calls.items() if times > 1] == []


def _without_api(name: str) -> str:
    return name.removeprefix("chat_").removeprefix("responses").removeprefix("_")
