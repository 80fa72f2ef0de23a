"""LiteLLM's proxy with its Redis cache, in a separate virtual environment because it pins other versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.load import Ask
from benchmarks.speed.processes import wait_until_it_answers
from speechsite.server.private_redis import free_port

HERE = Path(__file__).resolve().parent.parent.parent / "var" / "benchmarks" / "litellm"
PACKAGES = ("litellm[proxy]==1.106.2", "redis==8.1.0")
KEY = "sk-benchmark"
MODEL = "gpt-6-luna"


@dataclass(frozen=True, slots=True)
class Proxy:
    process: subprocess.Popen[bytes]
    url: str

    def ask(self, body: str) -> Ask:
        key = {"Authorization": f"Bearer {KEY}"}
        return Ask(f"{self.url}/v1/chat/completions", body, key, self.process.pid)


def install() -> bool:
    """Create the virtual environment, in about two minutes. Return True if it exists."""
    ready = HERE / "ready"
    if ready.exists() and ready.read_text() == repr(PACKAGES):
        return True
    print("Installing LiteLLM, once …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", HERE], check=True)
    pip = [str(HERE / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if subprocess.run([*pip, *PACKAGES]).returncode:
        return False
    ready.write_text(repr(PACKAGES))
    return True


def start(directory: Path, redis_port: int, provider: str) -> Proxy:
    """One worker, without telemetry and network lookups. YAML is a superset of JSON."""
    model = {"model": f"openai/{MODEL}", "api_base": provider, "api_key": KEY}
    cache = {"type": "redis", "host": "127.0.0.1", "port": redis_port}
    (directory / "config.yaml").write_text(
        json.dumps(
            {
                "model_list": [{"model_name": MODEL, "litellm_params": model}],
                "litellm_settings": {"cache": True, "cache_params": cache},
                "general_settings": {"master_key": KEY},
            }
        )
    )
    port = free_port()
    options = [
        "--config",
        str(directory / "config.yaml"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]
    with (directory / "litellm.log").open("wb") as log:
        process = subprocess.Popen(
            [str(HERE / "bin" / "litellm"), *options],
            env={"PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            stdout=log,
            stderr=log,
        )
    proxy = Proxy(process, f"http://127.0.0.1:{port}")
    message = {"role": "user", "content": "Are you there?"}
    wait_until_it_answers(process, proxy.ask(json.dumps({"model": MODEL, "messages": [message]})).request())
    return proxy
