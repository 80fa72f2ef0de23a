"""Run scenarios through the WSGI application of the checkout in the working directory, and count what they enter.

Started by `benchmarks.walks` as a program of its own, with scenarios as JSON on stdin and figures as JSON on stdout. It
imports nothing of this checkout, so that the same program measures another one.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from wsgiref.util import setup_testing_defaults

OWN = ("caching/", "speech/", "speechsite/")
# Longer than any thread of a request lives on, so that the next one starts with the same threads.
QUIET_SECONDS = 0.5


class Tracer:
    """Records the code of this project that each thread enters, while it is on."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"
        self._names: dict[CodeType, str] = {}
        self._on = False
        self._background: set[int] = set()
        self._entered: dict[int, list[CodeType]] = {}

    def install(self) -> None:
        """Watch this thread, and every one that is started from now on."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def start(self) -> None:
        """Record from now on, except background threads: those that are inside this project's code already."""
        frames = sys._current_frames()
        self._background = {
            thread for thread, frame in frames.items() if thread != threading.get_ident() and self._has_own(frame)
        }
        self._entered, self._on = {}, True

    def stop(self) -> dict[int, list[tuple[str, str]]]:
        """Return each thread's calls in order, as pairs of file and function."""
        self._on = False
        return {
            thread: [(self._name(code), f"{code.co_qualname}:{code.co_firstlineno}") for code in codes]
            for thread, codes in self._entered.items()
        }

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if self._on and event == "call" and self._name(frame.f_code):
            thread = threading.get_ident()
            if thread not in self._background:
                self._entered.setdefault(thread, []).append(frame.f_code)

    def _name(self, code: CodeType) -> str:
        """The path of a file of this project; "" for any other."""
        name = self._names.get(code)
        if name is None:
            path = code.co_filename.removeprefix(self._root)
            name = self._names[code] = path if path.startswith(OWN) else ""
        return name

    def _has_own(self, frame: FrameType | None) -> bool:
        while frame and not self._name(frame.f_code):
            frame = frame.f_back
        return frame is not None


def figures(entered: list[tuple[str, str]]) -> dict[str, int]:
    files = [file for file, _ in entered]
    hops = sum(one != other for one, other in itertools.pairwise(files))
    return {
        "calls": len(entered),
        "functions": len(set(entered)),
        "files": len(set(files)),
        "hops": hops,
        # Every hop either enters a file for the first time or comes back to it.
        "returns": hops - max(0, len(set(files)) - 1),
    }


def ask(application: Any, key: str, call: dict[str, Any]) -> dict[str, str]:
    """Send one request and read its whole answer. Return its headers."""
    body = json.dumps(call["body"]).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": call["path"],
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    begun: list[Any] = []
    response = application(environ, lambda status, headers, *_: begun.extend((status, headers)))
    content = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    status, headers = begun
    if not status.startswith("200"):
        raise RuntimeError(f"{call} was answered with {status}: {content[:500]!r}")
    return dict(headers)


def walk(application: Any, new_key: Callable[[str], str], tracer: Tracer, scenario: dict[str, Any]) -> dict[str, Any]:
    # A client each: entries of other scenarios would be candidates of a search by meaning.
    key = new_key(scenario["name"])
    for call in scenario["warm_up"]:
        ask(application, key, call)
        time.sleep(QUIET_SECONDS)
    *before, last = scenario["calls"]
    for call in before:
        ask(application, key, call)
    time.sleep(QUIET_SECONDS)
    tracer.start()
    headers = ask(application, key, last)
    threads = tracer.stop()
    ended = headers["X-Cache"], headers.get("X-Cache-Match", "")
    if ended[0] != scenario["cache"] or (scenario["match"] and ended[1] != scenario["match"]):
        raise RuntimeError(f"{scenario['name']} ended as {ended}")
    own = threads.pop(threading.get_ident())
    return {"name": scenario["name"], "request": own, "others": list(threads.values())}


def total(found: dict[str, Any]) -> dict[str, Any]:
    threads = [found["request"], *found["others"]]
    per_thread = [figures(entered) for entered in threads]
    every = figures(list(itertools.chain(*threads)))
    summed = {name: sum(one[name] for one in per_thread) for name in ("calls", "hops")}
    returns = summed["hops"] - sum(max(0, one["files"] - 1) for one in per_thread)
    return {"name": found["name"], **every, **summed, "returns": returns, "threads": per_thread}


def prepared() -> tuple[Any, Callable[[str], str]]:
    """The application, with a database of its own, and a function that creates a client and returns its key."""
    sys.path[0] = str(Path.cwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "speechsite.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from speech.models import Client
    from speechsite.wsgi import application

    return application, lambda name: Client.objects.create_with_key(name)[1]


def main() -> None:
    scenarios = json.load(sys.stdin)
    tracer = Tracer(Path.cwd())
    tracer.install()
    application, new_key = prepared()
    found: Iterator[dict[str, Any]] = (total(walk(application, new_key, tracer, scenario)) for scenario in scenarios)
    json.dump(list(found), sys.stdout)


if __name__ == "__main__":
    main()
