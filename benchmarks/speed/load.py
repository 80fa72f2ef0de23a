"""Load on one URL, by `wrk` if installed, or else by our own generator."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import Request

from benchmarks.speed import generator
from benchmarks.speed.processes import cpu_seconds

MODEL = "gpt-6-luna"
GENERATOR = "wrk" if shutil.which("wrk") else "own"
# Placeholder in a body for a number unique to each request, so that none is a hit.
NUMBER = "{number}"

SCRIPT = """
local body, number = {body}, {start}
wrk.method = "POST"
{headers}
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, (body:gsub("{{number}}", tostring(number))))
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\n{{"p50_ms": %f, "p99_ms": %f, "per_second": %f, "failed": %d}}\\n',
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests / summary.duration * 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Ask:
    url: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    # Process id of the server, the parent of its workers; 0 if not measured.
    process: int = 0

    @property
    def all_headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", **self.headers}

    def request(self) -> Request:
        """Send one request outside any load."""
        return Request(self.url, self.body.encode(), self.all_headers)  # noqa: S310 (our own URL)


@dataclass(frozen=True, slots=True)
class Borne:
    p50_ms: float
    p99_ms: float
    per_second: float
    failed: int
    # CPU time of the server and its workers per request; other load affects it little.
    cpu_ms: float = 0.0


class Failed(RuntimeError):
    """Some responses were errors, so the times mean nothing."""


def put(ask: Ask, *, connections: int, seconds: float, start: int = 0) -> Borne:
    """Keep `connections` busy with `ask` for this long. Bodies are numbered from `start`. Raises Failed."""
    run: Any = _with_wrk if GENERATOR == "wrk" else generator.run
    before = cpu_seconds(ask.process)
    borne = Borne(**run(ask, connections, seconds, start))
    if borne.failed:
        raise Failed(f"{borne.failed} requests to {ask.url} failed")
    spent = cpu_seconds(ask.process) - before
    answers = borne.per_second * seconds
    return replace(borne, cpu_ms=1000 * spent / answers if answers else 0.0)


def _with_wrk(ask: Ask, connections: int, seconds: float, start: int) -> dict[str, float]:
    headers = "\n".join(f"wrk.headers[ {_lua(name)} ] = {_lua(value)}" for name, value in ask.all_headers.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        Path(file.name).write_text(SCRIPT.format(body=_lua(ask.body), headers=headers, start=start))
        options = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", file.name]
        done = subprocess.run(["wrk", *options, ask.url], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _lua(text: str) -> str:
    return f"[==[{text}]==]"
