"""LiteLLM's proxy with its Redis cache."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.load import MODEL, Ask
from benchmarks.speed.peers import installing
from benchmarks.speed.processes import wait_until_it_answers
from speechsite.server.private_redis import free_port

VERSION = "1.110.2"
PACKAGES = (f"litellm=={VERSION}", "redis==8.1.0")
# Its extra `proxy` lists optional `litellm-*` packages, which a proxy without a database does not need.
OPTIONAL = "litellm-"
# It refuses to start with a short one.
KEY = "sk-benchmark-4f1d0c8e7a6b59324e8d7c6b5a493827"

EXTRA = """
from importlib.metadata import requires
from pip._vendor.packaging.requirements import Requirement
for each in map(Requirement, requires("litellm")):
    if each.marker and each.marker.evaluate({"extra": "proxy"}) and not each.marker.evaluate({"extra": ""}):
        print(f"{each.name}{'[' + ','.join(each.extras) + ']' if each.extras else ''}{each.specifier}")
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    process: subprocess.Popen[bytes]
    url: str

    def ask(self, body: str) -> Ask:
        key = {"Authorization": f"Bearer {KEY}"}
        return Ask(f"{self.url}/v1/chat/completions", body, key, self.process.pid)


def install() -> bool:
    return installing.once("litellm", PACKAGES, _install)


def _install(here: Path) -> None:
    """Take minutes: what its metadata lists for the extra is installed without the extra itself."""
    installing.virtual_environment(here)
    installing.pip_install(here, *PACKAGES)
    listed = subprocess.run([here / "bin" / "python", "-c", EXTRA], capture_output=True, text=True, check=True)
    extra = [line for line in listed.stdout.splitlines() if not line.startswith(OPTIONAL)]
    installing.pip_install(here, *PACKAGES, *extra)


def start(directory: Path, redis_port: int, provider: str, *, rust: bool = False) -> Proxy:
    """One worker, without telemetry and network lookups. YAML is a superset of JSON."""
    model = {"model": f"openai/{MODEL}", "api_base": provider, "api_key": KEY}
    cache = {"type": "redis", "host": "127.0.0.1", "port": redis_port, "namespace": "rust" if rust else "python"}
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
    listen = ["--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    own = {"PATH": os.environ["PATH"], "HOME": str(directory), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (directory / "litellm.log").open("wb") as log:
        process = subprocess.Popen(
            [installing.folder("litellm") / "bin" / "litellm", "--config", directory / "config.yaml", *listen],
            env=own | ({"LITELLM_RUST": "1"} if rust else {}),
            stdout=log,
            stderr=log,
        )
    proxy = Proxy(process, f"http://127.0.0.1:{port}")
    message = {"role": "user", "content": "Are you there?"}
    wait_until_it_answers(process, proxy.ask(json.dumps({"model": MODEL, "messages": [message]})).request())
    return proxy
