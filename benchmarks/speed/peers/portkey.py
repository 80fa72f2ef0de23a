"""Portkey's gateway from npm. Its cache belongs to the paid product, so only calls to a provider are compared."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.speed.load import Ask
from benchmarks.speed.peers import installing
from benchmarks.speed.processes import wait_until_it_answers
from speechsite.server.private_redis import free_port

PACKAGE = "@portkey-ai/gateway@1.15.2"


@dataclass(frozen=True, slots=True)
class Gateway:
    process: subprocess.Popen[bytes]
    url: str
    provider: str

    def ask(self, body: str) -> Ask:
        headers = {
            "Authorization": "Bearer sk-benchmark",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": self.provider,
        }
        return Ask(f"{self.url}/v1/chat/completions", body, headers, self.process.pid)


def install() -> bool:
    return installing.once("portkey", PACKAGE, _install)


def _install(here: Path) -> None:
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise FileNotFoundError(f"there is no {program}")
    (here / "package.json").write_text('{"private": true}')
    quiet = ["--no-audit", "--no-fund", "--silent", "--omit=dev", "--ignore-scripts"]
    subprocess.run(["npm", "install", *quiet, "--prefix", here, PACKAGE], check=True)


def start(directory: Path, provider: str, question: str) -> Gateway:
    """Wait until `question`, the body of a call, is answered."""
    port = free_port()
    program = installing.folder("portkey") / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    # It asks no other host than those that it trusts.
    own = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "TRUSTED_CUSTOM_HOSTS": str(urlsplit(provider).hostname),
    }
    with (directory / "portkey.log").open("wb") as log:
        process = subprocess.Popen(["node", program, f"--port={port}", "--headless"], env=own, stdout=log, stderr=log)
    gateway = Gateway(process, f"http://127.0.0.1:{port}", provider)
    wait_until_it_answers(process, gateway.ask(question).request())
    return gateway
